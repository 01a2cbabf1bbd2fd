//! The state of the server.

pub mod get;
