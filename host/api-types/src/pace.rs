//! The rate and the oldest age of work that operators start: replays and redrives.

use serde::Deserializer;

use crate::optional_whole_number;

/// The default rate, per second: no engine is flooded.
pub(crate) const DEFAULT_RATE: u32 = 50;
/// The highest rate, per second.
const MAX_RATE: u32 = 1000;
/// The longest age, in seconds: about ten years.
const MAX_AGE: u32 = 315_360_000;

/// Reads `rate_per_second`.
pub(crate) fn read_rate<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    optional_whole_number(deserializer, 1..=MAX_RATE, |_| format!("expected a whole number from 1 to {MAX_RATE}"))
}

/// Reads `max_age_seconds`.
pub(crate) fn read_max_age<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    optional_whole_number(deserializer, 1..=MAX_AGE, |_| format!("expected a whole number from 1 to {MAX_AGE}"))
}
