//! `inlet` as a client of a running server, and as the plugin author's tool.
//!
//! Each command has a file, and each noun a folder of them; `client` calls a server's API, `output` prints.

pub mod backup;
mod change;
mod client;
mod command;
pub mod completion;
mod configuration;
mod delivery;
mod enum_word;
mod environment;
mod error_sentence;
mod event;
pub mod exit_code;
mod filter;
mod issue;
mod key;
mod listen;
mod logs;
mod mapping;
mod mcp;
mod open;
mod output;
mod plugin;
mod profile;
mod refused;
mod route_commands;
pub mod secret_file;
mod settings_arguments;
mod source;
mod status;
mod system;
mod tail;
mod target;
mod token;
mod trigger;
mod user;
mod variable;
mod why;
mod workflow;
mod workflow_run;

pub use command::{Command, run};
pub use error_sentence::error_sentence;
pub use output::{byte_bar, spinner};
pub use plugin::embedded_plugins::CATALOG;

/// The data directory unless `--data-dir` names another.
pub const DEFAULT_DATA_DIR: &str = "inlet-data";
