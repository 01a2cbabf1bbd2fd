//! The sentences of SQLite's own errors, and a database that is full.

use inlet_core::settle::Job;
use inlet_store::{CommitError, EventQuery, StoreOptions};

use crate::suite::support::{Event, Fixture};

#[tokio::test]
async fn a_refused_job_is_told_the_constraint() {
    let fixture = Fixture::new().await;
    let job = fixture.job(vec![Event::new("t", r#"{"data":{}}"#).prepare(&fixture)]);
    let refused = fixture.store.commit(Job { source_environment: 4711, ..job }).await;
    insta::assert_snapshot!(
        refused.unwrap_err(),
        @"the storage refused it: error returned from database: (code: 787) FOREIGN KEY constraint failed"
    );
}

#[tokio::test]
async fn a_full_storage_takes_nothing_and_recovers() {
    let fixture = Fixture::with(|options| StoreOptions { size_limit: Some(1_700_000), ..options }).await;
    let big = format!(r#"{{"data":{{"padding":"{}"}}}}"#, "p".repeat(50_000));
    let mut stored = 0;
    let error = loop {
        let job = fixture.job(vec![Event::new("t", &big).prepare(&fixture)]);
        match fixture.store.commit(job).await {
            Ok(_) => stored += 1,
            Err(error) => break error,
        }
    };
    insta::assert_snapshot!(
        error,
        @"the storage is unavailable: the disk, or the size limit of the database, is full; make room (error returned from database: (code: 13) database or disk is full)"
    );
    assert!(stored > 3);
    let query = EventQuery::newest(vec![fixture.source_environment], 100);
    assert_eq!(fixture.store.events(&query).await.unwrap().items.len(), stored);
    // A group on a full disk fails as a whole, without a retry of each.
    let results = fixture.commit_at_once(vec![
        fixture.job(vec![Event::new("t", &big).prepare(&fixture)]),
        fixture.job(vec![Event::new("t", &big).prepare(&fixture)]),
    ]);
    assert!(results.await.iter().all(|result| matches!(result, Err(CommitError::Unavailable { .. }))));
    assert_eq!(fixture.store.stats().retried_groups, 0);

    let pruned = fixture.store.prune(fixture.environment, i64::MAX, 100).await.unwrap();
    assert_eq!(pruned.events, stored as u64);
    let job = fixture.job(vec![Event::new("t", &big).prepare(&fixture)]);
    fixture.store.commit(job).await.unwrap();
}
