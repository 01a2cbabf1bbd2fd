//! `inlet` as a client of a running server, and as the plugin author's tool.
//!
//! [`plugin`] holds the commands, `client` talks to a server's management API.

mod client;
pub mod plugin;
pub mod token_file;

/// The data directory unless another is named.
pub const DEFAULT_DATA_DIR: &str = "inlet-data";
