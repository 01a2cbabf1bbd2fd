//! The conditions of the alerts in `examples/deploy/prometheus/alerts.yml` that one look at the server can tell.

use inlet_api_types::system::System;
use inlet_core::time;

use crate::{
    components::{bytes::size, outcome, outcome::Badge, time::span},
    html::grouped,
};

/// Requests that wait for the writer: `InletWriterBehind`.
const QUEUE: u64 = 1000;
/// The age of the oldest waiting delivery, in seconds: the alert about deliveries that are late.
const DELIVERY_AGE_S: i64 = 900;
/// The time since a job that must run succeeded, in seconds: `InletJobStuck`.
const JOB_AGE_S: i64 = 900;
/// The jobs of that alert.
const JOBS: [&str; 3] = ["retention", "last_used", "metrics"];
/// The difference between the store's time and the clock, in seconds: `InletTimeBehind`.
const BEHIND_S: i64 = 3600;

/// A condition, with what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// The name.
    pub name: &'static str,
    /// The present value.
    pub found: String,
    /// The condition of the alert.
    pub limit: String,
    /// True if it does not fire.
    pub is_good: bool,
}

impl Check {
    fn new(name: &'static str, found: String, limit: String, is_good: bool) -> Self {
        Self { name, found, limit, is_good }
    }

    /// The state in one word.
    pub fn badge(&self) -> Badge {
        outcome::check(self.is_good)
    }
}

/// Checks the state of the server at a time in milliseconds since 1970.
pub fn all(system: &System, now_ms: i64) -> Vec<Check> {
    let age_s = |at: &str| time::parse(at).map_or(0, |at_us| (now_ms - at_us / 1000) / 1000);
    let disk = system.storage.free_bytes.map(|free| {
        let low = system.storage.low_bytes;
        Check::new("Free disk", size(free), format!("below {}", size(low)), free >= low)
    });
    let oldest_s = system.deliveries.oldest_at.as_deref().map_or(0, age_s);
    let stuck = JOBS.iter().filter_map(|name| system.jobs.iter().find(|job| job.name == *name)).filter(|job| {
        let since = job.last_success_at.as_deref().unwrap_or(&system.started_at);
        age_s(since) > JOB_AGE_S
    });
    let stuck: Vec<&str> = stuck.map(|job| job.name.as_str()).collect();
    let behind_s = system.clock.behind_seconds;
    let (free, sandboxes) = (system.load.sandboxes_free, system.load.sandboxes);
    let queue = system.load.writer_queue;
    let others = [
        Check::new(
            "Writer's queue",
            grouped(queue.cast_signed()),
            format!("over {} for 2 minutes", grouped(QUEUE.cast_signed())),
            queue <= QUEUE,
        ),
        Check::new("Free sandboxes", format!("{free} of {sandboxes}"), "0 for 2 minutes".to_owned(), free > 0),
        Check::new(
            "Oldest delivery that waits",
            if system.deliveries.count == 0 { "none waits".to_owned() } else { span(oldest_s * 1000) },
            format!("over {}", span(DELIVERY_AGE_S * 1000)),
            oldest_s <= DELIVERY_AGE_S,
        ),
        Check::new(
            "Jobs that must run",
            if stuck.is_empty() { "all ran".to_owned() } else { stuck.join(", ") },
            format!("without success for {}", span(JOB_AGE_S * 1000)),
            stuck.is_empty(),
        ),
        Check::new(
            "Store's time behind the clock",
            if behind_s == 0 { "0 s".to_owned() } else { span(behind_s * 1000) },
            format!("over {}", span(BEHIND_S * 1000)),
            behind_s <= BEHIND_S,
        ),
    ];
    disk.into_iter().chain(others).collect()
}

#[cfg(test)]
mod tests {
    use inlet_api_types::{
        clock::Clock,
        system::{Job, Load, Storage, WaitingDeliveries},
    };

    use super::*;

    const NOW_MS: i64 = 1_767_323_045_000;
    const ALERTS: &str = include_str!("../../../../../examples/deploy/prometheus/alerts.yml");

    fn system() -> System {
        let now = time::write_ms(NOW_MS);
        System {
            version: "0.1.0".to_owned(),
            build: String::new(),
            schema: 1,
            started_at: now.clone(),
            uptime_seconds: 0,
            storage: Storage {
                data_dir: String::new(),
                database_bytes: 0,
                log_bytes: 0,
                last_checkpoint_at: None,
                free_bytes: Some(100),
                low_bytes: 100,
            },
            load: Load {
                resident_bytes: None,
                in_flight_bytes: 0,
                in_flight_limit_bytes: 0,
                in_flight_requests: 0,
                writer_queue: QUEUE,
                sandboxes_free: 1,
                sandboxes: 4,
                streams: 0,
                streams_limit: 50,
            },
            deliveries: WaitingDeliveries { count: 1, oldest_at: Some(time::write_ms(NOW_MS - DELIVERY_AGE_S * 1000)) },
            clock: Clock { system_time: now.clone(), store_time: now.clone(), behind_seconds: BEHIND_S, note: None },
            jobs: vec![Job {
                name: "retention".to_owned(),
                runs: 1,
                outcome: "succeeded".to_owned(),
                last_run_at: now,
                last_run_us: 1,
                last_success_at: Some(time::write_ms(NOW_MS - JOB_AGE_S * 1000)),
            }],
            work: Vec::new(),
            replays: Vec::new(),
            has_operational_webhook: false,
        }
    }

    fn bad(system: &System) -> Vec<&'static str> {
        all(system, NOW_MS).into_iter().filter(|check| !check.is_good).map(|check| check.name).collect()
    }

    #[test]
    fn a_limit_is_good_and_what_is_beyond_is_not() {
        assert_eq!(bad(&system()), [""; 0]);
        let mut system = system();
        system.storage.free_bytes = Some(99);
        system.load.writer_queue += 1;
        system.load.sandboxes_free = 0;
        system.deliveries.oldest_at = Some(time::write_ms(NOW_MS - DELIVERY_AGE_S * 1000 - 1000));
        system.jobs[0].last_success_at = None;
        system.started_at = time::write_ms(NOW_MS - JOB_AGE_S * 1000 - 1000);
        system.clock.behind_seconds += 1;
        assert_eq!(bad(&system).len(), all(&system, NOW_MS).len());
    }

    #[test]
    fn the_limits_are_those_of_the_alerts() {
        for expression in [
            format!("inlet_writer_queue > {QUEUE}\n"),
            format!("inlet_deliveries_oldest_age_seconds > {DELIVERY_AGE_S}\n"),
            format!("job=~\"{}\"}} > {JOB_AGE_S}\n", JOBS.join("|")),
            format!("inlet_store_time_behind_seconds > {BEHIND_S}\n"),
            "inlet_sandboxes_free == 0\n".to_owned(),
        ] {
            assert!(ALERTS.contains(&expression), "{expression}");
        }
    }
}
