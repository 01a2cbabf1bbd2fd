//! The servers that share the database.

pub mod list;
