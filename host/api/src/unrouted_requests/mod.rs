//! Requests whose URL leads to no endpoint.

pub mod list;
