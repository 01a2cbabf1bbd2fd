//! Background jobs.

pub mod last_used;
pub mod plugin_watch;
pub mod retention;
pub mod upkeep;
