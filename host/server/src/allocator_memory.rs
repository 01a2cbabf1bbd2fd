//! The background job that gives the allocator's free memory back to the system.

use std::{convert::Infallible, time::Duration};

use inlet_engine::{
    Engine,
    jobs::{Job, RunsOn},
};

/// Gives the allocator's free memory back. Compiling plugins leaves tens of megabytes that an idle server never uses again,
/// and the allocator returns them only when it is asked for more.
pub struct AllocatorMemory;

impl Job for AllocatorMemory {
    const NAME: &'static str = "allocator_memory";
    const RUNS_ON: RunsOn = RunsOn::EveryNode;
    const FAILURE: &'static str = "the allocator's free memory was not given back";
    type Error = Infallible;

    fn interval(&self) -> Duration {
        Duration::from_secs(5)
    }

    #[expect(unsafe_code, reason = "the allocator offers this as a C function only")]
    async fn run(&mut self, _: &Engine) -> Result<(), Infallible> {
        // SAFETY: it takes no pointer, may be called at any time from any thread, and frees only what nobody owns.
        unsafe { libmimalloc_sys::mi_collect(true) }
        Ok(())
    }
}
