//! The server's sandbox, set up for one call at a time.

use anyhow::Context as _;
use inlet_sandbox::{EngineConfig, Sandbox};

/// Selects whether calls count their instructions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Instructions {
    /// Calls report how many they took, and run slower.
    Counted,
    /// Calls run as fast as in the server.
    Uncounted,
}

/// Starts a sandbox.
pub(super) fn sandbox(instructions: Instructions) -> anyhow::Result<Sandbox> {
    let count_instructions = instructions == Instructions::Counted;
    let config = EngineConfig { max_instances: 2, count_instructions, ..EngineConfig::default() };
    Sandbox::new(config).context("cannot start the sandbox")
}

/// Runs a future that calls plugins to its end.
pub(super) fn block_on<T>(calls: impl Future<Output = T>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    Ok(runtime.context("cannot start the runtime")?.block_on(calls))
}
