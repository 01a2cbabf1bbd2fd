//! The pool of sandboxes: the engine and the two threads behind it.

use wasmtime::Engine;

use super::{
    engine::{EngineConfig, EngineError, configure},
    long_calls::LongCalls,
    ticker::Ticker,
};

/// The sandboxes of a process. Every loaded plugin holds it.
pub(crate) struct Pool {
    pub(crate) engine: Engine,
    /// Bytes of memory that a slot has. It caps the limit of each plugin.
    pub(crate) max_memory: usize,
    pub(super) counts_instructions: bool,
    pub(crate) long_calls: LongCalls,
    _ticker: Ticker,
}

impl Pool {
    /// Reserves the address space and starts the threads.
    pub(crate) fn start(config: &EngineConfig) -> Result<Self, EngineError> {
        let engine = Engine::new(&configure(config)).map_err(|error| EngineError::pool(config, &error))?;
        let ticker = Ticker::start(&engine, config.tick).map_err(EngineError::Ticker)?;
        let long_calls = LongCalls::start().map_err(EngineError::LongCalls)?;
        Ok(Self {
            engine,
            max_memory: config.max_memory,
            counts_instructions: config.count_instructions,
            long_calls,
            _ticker: ticker,
        })
    }
}
