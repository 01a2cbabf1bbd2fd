//! `inlet-pack bundle --out DIR PLUGIN_DIR…`: builds plugins from source and packs them.
//!
//! It is a separate program and not a build script of the server, so that bundled plugins are built by the same code
//! that authors use.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};

const USAGE: &str = "usage: inlet-pack bundle --out DIR PLUGIN_DIR...

Builds each plugin for wasm32-unknown-unknown, makes a component of it, adds the manifest of its plugin.toml,
and writes DIR/<key>.wasm if it is not there already.";

fn main() -> ExitCode {
    match run(std::env::args().skip(1)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("inlet-pack: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: impl Iterator<Item = String>) -> Result<()> {
    let (out, plugins) = parse(arguments)?;
    fs::create_dir_all(&out).with_context(|| format!("cannot make {}", out.display()))?;
    plugins
        .iter()
        .try_for_each(|plugin| bundle(plugin, &out).with_context(|| format!("cannot bundle {}", plugin.display())))
}

/// Returns the output directory and the plugins' directories.
fn parse(mut arguments: impl Iterator<Item = String>) -> Result<(PathBuf, Vec<PathBuf>)> {
    if arguments.next().as_deref() != Some("bundle") {
        bail!("{USAGE}");
    }
    let (mut out, mut plugins) = (None, Vec::new());
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--out" => out = arguments.next().map(PathBuf::from),
            option if option.starts_with('-') => bail!("unknown option {option}\n{USAGE}"),
            plugin => plugins.push(PathBuf::from(plugin)),
        }
    }
    match out {
        Some(out) if !plugins.is_empty() => Ok((out, plugins)),
        _ => bail!("{USAGE}"),
    }
}

fn bundle(directory: &Path, out: &Path) -> Result<()> {
    let plugin_toml = fs::read_to_string(directory.join("plugin.toml")).context("cannot read plugin.toml")?;
    // The manifest is checked before the build, which takes long.
    let manifest = inlet_pack::manifest_from_toml(&plugin_toml)?;
    if let Some(warning) = manifest.warning() {
        eprintln!("warning: {warning}");
    }
    let key = manifest.key;
    let core = inlet_pack::core_module(directory)?;
    let core = fs::read(&core).with_context(|| format!("cannot read {}", core.display()))?;
    let plugin = inlet_pack::pack(&core, &plugin_toml)?;
    // A valid key is one or two plain words, so the file stays inside `out`.
    let file = out.join(format!("{}.wasm", key.replace('/', "__")));
    let state = if write(&file, &plugin)? { "written" } else { "unchanged" };
    println!("{key}: {} ({} bytes, {state})", file.display(), plugin.len());
    Ok(())
}

/// Writes a file atomically. A file with the same content is left alone, so that its dependents are not rebuilt.
fn write(file: &Path, content: &[u8]) -> Result<bool> {
    if fs::read(file).is_ok_and(|present| present == content) {
        return Ok(false);
    }
    // In the same directory, so that the rename is atomic. The process id keeps concurrent calls apart.
    let temporary = file.with_extension(format!("wasm.{}", std::process::id()));
    fs::write(&temporary, content)
        .and_then(|()| fs::rename(&temporary, file))
        .with_context(|| format!("cannot write {}", file.display()))?;
    Ok(true)
}
