//! Time: the system's clock, and the store's own time, which follows no jump of that clock.

mod paced_time;
mod store_clock;
mod system_clock;

pub use store_clock::{ClockState, StoreClock};
pub use system_clock::{RealClock, SystemClock};

use std::time::{SystemTime, UNIX_EPOCH};

/// Returns the time of the system's clock, in milliseconds since 1970.
pub(crate) fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)
}
