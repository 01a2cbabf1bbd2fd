//! The threads of deliveries. They go after those of requests where both want a core: what is delivered later is not lost,
//! but a sender waits for its answer.

use std::{io, thread};

use tokio::runtime::{Builder, Handle, Runtime};

/// The threads' nice(1) value: about a tenth of a core for each while other threads want every core, and a whole one
/// otherwise.
const NICENESS: i32 = 10;
/// The most threads. One delivers some thousand small bodies a second.
const MOST: usize = 4;

/// Threads of lower priority. Dropping them ends them without waiting; requests that are under way are dropped.
pub struct DeliveryThreads {
    handle: Handle,
    runtime: Option<Runtime>,
}

impl DeliveryThreads {
    /// Starts them: half as many as there are cores.
    pub fn start() -> io::Result<Self> {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let runtime = Builder::new_multi_thread()
            .worker_threads((cores / 2).clamp(1, MOST))
            .thread_name("inlet-delivery")
            // Applies to the thread that starts. If the system refuses, deliveries share the cores with requests.
            .on_thread_start(|| _ = rustix::process::setpriority_process(None, NICENESS))
            .enable_all()
            .build()?;
        Ok(Self { handle: runtime.handle().clone(), runtime: Some(runtime) })
    }

    /// Returns the handle by which tasks are spawned on them.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }
}

impl Drop for DeliveryThreads {
    fn drop(&mut self) {
        // A runtime that is dropped as it is would wait, which panics on the threads of another one.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
