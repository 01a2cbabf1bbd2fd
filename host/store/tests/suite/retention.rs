//! Pruning deletes old rows only, in slices, with their dependants.

use inlet_core::Uuid;
use inlet_store::{Cursor, EventQuery, RunQuery};

use super::support::{DAY_MS, Event, Fixture, Unlimited, mapping};

/// Returns an id with a time, distinct for each number.
fn id_at(ms: i64, number: u128) -> Uuid {
    Uuid::from_u128((ms as u128) << 80 | 0x7000 << 64 | 1 << 63 | number)
}

#[tokio::test]
async fn only_what_is_old_goes_in_slices() {
    let fixture = Fixture::new().await;
    let mappings = [mapping("t", "workflows_trigger", r#"{"key":"k","recipients":{"id":"user_id"}}"#, 1)];
    let event = |ms, number| Event { id: id_at(ms, number), ..Event::new("t", r#"{"userId":"u","data":{}}"#) };
    let old: Vec<_> = (0..25).map(|number| event(DAY_MS, number).mappings(&mappings)).collect();
    let kept: Vec<_> = (0..5).map(|number| event(DAY_MS * 3, number).mappings(&mappings)).collect();
    fixture.commit_all(old).await;
    fixture.commit_all(kept).await;

    let mut slices = Vec::new();
    loop {
        let pruned = fixture.store.prune(fixture.environment, DAY_MS * 2, 10).await.unwrap();
        if pruned.is_empty() {
            break;
        }
        slices.push((pruned.events, pruned.actions));
        assert_eq!(pruned.runs, 0, "runs have ids of their own time");
    }
    assert_eq!(slices, [(10, 10), (10, 10), (5, 5)]);
    let query = EventQuery { include_actions: true, ..EventQuery::newest(vec![fixture.source_environment], 100) };
    let left = fixture.store.events(&query).await.unwrap().items;
    assert_eq!(left.len(), 5);
    assert!(left.iter().all(|event| event.actions.len() == 1));
    let status = fixture.store.source_status(fixture.source_environment).await.unwrap();
    assert_eq!(status.events_count, 30, "counts tell what was received, not what is left");
}

#[tokio::test]
async fn runs_go_with_their_recipients_and_users_stay() {
    let fixture = Fixture::new().await;
    let mappings = [mapping("t", "workflows_trigger", r#"{"key":"k","recipients":"data.to"}"#, 1)];
    let item = r#"{"userId":"u","data":{"to":[{"id":"a"},{"id":"b"}]}}"#;
    fixture.commit_all((0..3).map(|_| Event::new("t", item).mappings(&mappings)).collect()).await;
    let elsewhere = fixture.store.environments().await.unwrap()[1].id;
    assert!(fixture.store.prune(elsewhere, i64::MAX, 100).await.unwrap().is_empty());
    let pruned = fixture.store.prune(fixture.environment, i64::MAX, 2).await.unwrap();
    assert_eq!((pruned.runs, pruned.recipients, pruned.events, pruned.actions), (2, 4, 2, 2));
    let query = RunQuery {
        environment_id: fixture.environment,
        cursor: Cursor::Start,
        limit: 10,
        workflow: None,
        source_event: None,
    };
    let left = fixture.store.runs(&query, &Unlimited).await.unwrap().unwrap().items;
    assert_eq!((left.len(), left[0].recipients.len()), (1, 2));
    assert_eq!(
        fixture.store.users(fixture.environment, Cursor::Start, 10, &Unlimited).await.unwrap().unwrap().items.len(),
        2
    );
}

#[tokio::test]
async fn expired_records_are_deleted_in_slices() {
    let fixture = Fixture::new().await;
    let mappings = [mapping("t", "workflows_trigger", r#"{"key":"k","recipients":{"id":"user_id"}}"#, 1)];
    let keys: Vec<String> = (0..25).map(|number| format!("key {number}")).collect();
    let event = |key| Event::new("t", r#"{"userId":"u","data":{}}"#).key(key).mappings(&mappings);
    fixture.commit_all(keys.iter().map(|key| event(key)).collect()).await;
    fixture.end_generation().await;

    let soon = fixture.store.prune_idempotency(0, 1000).await.unwrap();
    assert_eq!((soon.deleted, soon.complete), (0, true), "nothing has expired at time 0");
    let mut deleted = Vec::new();
    loop {
        let pruned = fixture.store.prune_idempotency(i64::MAX, 10).await.unwrap();
        deleted.push(pruned.deleted);
        if pruned.complete {
            break;
        }
    }
    deleted.retain(|deleted| *deleted > 0);
    assert_eq!(deleted, [10, 10, 5]);
    assert_eq!(fixture.store.prune_idempotency(i64::MAX, 10).await.unwrap().deleted, 0);
}
