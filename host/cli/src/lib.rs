//! `inlet` as a client of a running server, and as the plugin author's tool.
//!
//! [`plugin`], [`user`] and [`logs`] hold the commands; `client` calls a server's API.

mod client;
mod error_sentence;
pub mod logs;
pub mod plugin;
pub mod secret_file;
pub mod user;

pub use error_sentence::error_sentence;

/// The data directory unless `--data-dir` names another.
pub const DEFAULT_DATA_DIR: &str = "inlet-data";
