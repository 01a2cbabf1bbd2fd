//! A job that cannot be stored fails alone, and the queue is bounded.

use std::{sync::Arc, time::Duration};

use inlet_core::settle::Job;
use inlet_store::{CommitError, EventQuery, Store, StoreOptions};

use super::support::{Event, Fixture};

fn plain(fixture: &Fixture) -> Job {
    fixture.job(vec![Event::new("t", r#"{"data":{}}"#).prepare(fixture)])
}

#[tokio::test]
async fn one_bad_job_fails_alone() {
    let fixture = Fixture::new().await;
    let mut jobs: Vec<Job> = (0..5).map(|_| plain(&fixture)).collect();
    let event = Event::new("t", r#"{"data":{}}"#);
    jobs[2] = fixture.job(vec![event.clone().prepare(&fixture), event.prepare(&fixture)]);
    let results = fixture.commit_at_once(jobs).await;
    let succeeded: Vec<bool> = results.iter().map(Result::is_ok).collect();
    assert_eq!(succeeded, [true, true, false, true, true]);
    assert_eq!(fixture.store.stats().retried_groups, 1, "they were one group");
    assert!(matches!(&results[2], Err(CommitError::Refused { .. })), "{:?}", results[2]);
    let query = EventQuery::newest(vec![fixture.source_environment], 10);
    assert_eq!(fixture.store.events(&query).await.unwrap().items.len(), 4);
    // The events are counted once, though the group was written twice.
    assert_eq!(fixture.store.source_status(fixture.source_environment).await.unwrap().events_count, 4);
}

#[tokio::test]
async fn an_item_twice_fails_alone_and_whole() {
    let fixture = Fixture::new().await;
    let event = Event::new("t", r#"{"data":{}}"#);
    let twice = fixture.job(vec![event.clone().prepare(&fixture), event.prepare(&fixture)]);
    let results = fixture.commit_at_once(vec![plain(&fixture), twice, plain(&fixture)]).await;
    assert!(matches!(&results[1], Err(CommitError::Refused { .. })));
    assert!(results[0].is_ok() && results[2].is_ok());
    let query = EventQuery::newest(vec![fixture.source_environment], 10);
    assert_eq!(fixture.store.events(&query).await.unwrap().items.len(), 2);
}

#[tokio::test]
async fn a_full_queue_is_an_answer() {
    let fixture = Fixture::with(|options| StoreOptions { queue: 1, ..options }).await;
    let results = fixture.send_at_once((0..10).map(|_| plain(&fixture)).collect()).await;
    let overloaded: Vec<_> = results.iter().filter_map(|result| result.as_ref().err()).collect();
    assert!(!overloaded.is_empty());
    insta::assert_snapshot!(
        overloaded[0],
        @"the source has 1 jobs of 4107 bytes waiting to be stored, and there is no room for more; send again later"
    );
    assert!(results.iter().any(Result::is_ok));
}

#[tokio::test]
async fn jobs_that_nobody_waits_to_send_again_find_room_in_a_full_queue() {
    let fixture = Fixture::with(|options| StoreOptions { queue: 1, queue_bytes: 1, ..options }).await;
    let results = fixture.commit_at_once((0..10).map(|_| plain(&fixture)).collect()).await;
    assert!(results.iter().all(Result::is_ok));
}

#[tokio::test]
async fn a_job_is_refused_if_it_would_wait_for_too_long() {
    let fixture = Fixture::with(|options| StoreOptions { max_wait: Duration::ZERO, ..options }).await;
    let results = fixture.send_at_once((0..10).map(|_| plain(&fixture)).collect()).await;
    let overloaded = |result: &Result<_, CommitError>| matches!(result, Err(CommitError::Overloaded(_)));
    assert!(results.iter().any(overloaded));
    assert!(results.iter().all(|result| result.is_ok() || overloaded(result)), "{results:?}");
    let stored = EventQuery::newest(vec![fixture.source_environment], 20);
    let stored = fixture.store.events(&stored).await.unwrap().items.len();
    assert_eq!(stored, results.iter().filter(|result| result.is_ok()).count(), "what was refused is not stored");
}

#[tokio::test]
async fn a_job_is_dropped_with_what_it_holds_if_its_caller_goes_away() {
    let fixture = Fixture::new().await;
    let busy = fixture.keep_writer_busy().await;
    let held: Arc<()> = Arc::new(());
    let abandoned: Vec<_> = (0..5)
        .map(|_| {
            let (store, job, hold) = (fixture.store.clone(), plain(&fixture), held.clone());
            tokio::spawn(async move { store.commit_for_sender(job, None, hold).await })
        })
        .collect();
    tokio::task::yield_now().await;
    assert_eq!(fixture.store.stats().queued, 5);
    assert_eq!(Arc::strong_count(&held), 6);
    abandoned.iter().for_each(tokio::task::JoinHandle::abort);
    busy.await.unwrap();
    fixture.store.commit(plain(&fixture)).await.unwrap();
    assert_eq!(Arc::strong_count(&held), 1, "what an abandoned job held is free");
    assert_eq!(fixture.store.source_status(fixture.source_environment).await.unwrap().events_count, 1);
}

#[tokio::test]
async fn closing_finishes_what_is_waiting_and_refuses_the_rest() {
    let fixture = Fixture::new().await;
    let jobs: Vec<Job> = (0..20).map(|_| plain(&fixture)).collect();
    let late = plain(&fixture);
    let store: Arc<Store> = fixture.store.clone();
    let (results, closed) = tokio::join!(fixture.commit_at_once(jobs), async {
        while store.stats().queued < 20 {
            tokio::task::yield_now().await;
        }
        store.close().await
    });
    closed.unwrap();
    assert!(results.iter().all(Result::is_ok));
    insta::assert_snapshot!(
        fixture.store.commit(late).await.unwrap_err(),
        @"the storage is unavailable: the store is closed; the server is stopping"
    );
    drop(store);
    let fixture = fixture.reopen().await;
    let query = EventQuery::newest(vec![fixture.source_environment], 100);
    assert_eq!(fixture.store.events(&query).await.unwrap().items.len(), 20);
}

#[tokio::test]
async fn what_waits_together_is_one_transaction() {
    let fixture = Fixture::new().await;
    let results = fixture.commit_at_once((0..50).map(|_| plain(&fixture)).collect()).await;
    assert!(results.iter().all(Result::is_ok));
    let stats = fixture.store.stats();
    assert_eq!((stats.events, stats.queued), (Fixture::BUSY_EVENTS as u64 + 50, 0));
    assert_eq!((stats.groups, stats.last_group), (2, 50), "{stats:?}");
}

#[tokio::test]
async fn a_group_is_bounded() {
    let fixture = Fixture::with(|options| StoreOptions { group_events: 8, ..options }).await;
    fixture.commit_at_once((0..20).map(|_| plain(&fixture)).collect()).await;
    let stats = fixture.store.stats();
    assert_eq!((stats.groups, stats.last_group), (1 + 3, 4), "{stats:?}");
}
