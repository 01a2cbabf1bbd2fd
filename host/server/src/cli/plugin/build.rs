//! `inlet plugin build`: from an author's directory to one file.

use std::{fs, path::PathBuf};

use anyhow::Context as _;

use super::{file, publisher};

/// What it takes.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The plugin's directory, with its plugin.toml
    #[arg(value_name = "DIR", default_value = ".")]
    directory: PathBuf,
    /// Sign it with the key of this file; `inlet plugin keygen` makes one
    #[arg(long, value_name = "KEYFILE")]
    sign: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let directory = &arguments.directory;
    let toml = directory.join("plugin.toml");
    let plugin_toml = fs::read_to_string(&toml)
        .with_context(|| format!("cannot read {}; a plugin's directory has a plugin.toml", toml.display()))?;
    // Before the build, which takes long, and a wrong manifest is quickly said.
    let key = inlet_pack::manifest_from_toml(&plugin_toml)?.key;
    let core = inlet_pack::core_module(directory)?;
    let core = fs::read(&core).with_context(|| format!("cannot read {}", core.display()))?;
    let mut wasm = inlet_pack::pack(&core, &plugin_toml)?;
    publisher::sign(&mut wasm, arguments.sign.as_deref())?;
    let name = key.rsplit('/').next().unwrap_or(&key);
    let out = directory.join(format!("{name}.wasm"));
    fs::write(&out, &wasm).with_context(|| format!("cannot write {}", out.display()))?;
    let plugin = file::load(&out)?;
    println!("{}: {key} {}, {} bytes", out.display(), plugin.manifest().version, wasm.len());
    Ok(())
}
