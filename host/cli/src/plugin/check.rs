//! `inlet plugin check`: everything that the server checks at load.

use std::path::PathBuf;

use super::file;

/// What it takes.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The plugin
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let plugin = file::load(&arguments.file)?;
    let manifest = plugin.manifest();
    println!("{} {} is a plugin that Inlet loads (contract {}).", manifest.key, manifest.version, manifest.contract);
    println!("{}", plugin.digest());
    Ok(())
}
