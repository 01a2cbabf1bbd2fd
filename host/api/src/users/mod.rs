//! An environment's users, as they were identified.

pub mod get;
pub mod list;
pub mod response;
