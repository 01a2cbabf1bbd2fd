//! The system's clock jumps, and neither windows nor the order of entries follow.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use inlet_core::log::Outcome;
use inlet_store::{ClockState, Cursor, RunQuery, Store, StoreOptions, SystemClock};

use crate::suite::support::{DAY_MS, Event, Fixture, Unlimited, log, mapping, vault};

const START: Duration = Duration::from_secs(1_767_323_045);
const HOUR: Duration = Duration::from_secs(3600);
const TO_USER: &str = r#"{"key":"welcome","recipients":{"id":"user_id"}}"#;

/// The clocks of a system, set by hand.
#[derive(Default)]
struct TestClock(Mutex<Clocks>);

#[derive(Default)]
struct Clocks {
    running: Duration,
    /// The difference between the system's clock and the right time, in milliseconds.
    wrong_by_ms: i64,
}

impl SystemClock for TestClock {
    fn since_1970(&self) -> Duration {
        let clocks = self.0.lock().unwrap();
        let right_ms = i64::try_from((START + clocks.running).as_millis()).unwrap();
        Duration::from_millis((right_ms + clocks.wrong_by_ms).unsigned_abs())
    }

    fn running(&self) -> Duration {
        self.0.lock().unwrap().running
    }
}

impl TestClock {
    fn runs(&self, time: Duration) {
        self.0.lock().unwrap().running += time;
    }

    fn is_wrong_by(&self, ms: i64) {
        self.0.lock().unwrap().wrong_by_ms = ms;
    }
}

async fn fixture(clock: &Arc<TestClock>) -> Fixture {
    Fixture::with(|options| StoreOptions { clock: clock.clone(), ..options }).await
}

/// Opens the store again in a process that begins now.
async fn reopen(fixture: Fixture, clock: &Arc<TestClock>) -> Fixture {
    fixture.store.close().await.unwrap();
    drop(fixture.store);
    let options = StoreOptions { clock: clock.clone(), ..fixture.database.options() };
    let store = Arc::new(Store::open(options, vault()).await.unwrap());
    Fixture { store, ..fixture }
}

#[tokio::test]
async fn a_window_is_not_shorter_for_a_clock_that_jumps_ahead() {
    let clock = Arc::new(TestClock::default());
    let fixture = fixture(&clock).await;
    let mappings = [mapping("t", "workflows_trigger", r#"{"key":"k","recipients":{"id":"user_id"}}"#, 1)];
    let event = || Event::new("t", r#"{"userId":"u","data":{}}"#).key("k").mappings(&mappings);
    assert_eq!(fixture.commit(event()).await.outcome, Outcome::Executed);
    clock.is_wrong_by(31 * DAY_MS);
    clock.runs(Duration::from_secs(3));
    assert_eq!(fixture.commit(event()).await.outcome, Outcome::Replayed);
    let now_ms = fixture.store.clock().now_ms();
    assert_eq!(fixture.store.prune_idempotency(now_ms, 100).await.unwrap().deleted, 0);
    clock.is_wrong_by(0);
    assert_eq!(fixture.commit(event()).await.outcome, Outcome::Replayed);
    // The window of a day is over a day later, and was neither shortened nor lengthened.
    clock.runs(23 * HOUR);
    assert_eq!(fixture.commit(event()).await.outcome, Outcome::Replayed);
    clock.runs(HOUR);
    assert_eq!(fixture.commit(event()).await.outcome, Outcome::Executed);
}

#[tokio::test]
async fn a_window_is_not_shorter_for_a_clock_that_goes_back_and_forth() {
    let clock = Arc::new(TestClock::default());
    let fixture = fixture(&clock).await;
    let mappings = [mapping("t", "workflows_trigger", TO_USER, 1)];
    let event = || Event::new("t", r#"{"userId":"u","data":{}}"#).key("k").mappings(&mappings);
    clock.is_wrong_by(-10 * DAY_MS);
    assert_eq!(fixture.commit(event()).await.outcome, Outcome::Executed);
    clock.is_wrong_by(0);
    clock.runs(HOUR);
    assert_eq!(fixture.commit(event()).await.outcome, Outcome::Replayed);
}

#[tokio::test]
async fn the_store_s_time_outlives_the_process_and_catches_up_what_it_was_off() {
    let clock = Arc::new(TestClock::default());
    let store_time = reopen(fixture(&clock).await, &clock).await;
    clock.runs(HOUR);
    assert_eq!(store_time.store.clock().state().behind_ms(), 0);
    store_time.store.keep_time().await.unwrap();
    // While the server is off, three hours pass.
    clock.is_wrong_by(3 * 3_600_000);
    let reopened = reopen(store_time, &clock).await;
    assert_eq!(reopened.store.clock().state().behind_ms(), 3 * 3_600_000);
    clock.runs(HOUR);
    assert_eq!(reopened.store.clock().state().behind_ms(), 2 * 3_600_000);
    clock.runs(2 * HOUR);
    assert_eq!(reopened.store.clock().state().behind_ms(), 0);
}

#[tokio::test]
async fn an_operator_accepts_the_time_of_the_system() {
    let clock = Arc::new(TestClock::default());
    let fixture = fixture(&clock).await;
    for wrong_by_ms in [31 * DAY_MS, -31 * DAY_MS] {
        clock.is_wrong_by(wrong_by_ms);
        fixture.store.accept_system_time(log("acceptSystemTime")).await.unwrap();
        let ClockState { system_ms, store_ms } = fixture.store.clock().state();
        assert_eq!(system_ms, store_ms);
    }
    let accepted = fixture.store.clock().now_ms();
    let reopened = reopen(fixture, &clock).await;
    assert_eq!(reopened.store.clock().now_ms(), accepted);
}

#[tokio::test]
async fn entries_stay_in_order_when_the_clock_goes_back() {
    let clock = Arc::new(TestClock::default());
    let mut fixture = fixture(&clock).await;
    let mappings = [mapping("t", "workflows_trigger", TO_USER, 1)];
    let mut committed = Vec::new();
    for wrong_by_ms in [0, 31 * DAY_MS, -DAY_MS, 0, -400 * DAY_MS] {
        clock.is_wrong_by(wrong_by_ms);
        for _ in 0..3 {
            let id = fixture.store.clock().new_id();
            let item = r#"{"userId":"u","data":{}}"#;
            committed.push(fixture.commit(Event { id, ..Event::new("t", item) }.mappings(&mappings)).await.id);
        }
        fixture = reopen(fixture, &clock).await;
    }
    assert!(committed.is_sorted(), "{committed:?}");
    let query = RunQuery {
        environment_id: fixture.environment,
        cursor: Cursor::Start,
        limit: 100,
        workflow: None,
        source_event: None,
    };
    let runs = fixture.store.runs(&query, &Unlimited).await.unwrap().unwrap().items;
    let by_run: Vec<_> = runs.iter().rev().map(|run| run.source_event).collect();
    assert!(by_run.is_sorted(), "{by_run:?}");
}
