//! The thread that advances the engine's epoch.
//!
//! wasmtime compares the epoch in every loop and function of a guest. The ticker is a thread and not a task: no task runs
//! while every worker of the runtime is inside a looping plugin.

use std::{
    io,
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::Duration,
};

use wasmtime::Engine;

/// A running ticker. The thread ends when this is dropped, or when the engine is gone.
pub(super) struct Ticker {
    // Dropping the sender wakes the thread, which then ends.
    _stop: mpsc::Sender<()>,
}

impl Ticker {
    pub(super) fn start(engine: &Engine, tick: Duration) -> io::Result<Self> {
        // A strong handle would keep the engine and its pool alive for as long as the thread sleeps.
        let engine = engine.weak();
        // A shorter tick would occupy a core.
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
