//! Runs cargo to build a plugin's core module.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

const TARGET: &str = "wasm32-unknown-unknown";

/// Builds the plugin in `directory` with the cargo profile `plugin`, and returns the path of its module. Adds the wasm
/// target with rustup if it is missing.
pub fn core_module(directory: &Path) -> Result<PathBuf> {
    add_target(directory)?;
    let manifest = directory.join("Cargo.toml").canonicalize().context("cannot find its Cargo.toml")?;
    let workspace = workspace(&manifest)?;
    let output = cargo(&manifest)
        .args(["build", "--profile", "plugin", "--target", TARGET, "--message-format", "json-render-diagnostics"])
        .arg("--target-dir")
        .arg(target_dir(&workspace))
        .env("CARGO_ENCODED_RUSTFLAGS", rustflags(&workspace, &own_rustflags(&manifest)?))
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

/// Adds the wasm target if rustc lacks it. rustup is called only then, because a toolchain without rustup must have the
/// target already.
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

/// Returns a cargo command for one package, independent of the environment that an outer cargo sets.
fn cargo(manifest: &Path) -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // `.cargo` and the toolchain file are read from the package's directory.
    cargo.current_dir(manifest.parent().unwrap_or(manifest)).env_remove("CARGO_BUILD_TARGET");
    cargo
}

/// Returns the root of the plugin's workspace, where cargo puts its output.
fn workspace(manifest: &Path) -> Result<PathBuf> {
    let output = cargo(manifest)
        .args(["locate-project", "--workspace", "--message-format", "plain"])
        .output()
        .context("cannot run cargo")?;
    let path = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    path.parent().map(Path::to_path_buf).context("cargo finds no workspace there")
}

/// Returns a separate directory below the usual target directory. An outer cargo may hold the lock on the usual one.
fn target_dir(workspace: &Path) -> PathBuf {
    let usual = env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace.join("target"), PathBuf::from);
    // `CARGO_TARGET_DIR` is relative to the caller's directory, not to the directory in which cargo runs.
    let usual = env::current_dir().map(|here| here.join(&usual)).unwrap_or(usual);
    usual.join("plugin-build")
}

/// Returns the flags that the plugin's own Cargo.toml asks for, as `package.metadata.inlet.rustflags`. They come last, so that
/// another stack or initial memory replaces the usual one.
fn own_rustflags(manifest: &Path) -> Result<Vec<String>> {
    let text = fs::read_to_string(manifest).with_context(|| format!("cannot read {}", manifest.display()))?;
    let manifest: toml::Value = toml::from_str(&text).context("its Cargo.toml is not TOML")?;
    let flags = ["package", "metadata", "inlet", "rustflags"].iter().try_fold(&manifest, |value, name| value.get(name));
    let Some(flags) = flags else { return Ok(Vec::new()) };
    flags.clone().try_into().context("package.metadata.inlet.rustflags in its Cargo.toml is no array of strings")
}

/// Flags for the plugin alone; with `--target`, cargo does not apply them to build scripts and macros. They are set as
/// a whole, so that a `RUSTFLAGS` of the caller does not replace them.
fn rustflags(workspace: &Path, own: &[String]) -> OsString {
    let home = env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| env::var_os("HOME").map(|home| Path::new(&home).join(".cargo")));
    let mut flags = OsString::from(
        // A small stack at the bottom of memory, so that an overflow traps. One MiB of initial memory fits a usual
        // request, because growing memory costs more than the translation.
        "-Clink-arg=-zstack-size=65536\u{1f}-Clink-arg=--initial-memory=1048576",
    );
    // Panic messages contain source paths; make them equal on every machine.
    // A plugin may have a workspace of its own inside of the directory that its SDK is in.
    let here = env::current_dir().ok();
    for (path, name) in [(here, "."), (Some(workspace.to_owned()), "."), (home, "cargo")] {
        let Some(path) = path else { continue };
        flags.push("\u{1f}--remap-path-prefix=");
        flags.push(path);
        flags.push(format!("={name}"));
    }
    for flag in own {
        flags.push("\u{1f}");
        flags.push(flag);
    }
    flags
}
