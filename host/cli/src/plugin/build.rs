//! `inlet plugin build`: from an author's directory to one file.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, ensure};

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
    let name = key.rsplit('/').next().unwrap_or(&key);
    let out = directory.join(format!("{name}.wasm"));
    // Rust is built here. What other languages need is in the project, for its author to see and change.
    let script: Option<[&str; 2]> = if directory.join("build.sh").is_file() && !directory.join("Cargo.toml").is_file() {
        Some(["sh", "build.sh"])
    } else {
        directory.join("build.mjs").is_file().then_some(["node", "build.mjs"])
    };
    let mut wasm = match script {
        Some(script) => run_script(directory, &script, &out)?,
        None => {
            let core = inlet_pack::core_module(directory)?;
            let core = fs::read(&core).with_context(|| format!("cannot read {}", core.display()))?;
            inlet_pack::pack(&core, &plugin_toml)?
        }
    };
    publisher::sign(&mut wasm, arguments.sign.as_deref())?;
    fs::write(&out, &wasm).with_context(|| format!("cannot write {}", out.display()))?;
    let plugin = file::load(&out)?;
    println!("{}: {key} {}, {} bytes", out.display(), plugin.manifest().version, wasm.len());
    Ok(())
}

/// Runs the project's own script, which packs with this very program, and reads what it made.
fn run_script(directory: &Path, command: &[&str], out: &Path) -> anyhow::Result<Vec<u8>> {
    // What an earlier build left is no sign of this one's success.
    if out.exists() {
        fs::remove_file(out).with_context(|| format!("cannot remove {}", out.display()))?;
    }
    let inlet = env::current_exe().context("cannot find this program")?;
    let status = Command::new(command[0])
        .args(&command[1..])
        .current_dir(directory)
        .env("INLET", inlet)
        .status()
        .with_context(|| format!("cannot run {}", command.join(" ")))?;
    ensure!(status.success(), "{} failed; see its words above", command.join(" "));
    ensure!(out.is_file(), "{} left no {}; let it pack into that file", command.join(" "), out.display());
    file::read(out)
}
