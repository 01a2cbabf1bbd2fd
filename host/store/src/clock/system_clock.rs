//! The clocks of the system, behind a seam for tests.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The clocks that a [`StoreClock`](super::StoreClock) follows.
pub trait SystemClock: Send + Sync {
    /// Returns the time since 1970 of the clock that an operator can set.
    fn since_1970(&self) -> Duration;

    /// Returns the time for which the process runs, which no setting of a clock changes.
    fn running(&self) -> Duration;
}

/// The clocks of the operating system.
#[derive(Debug, Clone, Copy)]
pub struct RealClock {
    started: Instant,
}

impl Default for RealClock {
    fn default() -> Self {
        Self { started: Instant::now() }
    }
}

impl SystemClock for RealClock {
    fn since_1970(&self) -> Duration {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
    }

    fn running(&self) -> Duration {
        self.started.elapsed()
    }
}
