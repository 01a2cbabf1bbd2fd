//! The cargo call that makes a plugin's core module.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

const TARGET: &str = "wasm32-unknown-unknown";

/// Builds the plugin in `directory`, which has the profile `plugin`, and says where its module is. Adds the target where
/// rustup has not got it yet.
pub fn core_module(directory: &Path) -> Result<PathBuf> {
    add_target(directory)?;
    let manifest = directory.join("Cargo.toml").canonicalize().context("cannot find its Cargo.toml")?;
    let workspace = workspace(&manifest)?;
    let output = cargo(&manifest)
        .args(["build", "--profile", "plugin", "--target", TARGET, "--message-format", "json-render-diagnostics"])
        .arg("--target-dir")
        .arg(target_dir(&workspace))
        .env("CARGO_ENCODED_RUSTFLAGS", rustflags(&workspace))
        .stderr(Stdio::inherit())
        .output()
        .context("cannot run cargo")?;
    ensure!(output.status.success(), "cargo could not build it for {TARGET}; see its words above");
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["manifest_path"].as_str().map(Path::new) == Some(&manifest))
        .filter_map(|message| message["filenames"].as_array().cloned())
        .flatten()
        .filter_map(|file| file.as_str().map(PathBuf::from))
        .find(|file| file.extension().is_some_and(|extension| extension == "wasm"))
        .context("cargo made no module; does its Cargo.toml say `crate-type = [\"cdylib\"]`?")
}

/// Asks rustc, and rustup only where the target is missing: a toolchain without rustup has to have it already.
fn add_target(directory: &Path) -> Result<()> {
    let rustc = |arguments: &[&str]| Command::new("rustc").current_dir(directory).args(arguments).output();
    let sysroot = rustc(&["--print", "sysroot"]).context("cannot run rustc; install Rust from https://rustup.rs")?;
    let sysroot = PathBuf::from(String::from_utf8_lossy(&sysroot.stdout).trim());
    if sysroot.join("lib/rustlib").join(TARGET).is_dir() {
        return Ok(());
    }
    let added = Command::new("rustup").current_dir(directory).args(["target", "add", TARGET]).status();
    let added = added.with_context(|| format!("{TARGET} is missing and there is no rustup; install the target"))?;
    ensure!(added.success(), "rustup could not add {TARGET}; see its words above");
    Ok(())
}

/// A cargo call about one package, the same whether or not cargo runs us.
fn cargo(manifest: &Path) -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // Read `.cargo` and the toolchain file as if called from there.
    cargo.current_dir(manifest.parent().unwrap_or(manifest)).env_remove("CARGO_BUILD_TARGET");
    cargo
}

/// The top of the plugin's workspace, where cargo puts what it builds.
fn workspace(manifest: &Path) -> Result<PathBuf> {
    let output = cargo(manifest)
        .args(["locate-project", "--workspace", "--message-format", "plain"])
        .output()
        .context("cannot run cargo")?;
    let path = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    path.parent().map(Path::to_path_buf).context("cargo finds no workspace there")
}

/// A directory of our own below the usual one: a cargo that runs us may hold the lock on the usual one.
fn target_dir(workspace: &Path) -> PathBuf {
    let usual = env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace.join("target"), PathBuf::from);
    // Relative to where we were called, not to where cargo is.
    let usual = env::current_dir().map(|here| here.join(&usual)).unwrap_or(usual);
    usual.join("plugin-build")
}

/// Flags for the plugin alone; with `--target`, cargo keeps them from build scripts and macros. Given as a whole, so
/// that a `RUSTFLAGS` of the caller's does not take their place.
fn rustflags(workspace: &Path) -> OsString {
    let home = env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| env::var_os("HOME").map(|home| Path::new(&home).join(".cargo")));
    let mut flags = OsString::from(
        // A small stack at the bottom of memory, where running over it traps; and from the start as much memory as a
        // usual request takes, because growing it costs more than the translation.
        "-Clink-arg=-zstack-size=65536\u{1f}-Clink-arg=--initial-memory=1048576",
    );
    // Panics name source files: let them name the same on every machine.
    for (path, name) in [(Some(workspace.to_owned()), "."), (home, "cargo")] {
        let Some(path) = path else { continue };
        flags.push("\u{1f}--remap-path-prefix=");
        flags.push(path);
        flags.push(format!("={name}"));
    }
    flags
}
