//! Jobs of a node whose lease another node has taken over.

use std::time::Duration;

use inlet_core::Uuid;
use inlet_store::{CommitError, JobFence, LogSearchEntry, LogSegment, Store, fenced, inherit_fence};

use crate::suite::support::{Fixture, vault};

const NAME: &str = "log_index";
const LONG: Duration = Duration::from_secs(3600);
/// A lease of no length has expired as soon as it is written.
const EXPIRED: Duration = Duration::ZERO;

async fn second(fixture: &Fixture) -> Store {
    Store::open(fixture.database.options_of_node("second"), vault()).await.unwrap()
}

/// Acquires the lease, and returns the fence of what is done under it.
async fn acquire(store: &Store, owner: &str, ttl: Duration) -> JobFence {
    let lease = store.job_lease_acquire(NAME, owner, ttl).await.unwrap();
    assert!(lease.is_held);
    JobFence { name: NAME, owner: owner.into(), epoch: lease.epoch }
}

fn entry(number: u32) -> LogSearchEntry {
    LogSearchEntry { hash: number, event: Some(u64::from(number).to_be_bytes()) }
}

fn segment(fixture: &Fixture, entries: Vec<LogSearchEntry>) -> LogSegment {
    let (first_id, last_id) = (Uuid::from_u128(1), Uuid::from_u128(2));
    LogSegment { source_environment_id: fixture.source_environment, first_id, last_id, entries }
}

async fn entries(fixture: &Fixture) -> i64 {
    let mut connection = fixture.database.connect().await;
    sqlx::query_scalar("SELECT count(*) FROM log_search").fetch_one(&mut connection).await.unwrap()
}

fn refused<T: std::fmt::Debug>(result: Result<T, CommitError>) {
    let error = result.unwrap_err().to_string();
    insta::allow_duplicates! {
        insta::assert_snapshot!(
            error,
            @"the storage is unavailable: another server has taken over the lease under which this was to be done; try it again"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_whose_lease_was_taken_over_does_not_touch_what_the_other_one_wrote() {
    let fixture = Fixture::new().await;
    let (first, second) = (&fixture.store, second(&fixture).await);
    let late = acquire(first, "first", EXPIRED).await;
    let number = fenced(late.clone(), first.begin_log_segment(100)).await.unwrap().unwrap();
    fenced(late.clone(), first.add_log_entries(number, vec![entry(1)])).await.unwrap();

    let current = acquire(&second, "second", LONG).await;
    let began = async { second.begin_log_segment(100).await.unwrap() };
    assert_eq!(fenced(current.clone(), began).await, None, "what the first one left is removed");
    assert_eq!(fenced(current.clone(), second.begin_log_segment(100)).await, Ok(Some(number)));
    let written = segment(&fixture, vec![entry(2), entry(3)]);
    fenced(current.clone(), second.add_log_entries(number, written.entries.clone())).await.unwrap();

    refused(fenced(late.clone(), first.begin_log_segment(100)).await);
    refused(fenced(late.clone(), first.add_log_entries(number, vec![entry(4)])).await);
    refused(fenced(late.clone(), first.finish_log_segment(number, &written)).await);
    let spawned = fenced(late.clone(), async {
        let store = first.clone();
        tokio::spawn(inherit_fence(async move { store.begin_log_segment(100).await })).await.unwrap()
    });
    refused(spawned.await);
    assert_eq!(entries(&fixture).await, 2);
    fenced(current, second.finish_log_segment(number, &written)).await.unwrap();
    // The fence is one of the work, not of the connection.
    assert_eq!(first.begin_log_segment(100).await, Ok(Some(number + 1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_epoch_of_ones_own_that_is_over_is_no_fence() {
    let fixture = Fixture::new().await;
    let earlier = acquire(&fixture.store, "first", EXPIRED).await;
    let current = acquire(&fixture.store, "first", LONG).await;
    assert_ne!(earlier, current);
    refused(fenced(earlier, fixture.store.begin_log_segment(100)).await);
    assert_eq!(fenced(current.clone(), fixture.store.begin_log_segment(100)).await, Ok(Some(1)));
    fixture.store.job_lease_release(NAME, "first", current.epoch).await.unwrap();
    refused(fenced(current, fixture.store.begin_log_segment(100)).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_an_earlier_holder_is_committed_after_a_takeover() {
    let fixture = Fixture::new().await;
    let second = second(&fixture).await;
    for round in 0..20 {
        let fence = acquire(&fixture.store, &format!("first-{round}"), EXPIRED).await;
        let store = fixture.store.clone();
        let writing = tokio::spawn(fenced(fence, async move {
            let mut written = 0;
            // Without a fence it would go on for ever.
            while written < 2_000 && store.add_log_entries(1, vec![entry(round * 1_000_000 + written)]).await.is_ok() {
                written += 1;
            }
        }));
        tokio::time::sleep(Duration::from_millis(20)).await;
        _ = acquire(&second, &format!("second-{round}"), EXPIRED).await;
        let found = entries(&fixture).await;
        writing.await.unwrap();
        assert_eq!(entries(&fixture).await, found, "round {round}");
    }
    assert!(entries(&fixture).await > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_takeover_waits_for_the_transaction_that_is_under_way() {
    let fixture = Fixture::new().await;
    let second = second(&fixture).await;
    let fence = acquire(&fixture.store, "first", EXPIRED).await;
    // The operation holds the fence and waits for this table.
    let mut holder = fixture.database.connect().await;
    sqlx::raw_sql("BEGIN; LOCK TABLE log_segments IN ACCESS EXCLUSIVE MODE").execute(&mut holder).await.unwrap();
    let store = fixture.store.clone();
    let first = tokio::spawn(fenced(fence, async move { store.begin_log_segment(100).await }));
    let mut watcher = fixture.database.connect().await;
    let waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'log_segments'::regclass";
    while sqlx::query_scalar::<_, i64>(waits).fetch_one(&mut watcher).await.unwrap() == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let takeover = second.job_lease_acquire(NAME, "second", LONG);
    let taken = tokio::time::timeout(Duration::from_millis(500), takeover).await;
    assert!(taken.is_err(), "{taken:?}");
    sqlx::raw_sql("ROLLBACK").execute(&mut holder).await.unwrap();
    assert_eq!(first.await.unwrap(), Ok(Some(1)));
    let after = acquire(&second, "second", LONG).await;
    assert_eq!(after.epoch, 2);
}
