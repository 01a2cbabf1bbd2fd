//! The settings that `inlet serve` takes as flags.

use std::path::PathBuf;

use serde::Serialize;

use super::{ListenAddress, LogFormat};

/// Flags that override the `INLET_…` variable and the key of `inlet.toml` of the same name.
#[derive(Debug, Default, Serialize, clap::Args)]
pub struct Flags {
    /// Where webhooks are received [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listen: Option<ListenAddress>,
    /// The address of everything but webhooks and health [default: the same as --listen]
    #[arg(long, value_name = "ADDR")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admin_listen: Option<ListenAddress>,
    /// Where everything is kept [default: inlet-data]
    #[arg(long, value_name = "DIR")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_dir: Option<PathBuf>,
    /// A PostgreSQL database instead of a file, for several servers; INLET_DATABASE_URL hides its password from other users
    #[arg(long, value_name = "URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database_url: Option<String>,
    /// The name of this server among those of the database [default: the machine's]
    #[arg(long, value_name = "NAME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_name: Option<String>,
    /// Further plugins: every .wasm file of this directory is loaded at start
    #[arg(long, value_name = "DIR")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plugins_dir: Option<PathBuf>,
    /// How senders reach this server, for example https://hooks.example.com
    #[arg(long, value_name = "URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_url: Option<String>,
    /// The file of the key that secrets are sealed with, unless INLET_MASTER_KEY holds it [default: <data-dir>/master-key]
    #[arg(long, value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub master_key_file: Option<PathBuf>,
    /// Create two example sources in `development` and print how to use them
    #[arg(long)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub demo: bool,
    /// How the server's own log is written [default: text]
    #[arg(long, value_name = "FORMAT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_format: Option<LogFormat>,
}
