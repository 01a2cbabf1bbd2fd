//! The running time of one call: when it gives way to other calls, and when it is out of time.
//!
//! The clock measures processor time, not elapsed time. Under load a plugin that waits for a core is not slow, and a quick
//! plugin that was preempted is not slow either. A call stays on its thread between two yields, so the thread's own
//! processor clock is the call's clock.
//!
//! The clock is read at epoch ticks, which wasmtime checks in every function and loop of a guest, and after calls of host
//! functions. Host functions need their own check: wasmtime checks nothing around them, and a guest can be one long
//! sequence of such calls.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use rustix::time::{ClockId, clock_gettime};

/// Processor time after which a call yields. It is checked at ticks, so a slice is longer by at most one tick.
const TIME_SLICE: Duration = Duration::from_millis(4);

/// Bytes of host work between two reads of the clock: about ten microseconds of work, where a read takes less than one.
const WORK_PER_CHECK: usize = 64 << 10;

/// The least cost of a host function call, in bytes that could have been read in the same time.
const HOST_CALL_COST: usize = 256;

/// The guest ran longer than its limit.
#[derive(Debug, thiserror::Error)]
#[error("out of time")]
pub(crate) struct OutOfTime;

/// The running time of one call.
pub(crate) struct Clock {
    limit: Duration,
    /// Processor time since the first reading.
    ran: Duration,
    /// Processor time since the last yield.
    ran_in_slice: Duration,
    /// The last reading of the thread's clock. `None` until the first check, where the running time starts: a reading
    /// costs too much for quick calls, which end before the first tick.
    last_reading: Option<Duration>,
    /// The thread's clock when the call resumed after its last yield; set by [`Yield::wait`].
    resumed_at: Option<Arc<OnceLock<Duration>>>,
    /// Bytes of host work since the last check.
    unchecked_work: usize,
}

impl Clock {
    pub(super) fn new(limit: Duration) -> Self {
        Self {
            limit,
            ran: Duration::ZERO,
            ran_in_slice: Duration::ZERO,
            last_reading: None,
            resumed_at: None,
            unchecked_work: 0,
        }
    }

    /// Adds bytes that the host read or wrote for the guest.
    pub(crate) fn add_work(&mut self, bytes: usize) {
        self.unchecked_work = self.unchecked_work.saturating_add(bytes);
    }

    /// Reads the clock. Returns a [`Yield`] if the time slice is used up.
    pub(super) fn check(&mut self) -> Result<Option<Yield>, OutOfTime> {
        self.unchecked_work = 0;
        if let Some(at) = self.resumed_at.take().and_then(|resumed_at| resumed_at.get().copied()) {
            self.last_reading = Some(at);
        }
        let now = thread_time();
        let since = now.saturating_sub(self.last_reading.unwrap_or(now));
        self.last_reading = Some(now);
        self.ran += since;
        self.ran_in_slice += since;
        if self.ran >= self.limit {
            return Err(OutOfTime);
        }
        if self.ran_in_slice < TIME_SLICE {
            return Ok(None);
        }
        self.ran_in_slice = Duration::ZERO;
        let resumed_at = Arc::new(OnceLock::new());
        self.resumed_at = Some(Arc::clone(&resumed_at));
        Ok(Some(Yield { resumed_at }))
    }

    /// Counts a call of a host function, and reads the clock if enough work was done since the last check.
    pub(super) fn check_after_host_call(&mut self) -> Result<Option<Yield>, OutOfTime> {
        self.add_work(HOST_CALL_COST);
        if self.unchecked_work < WORK_PER_CHECK { Ok(None) } else { self.check() }
    }
}

/// The end of a time slice: the call has to yield before it runs on.
pub(super) struct Yield {
    resumed_at: Arc<OnceLock<Duration>>,
}

impl Yield {
    /// Yields to other tasks and records when the call resumes.
    pub(super) async fn wait(self) {
        tokio::task::yield_now().await;
        let _ = self.resumed_at.set(thread_time());
    }
}

/// Returns the processor time used by this thread.
fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_is_read_only_after_enough_work() {
        let mut clock = Clock::new(Duration::ZERO);
        for _ in 1..WORK_PER_CHECK / HOST_CALL_COST {
            assert!(clock.check_after_host_call().is_ok());
        }
        assert!(clock.check_after_host_call().is_err());
        // A check resets the counted work.
        assert!(clock.check_after_host_call().is_ok());
        clock.add_work(WORK_PER_CHECK);
        assert!(clock.check_after_host_call().is_err());
    }
}
