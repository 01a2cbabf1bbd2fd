//! Removing bodies that are past their retention, or bodies of all events that did not fail. The logs stay.

use inlet_core::Uuid;
use inlet_store::{Bodies, Cursor, EventQuery, NewRefused, StoredEvent};

use super::support::{DAY_MS, Event, Fixture, mapping, nothing_held};

const ITEM: &str = r#"{"userId":"u","data":{"secret":"canary"}}"#;

/// Returns an id with a time, distinct for each number.
fn id_at(ms: i64, number: u128) -> Uuid {
    Uuid::from_u128((ms as u128) << 80 | 0x7000 << 64 | 1 << 63 | number)
}

async fn events(fixture: &Fixture) -> Vec<StoredEvent> {
    let query = EventQuery { include_actions: true, ..EventQuery::newest(vec![fixture.source_environment], 100) };
    let mut events = fixture.store.events(&query).await.unwrap().items;
    events.reverse();
    events
}

fn has_body(event: &StoredEvent) -> bool {
    let payloads = event.actions.iter().map(|action| action.payload.content.is_some());
    let parts: Vec<bool> =
        [event.original.content.is_some(), event.data.is_some()].into_iter().chain(payloads).collect();
    assert!(parts.iter().all(|part| *part == parts[0]), "all or nothing: {parts:?}");
    assert_eq!(event.body_removed, !parts[0]);
    parts[0]
}

#[tokio::test]
async fn what_is_past_the_retention_of_bodies_loses_them_once_and_stays_in_the_log() {
    let fixture = Fixture::new().await;
    let mappings = [mapping("t", "workflows_trigger", r#"{"key":"k","recipients":{"id":"user_id"}}"#, 1)];
    let event = |ms, number| Event { id: id_at(ms, number), ..Event::new("t", ITEM).mappings(&mappings) };
    fixture.commit_all((0..5).map(|number| event(DAY_MS, number)).collect()).await;
    fixture.commit_all((0..5).map(|number| event(DAY_MS * 3, number)).collect()).await;
    let prune =
        async |cutoff_ms| fixture.store.prune_bodies(fixture.environment, Bodies::All, cutoff_ms, 3).await.unwrap();
    let mut slices = Vec::new();
    loop {
        let slice = prune(DAY_MS * 2).await;
        if slice.passed == 0 {
            break;
        }
        slices.push((slice.passed, slice.removed));
    }
    assert_eq!(slices, [(3, 3), (2, 2)]);
    let found = events(&fixture).await;
    assert_eq!(found.iter().map(has_body).collect::<Vec<_>>(), [vec![false; 5], vec![true; 5]].concat());
    let removed = &found[0];
    assert_eq!((removed.event_type.as_str(), removed.user_id.as_deref(), removed.original.size), ("t", Some("u"), 0));
    assert_eq!((removed.headers.as_ref(), removed.guest_logs.as_ref(), removed.actions.len()), (None, None, 1));
    // In a new store the walk continues at its position.
    assert!(!has_body(&fixture.event(removed.id).await));
    let fixture = fixture.reopen().await;
    let slice = fixture.store.prune_bodies(fixture.environment, Bodies::All, DAY_MS * 4, 100).await.unwrap();
    assert_eq!((slice.passed, slice.removed), (5, 5));
}

#[tokio::test]
async fn failures_keep_their_bodies_when_only_they_shall() {
    let fixture = Fixture::new().await;
    let bad = [mapping("t", "workflows_trigger", r#"{"key":"k","recipients":"data.nobody"}"#, 1)];
    fixture.commit_all(vec![Event::new("t", ITEM), Event::new("t", ITEM).mappings(&bad), Event::new("t", ITEM)]).await;
    let elsewhere = fixture.store.prune_bodies(fixture.environment + 1, Bodies::NotFailed, i64::MAX, 10).await.unwrap();
    assert_eq!(elsewhere.passed, 0);
    let slice = fixture.store.prune_bodies(fixture.environment, Bodies::NotFailed, i64::MAX, 10).await.unwrap();
    assert_eq!((slice.passed, slice.removed), (3, 2));
    assert_eq!(events(&fixture).await.iter().map(has_body).collect::<Vec<_>>(), [false, true, false]);
    // The walks are independent: past the retention, failures lose their bodies too.
    let slice = fixture.store.prune_bodies(fixture.environment, Bodies::All, i64::MAX, 10).await.unwrap();
    assert_eq!((slice.passed, slice.removed), (3, 1));
    // Both walks meet a later event.
    fixture.commit(Event::new("t", ITEM)).await;
    let slice = fixture.store.prune_bodies(fixture.environment, Bodies::NotFailed, i64::MAX, 10).await.unwrap();
    assert_eq!((slice.passed, slice.removed), (1, 1));
}

#[tokio::test]
async fn large_bodies_make_small_slices() {
    let fixture = Fixture::new().await;
    let item = format!(r#"{{"data":{{"a":"{}"}}}}"#, "x".repeat(5 << 20));
    for _ in 0..3 {
        fixture.commit(Event::new("t", &item)).await;
    }
    let slice = fixture.store.prune_bodies(fixture.environment, Bodies::NotFailed, i64::MAX, 10).await.unwrap();
    assert_eq!((slice.passed, slice.removed), (1, 1));
}

#[tokio::test]
async fn refused_requests_lose_theirs_and_keep_size_and_digest() {
    let fixture = Fixture::new().await;
    let request = |ms, number| NewRefused {
        environment_id: fixture.environment,
        source_environment_id: fixture.source_environment,
        id: id_at(ms, number),
        received_at_ms: ms,
        cause: "failed".to_owned(),
        digest: [7; 32],
        method: "POST".to_owned(),
        path: String::new(),
        query: "[]".to_owned(),
        credential_hash: None,
        headers: r#"{"x-signature":"1"}"#.to_owned(),
        size: 6,
        body: Some("canary".into()),
        reason: None,
    };
    fixture.store.refuse(request(DAY_MS, 1), nothing_held()).await.unwrap();
    fixture.store.refuse(request(DAY_MS * 3, 2), nothing_held()).await.unwrap();
    let not_failed = fixture.store.prune_bodies(fixture.environment, Bodies::NotFailed, i64::MAX, 10).await.unwrap();
    assert_eq!(not_failed.passed, 0, "a refused request is a failure");
    let slice = fixture.store.prune_bodies(fixture.environment, Bodies::All, DAY_MS * 2, 10).await.unwrap();
    assert_eq!((slice.passed, slice.removed), (1, 1));
    let one = async |id| fixture.store.refused_request(fixture.source_environment, id).await.unwrap().unwrap();
    let old = one(id_at(DAY_MS, 1)).await;
    assert_eq!((old.body, old.headers, old.size, old.digest), (None, None, 6, vec![7; 32]));
    assert!(one(id_at(DAY_MS * 3, 2)).await.body.is_some());
    let listed = fixture.store.refused(fixture.source_environment, Cursor::Start, 10).await.unwrap();
    assert_eq!(listed.items.len(), 2);
}
