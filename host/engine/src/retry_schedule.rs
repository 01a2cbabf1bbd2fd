//! The schedule of retries.

use crate::{Engine, clock::now_ms};

/// Returns the time of the next retry after this many, in milliseconds since 1970. `None` after the last.
pub(crate) fn due_at_ms(engine: &Engine, retries: u32) -> Option<i64> {
    let delay = engine.options.retry_delays_seconds.get(retries as usize)?;
    // Up to a fifth longer, so that requests that failed together are not retried together.
    let mut random = [0];
    let jitter = getrandom::fill(&mut random).map_or(0.0, |()| f64::from(random[0]) / 255.0 / 5.0);
    Some(now_ms().saturating_add((delay * (1.0 + jitter) * 1000.0) as i64))
}
