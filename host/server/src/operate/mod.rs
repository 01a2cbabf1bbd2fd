//! What keeps a server running: listeners, health, retention, tokens, the demo.

pub mod demo;
pub mod health;
pub mod last_used;
pub mod listen;
pub mod management_token;
pub mod plugin_watch;
pub mod retention;
pub mod routes;
pub mod upkeep;
pub mod writer_metrics;
