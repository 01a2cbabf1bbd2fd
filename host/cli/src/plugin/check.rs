//! `inlet plugin check`: loads a plugin, with all checks of the server.

use std::path::PathBuf;

use super::plugin_file;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The plugin
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let plugin = plugin_file::load(&arguments.file)?;
    let manifest = plugin.manifest();
    println!("{} {} is a plugin that Inlet loads (contract {}).", manifest.key, manifest.version, manifest.contract);
    println!("{}", plugin.digest());
    Ok(())
}
