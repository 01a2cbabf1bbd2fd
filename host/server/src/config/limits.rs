//! The ranges of numeric settings. A value outside of its range cannot be meant: it would stop the server from working, or
//! limit nothing.

use super::{Config, ConfigError};

const MIB: u64 = 1 << 20;
const HOUR: u64 = 3600;

/// Refuses a setting that is outside of its range.
pub(super) fn check(config: &Config) -> Result<(), ConfigError> {
    let ranges = [
        ("max_in_flight_bytes", config.max_in_flight_bytes as u64, 16 * 1024, 1 << 40),
        ("header_timeout_seconds", config.header_timeout_seconds, 1, HOUR),
        ("idle_timeout_seconds", config.idle_timeout_seconds, 1, 24 * HOUR),
        ("body_timeout_seconds", config.body_timeout_seconds, 1, HOUR),
        ("min_body_bytes_per_second", config.min_body_bytes_per_second, 0, 100 * MIB),
        ("refused_bytes_per_minute", config.refused_bytes_per_minute, 0, 1 << 40),
        ("refused_requests_per_address", u64::from(config.refused_requests_per_address), 1, 1_000_000),
        ("stop_timeout_seconds", config.stop_timeout_seconds, 0, 24 * HOUR),
        ("max_connections", config.max_connections as u64, 1, 10_000_000),
        ("max_sandboxes", u64::from(config.max_sandboxes), 1, 10_000),
        ("max_sandbox_memory", config.max_sandbox_memory as u64, MIB, 4096 * MIB),
        ("max_items_limit", config.max_items_limit as u64, 1, 10_000_000),
        ("database_poll_ms", config.database_poll_ms, 10, 1000 * HOUR),
        ("disk_low_bytes", config.disk_low_bytes, 0, 1 << 50),
        ("writer_queue", config.writer_queue as u64, 2, 10_000_000),
    ];
    match ranges.into_iter().find(|(_, found, least, most)| found < least || found > most) {
        None => Ok(()),
        Some((name, found, least, most)) => Err(ConfigError::OutOfRange { name, found, least, most }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_within_their_ranges_and_zero_is_not() {
        check(&Config::default()).unwrap();
        let refused = check(&Config { max_connections: 0, ..Config::default() }).unwrap_err();
        insta::assert_snapshot!(refused, @"max_connections is 0; expected a number from 1 to 10000000");
        for config in [
            Config { max_in_flight_bytes: 0, ..Config::default() },
            Config { header_timeout_seconds: 0, ..Config::default() },
            Config { idle_timeout_seconds: 0, ..Config::default() },
            Config { body_timeout_seconds: 0, ..Config::default() },
            Config { body_timeout_seconds: u64::MAX, ..Config::default() },
            Config { refused_bytes_per_minute: u64::MAX, ..Config::default() },
            Config { refused_requests_per_address: 0, ..Config::default() },
            Config { max_sandboxes: 0, ..Config::default() },
            Config { max_sandboxes: u32::MAX, ..Config::default() },
            Config { max_sandbox_memory: 0, ..Config::default() },
            Config { max_sandbox_memory: usize::MAX, ..Config::default() },
            Config { writer_queue: 0, ..Config::default() },
        ] {
            assert!(matches!(check(&config), Err(ConfigError::OutOfRange { .. })));
        }
    }
}
