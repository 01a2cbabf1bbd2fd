//! `inlet plugin build`: builds a plugin's directory into one file.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, ensure};
use serde_json::json;

use super::{embedded_plugins::DECLARATIVE, plugin_file, publisher_key};
use crate::output::OutputArguments;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The plugin's directory, with its plugin.toml
    #[arg(value_name = "DIR", default_value = ".")]
    directory: PathBuf,
    /// Sign it with the key of this file; `inlet plugin keygen` makes one
    #[arg(long, value_name = "KEYFILE")]
    sign: Option<PathBuf>,
    #[command(flatten)]
    output: OutputArguments,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let directory = &arguments.directory;
    let toml = directory.join("plugin.toml");
    let plugin_toml = fs::read_to_string(&toml)
        .with_context(|| format!("cannot read {}; a plugin's directory has a plugin.toml", toml.display()))?;
    // Checked first: the build takes long, and an invalid manifest would fail it at the end.
    let manifest = inlet_pack::manifest_from_toml(&plugin_toml)?;
    if let Some(warning) = manifest.warning() {
        eprintln!("warning: {warning}");
    }
    let key = &manifest.key;
    let name = key.rsplit('/').next().unwrap_or(key);
    let out = directory.join(format!("{name}.wasm"));
    // Rust is built here. Projects in other languages bring a build script, which their authors can change.
    let script: Option<[&str; 2]> = if directory.join("build.sh").is_file() && !directory.join("Cargo.toml").is_file() {
        Some(["sh", "build.sh"])
    } else {
        directory.join("build.mjs").is_file().then_some(["node", "build.mjs"])
    };
    let has_code = script.is_some() || directory.join("Cargo.toml").is_file();
    let mut wasm = match script {
        Some(script) => run_script(directory, &script, &out)?,
        None if manifest.has_rules() && !has_code => inlet_pack::pack_rules(DECLARATIVE, &plugin_toml)?,
        None => {
            let core = inlet_pack::core_module(directory)?;
            let core = fs::read(&core).with_context(|| format!("cannot read {}", core.display()))?;
            inlet_pack::pack(&core, &plugin_toml)?
        }
    };
    publisher_key::sign(&mut wasm, arguments.sign.as_deref())?;
    fs::write(&out, &wasm).with_context(|| format!("cannot write {}", out.display()))?;
    let plugin = plugin_file::load(&out)?;
    let (file, version, bytes) = (out.display().to_string(), &plugin.manifest().version, wasm.len());
    let result = json!({ "file": file, "key": key, "version": version, "bytes": bytes });
    arguments.output.print(&result, &format!("{file}: {key} {version}, {bytes} bytes"))
}

/// Runs the project's build script, which packs the plugin with this program, and reads the file it wrote.
fn run_script(directory: &Path, command: &[&str], out: &Path) -> anyhow::Result<Vec<u8>> {
    // A file left by an earlier build would hide that this one wrote none.
    if out.exists() {
        fs::remove_file(out).with_context(|| format!("cannot remove {}", out.display()))?;
    }
    let inlet = env::current_exe().context("cannot find this program")?;
    let status = Command::new(command[0])
        .args(&command[1..])
        .current_dir(directory)
        .env("INLET", inlet)
        // What the script says is no data.
        .stdout(std::io::stderr())
        .status()
        .with_context(|| format!("cannot run {}", command.join(" ")))?;
    ensure!(status.success(), "{} failed; see its words above", command.join(" "));
    ensure!(out.is_file(), "{} left no {}; let it pack into that file", command.join(" "), out.display());
    plugin_file::read(out)
}
