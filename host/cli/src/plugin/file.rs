//! A plugin's file, loaded as the server loads it.

use std::{fs::File, io::Read as _, path::Path};

use anyhow::Context as _;
use inlet_sandbox::{EngineConfig, MAX_PLUGIN_BYTES, Plugin, Sandbox};

/// Loads a plugin. Its calls count their instructions, and take the longer for it.
pub(super) fn load(path: &Path) -> anyhow::Result<Plugin> {
    let wasm = read(path)?;
    sandbox(true)?.load(&wasm).with_context(|| path.display().to_string())
}

/// The server's sandbox, for one call at a time.
pub(super) fn sandbox(count_instructions: bool) -> anyhow::Result<Sandbox> {
    let config = EngineConfig { max_instances: 2, count_instructions, ..EngineConfig::default() };
    Sandbox::new(config).context("cannot start the sandbox")
}

/// Reads a file, one byte more than a plugin may have at most: that one shows that it is too large.
pub(super) fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_PLUGIN_BYTES as u64 + 1).read_to_end(&mut bytes))
        .with_context(|| format!("cannot read {}", path.display()))?;
    Ok(bytes)
}

/// Runs what calls plugins.
pub(super) fn block_on<T>(calls: impl Future<Output = T>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    Ok(runtime.context("cannot start the runtime")?.block_on(calls))
}
