//! Ctrl-C and SIGTERM. The run ends with an error, so that servers are stopped and data directories removed.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use anyhow::bail;
use tokio::signal::unix::{SignalKind, signal};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Starts to listen for signals.
pub fn listen() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (mut interrupt, mut terminate) = {
        let _inside = runtime.enter();
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?)
    };
    thread::spawn(move || {
        runtime.block_on(async {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        });
        INTERRUPTED.store(true, Ordering::Relaxed);
    });
    Ok(())
}

/// Returns true if the run was told to end.
pub fn requested() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}

/// Returns an error if the run was told to end.
pub fn check() -> anyhow::Result<()> {
    if requested() {
        bail!("interrupted; nothing was measured to its end");
    }
    Ok(())
}
