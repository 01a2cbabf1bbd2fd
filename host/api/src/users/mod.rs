//! Users of an environment.

pub mod delete;
pub mod export;
pub mod forget;
pub mod get;
pub mod list;
pub mod put;
pub mod response;
