//! The conditions of the whole server: its disk and its clock.

use inlet_core::{
    operational::{Observation, OperationalEvent, OperationalEventType},
    time,
};

use crate::Engine;

/// The time by which the store's time must be behind, in milliseconds, before it is told: as the notes of sources.
const BEHIND_MS: i64 = 60 * 60 * 1000;

/// Observes whether the disk of the data directory is nearly full. Between the limit and a tenth more nothing changes, so that
/// a disk at the limit is told once.
pub(super) fn disk_low(engine: &Engine) -> Option<Observation> {
    observe_disk(engine.store.free_disk_bytes(), engine.options.disk_low_bytes)
}

fn observe_disk(free: Option<u64>, limit: u64) -> Option<Observation> {
    let (event_type, subject) = (OperationalEventType::DiskLow, "disk");
    match free {
        Some(free) if free < limit => {
            let reason =
                format!("{free} bytes are free on the disk of the data directory, less than disk_low_bytes ({limit})");
            let event = OperationalEvent::new(event_type, None, subject, reason);
            let event = event.number("free_bytes", i64::try_from(free).unwrap_or(i64::MAX));
            Some(Observation::Holds { event, began_ms: None })
        }
        Some(free) if free >= limit.saturating_add(limit / 10) => None,
        _ => Some(Observation::Unknown { event_type, environment_id: None, subject: subject.to_owned() }),
    }
}

/// Observes whether retention counts by a time that is an hour or more behind the system's clock.
pub(super) fn retention_paused(engine: &Engine) -> Option<Observation> {
    let state = engine.store.clock().state();
    let behind_ms = state.behind_ms();
    if behind_ms < BEHIND_MS {
        return None;
    }
    let store_time = time::write_ms(state.store_ms);
    let reason = format!(
        "the system's clock jumped ahead or the server was off: retention and idempotency windows count by {store_time} and \
         catch up slowly"
    );
    let event = OperationalEvent::new(OperationalEventType::RetentionPaused, None, "clock", reason);
    let event = event.number("behind_seconds", behind_ms / 1000).text("store_time", &store_time);
    Some(Observation::Holds { event, began_ms: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_at_its_limit_is_told_once() {
        assert!(matches!(observe_disk(Some(99), 100), Some(Observation::Holds { .. })));
        assert!(matches!(observe_disk(Some(100), 100), Some(Observation::Unknown { .. })));
        assert!(matches!(observe_disk(Some(109), 100), Some(Observation::Unknown { .. })));
        assert_eq!(observe_disk(Some(110), 100), None);
        assert_eq!(observe_disk(Some(0), 0), None, "0 turns it off");
        assert!(matches!(observe_disk(None, 100), Some(Observation::Unknown { .. })));
        let Some(Observation::Holds { event, .. }) = observe_disk(Some(5), 1 << 30) else { panic!("it is low") };
        insta::assert_snapshot!(event.reason, @"5 bytes are free on the disk of the data directory, less than disk_low_bytes (1073741824)");
    }
}
