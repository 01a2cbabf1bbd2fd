//! Users of an environment.

pub mod get;
pub mod list;
pub mod response;
