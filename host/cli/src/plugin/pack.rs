//! `inlet plugin pack`: combines a built module or component and a plugin.toml into a plugin.

use std::{fs, path::PathBuf};

use anyhow::Context as _;
use serde_json::json;

use super::{
    plugin_file, publisher_key,
    sandbox::{Instructions, sandbox},
};
use crate::output::OutputArguments;

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
    #[command(flatten)]
    output: OutputArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let plugin_toml = fs::read_to_string(&arguments.manifest)
        .with_context(|| format!("cannot read {}; name it with --manifest", arguments.manifest.display()))?;
    let wasm = plugin_file::read(&arguments.file)?;
    let mut plugin = inlet_pack::pack_any(wasm, &plugin_toml)?;
    publisher_key::sign(&mut plugin, arguments.sign.as_deref())?;
    // A plugin that does not load is not written.
    let loaded =
        sandbox(Instructions::Uncounted)?.load(&plugin).with_context(|| arguments.file.display().to_string())?;
    fs::write(&arguments.out, &plugin).with_context(|| format!("cannot write {}", arguments.out.display()))?;
    let (file, bytes) = (arguments.out.display().to_string(), plugin.len());
    let (key, version) = (&loaded.manifest().key, &loaded.manifest().version);
    let result = json!({ "file": file, "key": key, "version": version, "bytes": bytes });
    arguments.output.print(&result, &format!("{file}: {key} {version}, {bytes} bytes"))
}
