//! The log of changes.

pub mod list;
