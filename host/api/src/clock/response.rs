//! The response about the store's time, and the note where it differs from the system's clock.

use inlet_api_types::clock::Clock;
use inlet_core::time;
use inlet_store::ClockState;

/// The smallest difference that is noted, in milliseconds.
const NOTED_MS: i64 = 60 * 60 * 1000;

/// Returns the response for both times.
pub fn clock(state: ClockState) -> Clock {
    Clock {
        system_time: time::write_ms(state.system_ms),
        store_time: time::write_ms(state.store_ms),
        behind_seconds: state.behind_ms() / 1000,
        note: note(state),
    }
}

/// Returns the note for an operator, where the times differ by an hour or more.
pub fn note(state: ClockState) -> Option<String> {
    let (store_time, difference_ms) = (time::write_ms(state.store_ms), state.behind_ms());
    if difference_ms >= NOTED_MS {
        return Some(format!(
            "the system's clock jumped ahead or the server was off: retention and idempotency windows count by {store_time}, and \
             catch up {} in as much running time; if the system's clock is right, POST /v1/clock/accept lets them go on at once",
            span(difference_ms)
        ));
    }
    (difference_ms <= -NOTED_MS).then(|| {
        format!(
            "the system's clock went back by {}: retention and idempotency windows count by {store_time}, at half speed until the \
             clock agrees; POST /v1/clock/accept takes the time of the clock at once",
            span(-difference_ms)
        )
    })
}

fn span(ms: i64) -> String {
    let hours = ms / (60 * 60 * 1000);
    if hours < 48 { format!("{hours} h") } else { format!("{} days", hours / 24) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: i64 = 1_767_323_045_000;
    const DAY_MS: i64 = 24 * 60 * 60 * 1000;

    #[test]
    fn a_difference_of_an_hour_is_noted() {
        let of = |store_ms| note(ClockState { system_ms: NOW_MS, store_ms });
        assert_eq!(of(NOW_MS - 3_599_000), None);
        assert_eq!(of(NOW_MS + 3_599_000), None);
        insta::assert_snapshot!(of(NOW_MS - 31 * DAY_MS).unwrap(), @"the system's clock jumped ahead or the server was off: retention and idempotency windows count by 2025-12-02T03:04:05.000Z, and catch up 31 days in as much running time; if the system's clock is right, POST /v1/clock/accept lets them go on at once");
        insta::assert_snapshot!(of(NOW_MS + 7_300_000).unwrap(), @"the system's clock went back by 2 h: retention and idempotency windows count by 2026-01-02T05:05:45.000Z, at half speed until the clock agrees; POST /v1/clock/accept takes the time of the clock at once");
    }
}
