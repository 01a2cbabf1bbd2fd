//! `inlet plugin check`: loads a plugin, with all checks of the server.

use std::path::PathBuf;

use serde_json::json;

use super::plugin_file;
use crate::output::OutputArguments;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The plugin
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    output: OutputArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let plugin = plugin_file::load(&arguments.file)?;
    let manifest = plugin.manifest();
    let (key, version, contract, digest) = (&manifest.key, &manifest.version, &manifest.contract, plugin.digest());
    let result = json!({ "key": key, "version": version, "contract": contract, "digest": digest });
    let lines = format!("{key} {version} is a plugin that Inlet loads (contract {contract}).\n{digest}");
    arguments.output.print(&result, &lines)
}
