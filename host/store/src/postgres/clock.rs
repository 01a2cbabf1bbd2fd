//! The clock of a database server, which all of its nodes follow.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use crate::clock::SystemClock;

/// The clock of this machine, corrected by what the database's clock was ahead of it when that was last read. So nodes
/// whose clocks differ agree on the order of events and on what has expired.
pub(crate) struct DatabaseClock {
    local: Arc<dyn SystemClock>,
    /// The time by which the database's clock is ahead, in microseconds; negative if it is behind.
    ahead_us: AtomicI64,
}

impl DatabaseClock {
    pub(crate) fn new(local: Arc<dyn SystemClock>) -> Self {
        Self { local, ahead_us: AtomicI64::new(0) }
    }

    /// Notes the time that the database's clock showed just now, in microseconds since 1970.
    pub(crate) fn saw(&self, database_us: i64) {
        self.ahead_us.store(database_us.saturating_sub(micros(self.local.since_1970())), Ordering::Relaxed);
    }

    /// Returns how far the database's clock is ahead of this machine's, in milliseconds; negative if it is behind.
    pub(crate) fn ahead_ms(&self) -> i64 {
        self.ahead_us.load(Ordering::Relaxed) / 1000
    }
}

impl SystemClock for DatabaseClock {
    fn since_1970(&self) -> Duration {
        let local_us = micros(self.local.since_1970());
        let time_us = local_us.saturating_add(self.ahead_us.load(Ordering::Relaxed));
        Duration::from_micros(time_us.max(0).unsigned_abs())
    }

    fn running(&self) -> Duration {
        self.local.running()
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed;

    impl SystemClock for Fixed {
        fn since_1970(&self) -> Duration {
            Duration::from_secs(1000)
        }

        fn running(&self) -> Duration {
            Duration::ZERO
        }
    }

    #[test]
    fn the_databases_clock_is_followed_whichever_is_ahead() {
        let clock = DatabaseClock::new(Arc::new(Fixed));
        assert_eq!(clock.since_1970(), Duration::from_secs(1000));
        for (database, ahead_ms) in [(1600, 600_000), (400, -600_000)] {
            clock.saw(database * 1_000_000);
            assert_eq!((clock.since_1970(), clock.ahead_ms()), (Duration::from_secs(database as u64), ahead_ms));
        }
    }
}
