//! The store's own time, by which data is kept and windows are counted, and the ids that follow it.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use inlet_core::settle::TransactionTime;
use uuid::{ContextV7, Timestamp, Uuid};

use super::{SystemClock, paced_time::PacedTime};

/// The store's time. A jump of the system's clock neither ages what is stored nor makes it younger: the store's time runs at
/// least half and at most twice as fast as the process, until it agrees with the system's clock.
pub struct StoreClock {
    system: Arc<dyn SystemClock>,
    state: Mutex<State>,
}

struct State {
    paced: PacedTime,
    ids: ContextV7,
}

/// The system's clock and the store's time at one moment, in milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockState {
    /// The time of the system's clock.
    pub system_ms: i64,
    /// The store's time.
    pub store_ms: i64,
}

impl ClockState {
    /// Returns the milliseconds by which the store's time is behind the system's clock; negative if it is ahead.
    pub fn behind_ms(self) -> i64 {
        self.system_ms.saturating_sub(self.store_ms)
    }

    /// Returns the earlier of the two. What ends at a time of the system's clock is over, and may be deleted, once both have
    /// passed it.
    pub fn earlier_ms(self) -> i64 {
        self.system_ms.min(self.store_ms)
    }
}

impl fmt::Debug for StoreClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreClock").field("state", &self.state()).finish_non_exhaustive()
    }
}

impl StoreClock {
    /// Continues at the stored time, or begins at the system's. New ids are greater than all of `newest_id_ms` and before.
    pub(crate) fn start(system: Arc<dyn SystemClock>, stored_ms: Option<i64>, newest_id_ms: Option<i64>) -> Self {
        let system_us = micros(system.since_1970());
        let time_us = stored_ms.map_or(system_us, |ms| ms.saturating_mul(1000));
        let state = State { paced: PacedTime::new(time_us, system.running()), ids: ContextV7::new() };
        if let Some(ms) = newest_id_ms {
            // The first id of the next millisecond is greater than all of this one.
            state.new_id(ms.saturating_add(1).saturating_mul(1000));
        }
        Self { system, state: Mutex::new(state) }
    }

    /// Returns the store's time, in milliseconds since 1970.
    pub fn now_ms(&self) -> i64 {
        self.state().store_ms
    }

    /// Returns both times.
    pub fn state(&self) -> ClockState {
        let (_state, system_us, store_us) = self.advance();
        ClockState { system_ms: system_us / 1000, store_ms: store_us / 1000 }
    }

    /// Returns both times for a transaction.
    pub(crate) fn transaction_time(&self) -> TransactionTime {
        let ClockState { system_ms, store_ms } = self.state();
        TransactionTime { system_ms, store_ms }
    }

    /// Makes the id of something that is stored in the order of its arrival: UUIDv7, each greater than all before it, also those of
    /// earlier processes and of before the system's clock went back.
    pub fn new_id(&self) -> Uuid {
        let (state, system_us, store_us) = self.advance();
        state.new_id(system_us.max(store_us))
    }

    /// Continues at the time of the system's clock, whatever that is.
    pub(crate) fn accept_system_time(&self) {
        let (mut state, system_us, _) = self.advance();
        state.paced = PacedTime::new(system_us, self.system.running());
    }

    /// Advances the store's time. Returns also the time of the system's clock and the store's, in microseconds since 1970.
    fn advance(&self) -> (MutexGuard<'_, State>, i64, i64) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let system_us = micros(self.system.since_1970());
        let store_us = state.paced.advance(self.system.running(), system_us);
        (state, system_us, store_us)
    }
}

impl State {
    fn new_id(&self, time_us: i64) -> Uuid {
        let since_1970 = Duration::from_micros(time_us.max(0).unsigned_abs());
        // The context takes its last time where this one is earlier.
        Uuid::new_v7(Timestamp::from_unix(&self.ids, since_1970.as_secs(), since_1970.subsec_nanos()))
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
