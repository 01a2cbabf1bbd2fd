//! The pool of sandboxes: the engine and the two threads behind it.

use wasmtime::Engine;

use super::{
    engine::{EngineConfig, EngineError, Wiping, configure},
    long_calls::LongCalls,
    swap::{SwapPossible, swap_possible},
    ticker::Ticker,
};

/// The sandboxes of a process. Every loaded plugin holds it.
pub(crate) struct Pool {
    pub(crate) engine: Engine,
    /// Bytes of memory that a slot has. It caps the limit of each plugin.
    pub(crate) max_memory: usize,
    pub(super) counts_instructions: bool,
    /// The reason why sandboxes are wiped without a scan of their pages, if they are because memory can be swapped out.
    pub(crate) swap: Option<SwapPossible>,
    pub(crate) long_calls: LongCalls,
    _ticker: Ticker,
}

impl Pool {
    /// Reserves the address space and starts the threads.
    pub(crate) fn start(config: &EngineConfig) -> Result<Self, EngineError> {
        let swap = swap_possible().filter(|_| config.wiping == Wiping::Auto);
        let scan_pages = config.wiping == Wiping::Auto && swap.is_none();
        let engine = Engine::new(&configure(config, scan_pages)).map_err(|error| EngineError::pool(config, &error))?;
        let ticker = Ticker::start(&engine, config.tick).map_err(EngineError::Ticker)?;
        let long_calls = LongCalls::start().map_err(EngineError::LongCalls)?;
        Ok(Self {
            engine,
            max_memory: config.max_memory,
            counts_instructions: config.count_instructions,
            swap,
            long_calls,
            _ticker: ticker,
        })
    }
}
