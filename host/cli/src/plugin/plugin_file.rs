//! A plugin's file.

use std::{fs::File, io::Read as _, path::Path};

use anyhow::Context as _;
use inlet_sandbox::{MAX_PLUGIN_BYTES, Plugin};

use super::sandbox::{Instructions, sandbox};

/// Loads a plugin as the server does. Its calls count their instructions, which slows them down.
pub(super) fn load(path: &Path) -> anyhow::Result<Plugin> {
    let wasm = read(path)?;
    sandbox(Instructions::Counted)?.load(&wasm).with_context(|| path.display().to_string())
}

/// Reads a file up to one byte more than a plugin may have. Loading refuses the file that has that byte.
pub(super) fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_PLUGIN_BYTES as u64 + 1).read_to_end(&mut bytes))
        .with_context(|| format!("cannot read {}", path.display()))?;
    Ok(bytes)
}
