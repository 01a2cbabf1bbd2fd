//! `inlet plugin pack`: a module or component that something else built, and a plugin.toml.

use std::{fs, path::PathBuf};

use anyhow::Context as _;

use super::{file, publisher};

/// What it takes.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// A core module with the types that wit-bindgen leaves in it, or a component
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The manifest
    #[arg(long, value_name = "FILE", default_value = "plugin.toml")]
    manifest: PathBuf,
    /// Where the plugin is written
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,
    /// Sign it with the key of this file; `inlet plugin keygen` makes one
    #[arg(long, value_name = "KEYFILE")]
    sign: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let plugin_toml = fs::read_to_string(&arguments.manifest)
        .with_context(|| format!("cannot read {}; name it with --manifest", arguments.manifest.display()))?;
    let wasm = file::read(&arguments.file)?;
    let mut plugin = inlet_pack::pack_any(wasm, &plugin_toml)?;
    publisher::sign(&mut plugin, arguments.sign.as_deref())?;
    // Loaded before it is written: what cannot be loaded is no plugin.
    let loaded = file::sandbox(false)?.load(&plugin).with_context(|| arguments.file.display().to_string())?;
    fs::write(&arguments.out, &plugin).with_context(|| format!("cannot write {}", arguments.out.display()))?;
    println!(
        "{}: {} {}, {} bytes",
        arguments.out.display(),
        loaded.manifest().key,
        loaded.manifest().version,
        plugin.len()
    );
    Ok(())
}
