//! The share of the store's writer that turns take: a part of what events leave. Pure.

use std::time::Duration;

/// The part of the writer's time that events leave which turns take.
const OF_THE_REST: f64 = 2.0 / 3.0;
/// The share that turns have however much time events take: then deliveries wait, and do not stand still.
const LEAST: f64 = 0.05;
/// The longest pause between two turns.
const MAX_PAUSE: Duration = Duration::from_millis(200);

/// Returns the time to leave the writer to others after a turn. `turn` is the time that it took, `events` the time that the
/// writer spent on events since the turn before ended, and `since` the time since then.
pub fn pause(turn: Duration, events: Duration, since: Duration) -> Duration {
    let busy = (events.as_secs_f64() / since.as_secs_f64().max(1e-6)).clamp(0.0, 1.0);
    let share = ((1.0 - busy) * OF_THE_REST).max(LEAST);
    turn.mul_f64(1.0 / share - 1.0).min(MAX_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn turns_take_most_of_an_idle_writer() {
        assert_eq!(pause(4 * MS, Duration::ZERO, 10 * MS).as_millis(), 2);
        assert_eq!(pause(Duration::ZERO, Duration::ZERO, Duration::ZERO), Duration::ZERO);
    }

    #[test]
    fn turns_leave_a_busy_writer_to_events() {
        assert_eq!(pause(4 * MS, 5 * MS, 10 * MS).as_millis(), 8);
        assert_eq!(pause(4 * MS, 10 * MS, 10 * MS).as_millis(), 76);
        assert_eq!(pause(4 * MS, 99 * MS, 10 * MS).as_millis(), 76, "a group that began before counts whole");
        assert_eq!(pause(40 * MS, 10 * MS, 10 * MS), MAX_PAUSE);
    }

    /// While events take whatever turns leave, the share of the turns falls to the least one.
    #[test]
    fn events_that_never_end_get_all_but_the_least_share() {
        let mut since = 10 * MS;
        for _ in 0..20 {
            since = 4 * MS + pause(4 * MS, since - 4 * MS, since);
        }
        assert_eq!(since.as_millis(), 80);
    }
}
