//! A plugin's file.

use std::{
    fs::{self, File},
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, anyhow};
use inlet_sandbox::{MAX_PLUGIN_BYTES, Plugin};

use super::sandbox::{Instructions, sandbox};

/// Loads a plugin as the server does. Its calls count their instructions, which slows them down.
pub(super) fn load(path: &Path) -> anyhow::Result<Plugin> {
    let wasm = read(path)?;
    let plugin = sandbox(Instructions::Counted)?.load(&wasm).with_context(|| path.display().to_string())?;
    warn_if_outdated(path, &wasm);
    Ok(plugin)
}

/// Warns if the `plugin.toml` beside a plugin's file is not the one that the plugin was built from.
pub(super) fn warn_if_outdated(path: &Path, wasm: &[u8]) {
    let beside = plugin_toml_beside(path);
    let (Some(packed), Ok(text)) = (inlet_pack::packed_manifest(wasm), fs::read_to_string(&beside)) else { return };
    if inlet_pack::manifest_from_toml(&text).is_ok_and(|manifest| manifest.json.as_bytes() == packed) {
        return;
    }
    let (path, beside) = (path.display(), beside.display());
    eprintln!("warning: {path} was built from another {beside} than is there now; run `inlet plugin build` first");
}

fn plugin_toml_beside(path: &Path) -> PathBuf {
    path.with_file_name("plugin.toml")
}

/// Reads a file up to one byte more than a plugin may have. Loading refuses the file that has that byte.
pub(super) fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MAX_PLUGIN_BYTES as u64 + 1).read_to_end(&mut bytes));
    match read {
        Ok(_) => Ok(bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound && plugin_toml_beside(path).is_file() => {
            Err(anyhow!("cannot read {}: {error}; `inlet plugin build` makes the plugin's file", path.display()))
        }
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}
