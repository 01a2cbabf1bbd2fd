//! The thread that makes time pass for plugins.
//!
//! wasmtime compares a counter in every loop and function of a guest; this thread moves the counter. A thread of its own
//! and not a task: when every worker of the runtime is inside a looping plugin, no task runs.

use std::{
    io,
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::Duration,
};

use wasmtime::Engine;

/// Ticks until it is dropped, or until the engine is gone.
pub(crate) struct Ticker {
    // Dropping the sender wakes the thread, which then ends.
    _stop: mpsc::Sender<()>,
}

impl Ticker {
    pub(crate) fn start(engine: &Engine, tick: Duration) -> io::Result<Self> {
        // Weak: a strong handle here would keep the engine, and its pool, alive for as long as the thread sleeps.
        let engine = engine.weak();
        // Anything shorter would be a thread that does nothing else.
        let tick = tick.max(Duration::from_millis(1));
        let (stop, stopped) = mpsc::channel();
        thread::Builder::new().name("inlet-ticker".to_owned()).spawn(move || {
            while stopped.recv_timeout(tick) == Err(RecvTimeoutError::Timeout) {
                let Some(engine) = engine.upgrade() else { return };
                engine.increment_epoch();
            }
        })?;
        Ok(Self { _stop: stop })
    }
}
