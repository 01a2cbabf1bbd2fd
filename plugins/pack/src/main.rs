//! `inlet-pack bundle --out DIR PLUGIN_DIR…`: builds plugins from source and packs them.
//!
//! `inlet-pack component --out FILE DIR` builds a component without a manifest: the one that plugins without code are
//! made of.
//!
//! `inlet-pack catalog --out FILE PLUGIN…`: packs built plugins into one archive, the catalogue that ships with the server.
//!
//! It is a separate program and not a build script of the server, so that bundled plugins are built by the same code
//! that authors use.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};

const USAGE: &str = "usage: inlet-pack bundle --out DIR [--declarative FILE] PLUGIN_DIR...
       inlet-pack component --out FILE DIR
       inlet-pack catalog --out FILE PLUGIN...

bundle: Builds each plugin for wasm32-unknown-unknown, makes a component of it, adds the manifest of its plugin.toml,
and writes DIR/<key>.wasm if it is not there already. A plugin.toml with [rules] needs no build: its rules are
written behind the component FILE.

component: Builds a component without a manifest, such as the declarative one, and writes it if it is not there
already.

catalog: Writes an archive of built plugins, each a .wasm file that `bundle` wrote, if it is not there already.";

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
    match parse(arguments)? {
        Command::Bundle { out, declarative, plugins } => {
            fs::create_dir_all(&out).with_context(|| format!("cannot make {}", out.display()))?;
            plugins.iter().try_for_each(|plugin| {
                bundle(plugin, &out, declarative.as_deref())
                    .with_context(|| format!("cannot bundle {}", plugin.display()))
            })
        }
        Command::Component { out, directory } => {
            component(&directory, &out).with_context(|| format!("cannot build {}", directory.display()))
        }
        Command::Catalog { out, plugins } => {
            catalog(&plugins, &out).with_context(|| format!("cannot make {}", out.display()))
        }
    }
}

enum Command {
    Bundle { out: PathBuf, declarative: Option<PathBuf>, plugins: Vec<PathBuf> },
    Component { out: PathBuf, directory: PathBuf },
    Catalog { out: PathBuf, plugins: Vec<PathBuf> },
}

fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Command> {
    let command = arguments.next().unwrap_or_default();
    let (mut out, mut declarative, mut directories) = (None, None, Vec::new());
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--out" => out = arguments.next().map(PathBuf::from),
            "--declarative" if command == "bundle" => declarative = arguments.next().map(PathBuf::from),
            option if option.starts_with('-') => bail!("unknown option {option}\n{USAGE}"),
            directory => directories.push(PathBuf::from(directory)),
        }
    }
    match (command.as_str(), out, &mut directories[..]) {
        ("bundle", Some(out), [_, ..]) => Ok(Command::Bundle { out, declarative, plugins: directories }),
        ("component", Some(out), [directory]) => Ok(Command::Component { out, directory: std::mem::take(directory) }),
        ("catalog", Some(out), [_, ..]) => Ok(Command::Catalog { out, plugins: directories }),
        _ => bail!("{USAGE}"),
    }
}

fn bundle(directory: &Path, out: &Path, declarative: Option<&Path>) -> Result<()> {
    let plugin_toml = fs::read_to_string(directory.join("plugin.toml")).context("cannot read plugin.toml")?;
    // The manifest is checked before the build, which takes long.
    let manifest = inlet_pack::manifest_from_toml(&plugin_toml)?;
    if let Some(warning) = manifest.warning() {
        eprintln!("warning: {warning}");
    }
    let key = &manifest.key;
    let plugin = if manifest.has_rules() && !directory.join("Cargo.toml").exists() {
        let file =
            declarative.context("its plugin.toml has [rules]; name the declarative component with --declarative")?;
        let declarative = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        inlet_pack::pack_rules(&declarative, &plugin_toml)?
    } else {
        inlet_pack::pack(&built(directory)?, &plugin_toml)?
    };
    // A valid key is one or two plain words, so the file stays inside `out`.
    let file = out.join(format!("{}.wasm", key.replace('/', "__")));
    let state = if write(&file, &plugin)? { "written" } else { "unchanged" };
    println!("{key}: {} ({} bytes, {state})", file.display(), plugin.len());
    Ok(())
}

fn component(directory: &Path, out: &Path) -> Result<()> {
    write_announced(out, &inlet_pack::componentize(&built(directory)?)?)
}

fn catalog(plugins: &[PathBuf], out: &Path) -> Result<()> {
    let read = |file: &PathBuf| {
        let content = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        Ok((file.display().to_string(), content))
    };
    let plugins: Vec<(String, Vec<u8>)> = plugins.iter().map(read).collect::<Result<_>>()?;
    write_announced(out, &inlet_pack::catalog(&plugins)?)
}

/// Writes a file, with its directory, and prints its name and its size.
fn write_announced(out: &Path, content: &[u8]) -> Result<()> {
    if let Some(parent) = out.parent() {
        fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
    }
    let state = if write(out, content)? { "written" } else { "unchanged" };
    println!("{} ({} bytes, {state})", out.display(), content.len());
    Ok(())
}

/// Builds the module of a plugin's directory.
fn built(directory: &Path) -> Result<Vec<u8>> {
    let core = inlet_pack::core_module(directory)?;
    fs::read(&core).with_context(|| format!("cannot read {}", core.display()))
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
