//! The server's sandbox, set up for one call at a time.

use anyhow::Context as _;
use inlet_sandbox::{EngineConfig, Sandbox};

use super::compiled_cache;

/// Selects whether calls count their instructions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Instructions {
    /// Calls report how many they took, and run slower.
    Counted,
    /// Calls run as fast as in the server.
    Uncounted,
}

/// Starts a sandbox. One that counts instructions takes plugins from the user's cache of compiled plugins; the other one
/// compiles them, because `inlet plugin bench` measures that too.
pub(super) fn sandbox(instructions: Instructions) -> anyhow::Result<Sandbox> {
    let count_instructions = instructions == Instructions::Counted;
    let config = EngineConfig { max_instances: 2, count_instructions, ..EngineConfig::default() };
    let cache = if count_instructions { compiled_cache::open() } else { None };
    let sandbox = match cache {
        Some(cache) => Sandbox::with_cache(config, cache),
        None => Sandbox::new(config),
    };
    sandbox.context("cannot start the sandbox")
}

/// Runs a future that calls plugins to its end.
pub(super) fn block_on<T>(calls: impl Future<Output = T>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    Ok(runtime.context("cannot start the runtime")?.block_on(calls))
}
