//! Requests whose URL leads to no endpoint.

pub mod dismiss;
pub mod list;
