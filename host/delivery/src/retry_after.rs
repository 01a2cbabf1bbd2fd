//! `Retry-After` and its relatives.

use std::time::Duration;

use inlet_core::{json, time};

use crate::answer::Answer;

/// Returns the time that an answer asks to wait, before it is clamped by the schedule. What is negative, past or unreadable
/// counts as absent.
pub fn retry_after(answer: &Answer, now_ms: i64) -> Option<Duration> {
    if let Some(text) = answer.header("retry-after-ms") {
        return text.trim().parse().ok().map(Duration::from_millis);
    }
    let text = answer.header("retry-after")?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    // A number with a sign or a fraction is not a date.
    if !text.contains(' ') {
        return None;
    }
    let date_us = time::read(Some(&json::quote(text)))?;
    let wait_ms = (date_us / 1000).checked_sub(now_ms)?;
    u64::try_from(wait_ms).ok().map(Duration::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::targets::tests::answer;

    #[test]
    fn seconds_dates_and_nonsense() {
        let now_ms = 1_767_323_045_000;
        let read = |value: &str| retry_after(&answer(429, &[("retry-after", value)], ""), now_ms);
        assert_eq!(read("0"), Some(Duration::ZERO));
        assert_eq!(read("120"), Some(Duration::from_secs(120)));
        assert_eq!(read("31536000"), Some(Duration::from_secs(31_536_000)));
        assert_eq!(read("Fri, 02 Jan 2026 03:05:05 GMT"), Some(Duration::from_secs(60)));
        for value in
            ["-1", "-9223372036854775808", "1.5", "soon", "", "Fri, 02 Jan 2026 03:03:05 GMT", "99999999999999999999"]
        {
            assert_eq!(read(value), None, "{value}");
        }
        let milliseconds = answer(429, &[("retry-after", "9"), ("retry-after-ms", "250")], "");
        assert_eq!(retry_after(&milliseconds, now_ms), Some(Duration::from_millis(250)));
    }
}
