//! Signed requests that may be taken once.

use inlet_core::{settle::Job, verification::Nonce};
use inlet_store::{CommitError, EventQuery, Settled};

use super::support::{Event, Fixture};

/// Far in the future, in milliseconds since 1970.
const LATER: i64 = 4_000_000_000_000;

fn signed(fixture: &Fixture, byte: u8, until_ms: i64) -> Job {
    let items = vec![Event::new("t", r#"{"data":{}}"#).prepare(fixture)];
    Job { nonce: Some(Nonce { digest: [byte; 16], until_ms }), ..fixture.job(items) }
}

fn taken(results: &[Result<Vec<Settled>, CommitError>]) -> Vec<bool> {
    results
        .iter()
        .map(|result| match result {
            Ok(_) => true,
            Err(CommitError::Seen) => false,
            Err(error) => panic!("{error}"),
        })
        .collect()
}

#[tokio::test]
async fn a_signed_request_is_taken_once_in_one_group_or_in_two() {
    let fixture = Fixture::new().await;
    let jobs = [1, 2, 1, 1, 3].map(|byte| signed(&fixture, byte, LATER)).into();
    assert_eq!(taken(&fixture.commit_at_once(jobs).await), [true, true, false, false, true]);
    let unsigned = fixture.job(vec![Event::new("t", r#"{"data":{}}"#).prepare(&fixture)]);
    let jobs = vec![signed(&fixture, 3, LATER), unsigned, signed(&fixture, 4, LATER)];
    assert_eq!(taken(&fixture.commit_at_once(jobs).await), [false, true, true]);
    let fixture = fixture.reopen().await;
    assert_eq!(taken(&fixture.commit_at_once(vec![signed(&fixture, 4, LATER)]).await), [false]);
    let query = EventQuery::newest(vec![fixture.source_environment], 100);
    assert_eq!(fixture.store.events(&query).await.unwrap().items.len(), 5);
    assert_eq!(fixture.store.source_status(fixture.source_environment).await.unwrap().events_count, 5);
}

#[tokio::test]
async fn what_could_not_be_stored_was_not_taken() {
    let fixture = Fixture::new().await;
    let bad = Job { source_environment: 4711, ..signed(&fixture, 1, LATER) };
    let results = fixture.commit_at_once(vec![bad, signed(&fixture, 2, LATER)]).await;
    assert!(matches!(&results[0], Err(CommitError::Refused { .. })), "{results:?}");
    assert!(results[1].is_ok());
    assert_eq!(taken(&fixture.commit_at_once(vec![signed(&fixture, 1, LATER)]).await), [true]);
}

#[tokio::test]
async fn what_its_own_time_refuses_is_forgotten() {
    let fixture = Fixture::new().await;
    let jobs = vec![signed(&fixture, 1, 1000), signed(&fixture, 2, LATER)];
    assert_eq!(taken(&fixture.commit_at_once(jobs).await), [true, true]);
    assert_eq!(taken(&fixture.commit_at_once(vec![signed(&fixture, 1, 1000)]).await), [true], "it counts no more");
    let pruned = fixture.store.prune_nonces(2000, 10).await.unwrap();
    assert_eq!((pruned.deleted, pruned.complete), (1, true));
    assert_eq!(taken(&fixture.commit_at_once(vec![signed(&fixture, 2, LATER)]).await), [false]);
}
