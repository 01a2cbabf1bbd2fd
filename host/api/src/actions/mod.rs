//! The actions of all events of an environment.

pub mod list;
