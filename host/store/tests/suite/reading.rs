//! Event logs come back exactly, and pages have no gaps.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use inlet_core::{
    Uuid,
    hints::Hints,
    log::{Original, Outcome, StageTimes, TimedStage},
    settle::Prepared,
};
use inlet_store::{Cursor, EventQuery, Kept};

use super::support::{Event, Fixture, log, mapping, plugin, source};

#[tokio::test]
async fn everything_comes_back_as_it_was() {
    let fixture = Fixture::new().await;
    let item = r#"{"userId":"u1", "data":{"n":9007199254740993,"price":1.10,"é":"ü"}, "rest":true}"#;
    let mut prepared = Event::new("track/Äpfel", item).key("key-1").prepare(&fixture);
    prepared.log.headers = Some(r#"{"x-request-id":"7"}"#.into());
    prepared.log.guest_logs = Some(r#"[{"level":"info","message":"hi"}]"#.into());
    prepared.log.warnings = vec!["a warning".to_owned()];
    prepared.log.redacted = vec!["data.secret".to_owned()];
    let hints = Hints { tenant: Some("acme \"1\"".to_owned()), group_id: Some("g".to_owned()), ..Hints::default() };
    prepared.log.hints = Some(Box::new(hints.clone()));
    let times = StageTimes::default().with(TimedStage::Translate, Duration::from_micros(200));
    prepared.log.stage_times = Some(times.settling_since(Instant::now() - Duration::from_millis(50)));
    let id = prepared.log.id;
    fixture.store.commit(fixture.job(vec![prepared])).await.unwrap();
    let stored = fixture.event(id).await;
    let times = stored.stage_times.unwrap();
    assert_eq!((times.micros(TimedStage::Translate), times.micros(TimedStage::Plan)), (200, 0));
    assert!(times.micros(TimedStage::Settle) >= 49_000, "settling lasts until the event is written");
    assert_eq!(stored.event_type, "track/Äpfel");
    assert_eq!(stored.user_id.as_deref(), Some("u1"));
    let data = r#"{"n":9007199254740993,"price":1.10,"é":"ü"}"#.to_owned();
    assert_eq!(stored.data, Some(Kept { size: data.len() as u64, content: Some(data) }));
    assert_eq!(stored.original.content, Some(Original::Json(item.into())));
    assert_eq!(stored.outcome, Outcome::Logged);
    assert_eq!(stored.idempotency_key.as_deref(), Some("key-1"));
    assert_eq!((stored.occurred_at_us, stored.received_at_ms), (1_700_000_000_123_456, 1_700_000_000_200));
    assert_eq!(stored.headers.as_deref(), Some(r#"{"x-request-id":"7"}"#));
    assert_eq!(stored.guest_logs.as_deref(), Some(r#"[{"level":"info","message":"hi"}]"#));
    assert_eq!(
        (stored.warnings.clone(), stored.redacted.clone()),
        (vec!["a warning".to_owned()], vec!["data.secret".to_owned()])
    );
    assert_eq!(stored.hints.as_deref(), Some(&hints));
    assert_eq!(*stored.plugin, plugin());
}

#[tokio::test]
async fn hints_are_stored_without_warnings_beside_them() {
    let fixture = Fixture::new().await;
    let hints = Hints { anonymous_id: Some("a-1".to_owned()), ..Hints::default() };
    let mut with = Event::new("track/A", "{}").prepare(&fixture);
    with.log.hints = Some(Box::new(hints.clone()));
    let without = Event::new("track/B", "{}").prepare(&fixture);
    let ids = [with.log.id, without.log.id];
    fixture.store.commit(fixture.job(vec![with, without])).await.unwrap();
    let stored = fixture.event(ids[0]).await;
    assert_eq!((stored.hints.as_deref(), stored.warnings.len(), stored.redacted.len()), (Some(&hints), 0, 0));
    assert_eq!(fixture.event(ids[1]).await.hints, None);
}

#[tokio::test]
async fn what_is_not_json_comes_back_too() {
    let fixture = Fixture::new().await;
    let text = Original::Text("not JSON, with a \0 in it".into());
    let bytes = Original::Bytes(vec![0xff, 0x00, 0xfe].into());
    for original in [text, bytes] {
        let mut log = Event::new("", "{}").prepare(&fixture).log;
        (log.original, log.data, log.outcome) = (original.clone(), None, Outcome::Rejected);
        (log.reason, log.code) = (Some("it is not JSON".to_owned()), Some("not_json".to_owned()));
        let id = log.id;
        fixture.store.commit(fixture.job(vec![Prepared { log, plan: None }])).await.unwrap();
        let stored = fixture.event(id).await;
        assert_eq!(stored.original, Kept { size: original.len() as u64, content: Some(original) });
        assert_eq!((stored.outcome, &stored.data), (Outcome::Rejected, &None));
        assert_eq!((stored.reason.as_deref(), stored.code.as_deref()), (Some("it is not JSON"), Some("not_json")));
    }
}

#[tokio::test]
async fn lists_leave_long_values_out_and_say_how_long_they_are() {
    let fixture = Fixture::new().await;
    let padding = "p".repeat(20_000);
    let mappings = [mapping("t", "users_identify", "{}", 1)];
    let long = format!(r#"{{"userId":"u","data":{{"padding":"{padding}"}}}}"#);
    let short_data = format!(r#"{{"userId":"u","data":{{"a":1}},"padding":"{padding}"}}"#);
    fixture.commit(Event::new("t", &long).mappings(&mappings)).await;
    fixture.commit(Event::new("t", &short_data).mappings(&mappings)).await;
    let mut query = EventQuery { include_actions: true, ..EventQuery::newest(vec![fixture.source_environment], 10) };
    let cut = fixture.store.events(&query).await.unwrap().items;
    assert_eq!(cut[0].original, Kept { content: None, size: short_data.len() as u64 });
    assert_eq!(cut[0].data.as_ref().unwrap().content.as_deref(), Some(r#"{"a":1}"#));
    assert_eq!(cut[1].data, Some(Kept { content: None, size: 20_014 }));
    assert_eq!(cut[1].actions[0].payload.content, None);
    assert!(cut[1].actions[0].payload.size > 20_000);
    query.cut = false;
    let whole = fixture.store.events(&query).await.unwrap().items;
    assert_eq!(whole[1].original.content, Some(Original::Json(long.as_str().into())));
    assert!(whole[1].actions[0].payload.content.as_ref().unwrap().contains(&padding));
    query.include_actions = false;
    assert!(fixture.store.events(&query).await.unwrap().items[0].actions.is_empty());
}

#[tokio::test]
async fn pages_go_both_ways_without_gaps_over_several_sources() {
    let fixture = Fixture::new().await;
    fixture.store.source_create(source("second", &[fixture.environment]), log("upsertSource")).await.unwrap();
    let other = fixture.store.sources().await.unwrap()[1].environments[0].id;
    let mut newest_first = Vec::new();
    for number in 0..40 {
        let items: Vec<_> = (0..3).map(|_| Event::new("t", r#"{"data":{}}"#).prepare(&fixture)).collect();
        newest_first.extend(items.iter().map(|item| item.log.id));
        let mut job = fixture.job(items);
        if number % 3 == 0 {
            job.source_environment = other;
        }
        fixture.store.commit(job).await.unwrap();
    }
    // Items of one batch: the last first.
    newest_first.reverse();
    let mut query = EventQuery::newest(vec![fixture.source_environment, other], 7);
    let (mut found, mut pages) = (Vec::new(), Vec::new());
    loop {
        let page = fixture.store.events(&query).await.unwrap();
        let ids: Vec<Uuid> = page.items.iter().map(|event| event.id).collect();
        query.cursor = Cursor::After(*ids.last().unwrap());
        found.extend_from_slice(&ids);
        assert_eq!(page.has_before, !pages.is_empty());
        pages.push(ids);
        if !page.has_after {
            break;
        }
    }
    assert_eq!(found, newest_first);
    let last = pages.pop().unwrap();
    query.cursor = Cursor::Before(last[0]);
    for wanted in pages.iter().rev() {
        let page = fixture.store.events(&query).await.unwrap();
        let ids: Vec<Uuid> = page.items.iter().map(|event| event.id).collect();
        assert_eq!(&ids, wanted);
        assert!(page.has_after);
        assert_eq!(page.has_before, wanted != &pages[0]);
        query.cursor = Cursor::Before(ids[0]);
    }
}

#[tokio::test]
async fn events_are_found_by_type_outcome_and_time() {
    let fixture = Fixture::new().await;
    let at = |ms: i64| Uuid::from_u128((ms as u128) << 80 | 0x7000 << 64 | 1 << 63 | ms as u128);
    for (ms, event_type) in [(1_000, "a"), (2_000, "b"), (3_000, "a")] {
        fixture.commit(Event { id: at(ms), ..Event::new(event_type, r#"{"data":{}}"#) }).await;
    }
    let ids = async |change: &dyn Fn(&mut EventQuery)| {
        let mut query = EventQuery::newest(vec![fixture.source_environment], 10);
        change(&mut query);
        let page = fixture.store.events(&query).await.unwrap();
        page.items.iter().map(|event| event.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(&|query| query.event_types = vec!["a".to_owned()]).await, [at(3_000), at(1_000)]);
    assert!(ids(&|query| query.outcomes = vec![Outcome::Failed]).await.is_empty());
    assert_eq!(ids(&|query| query.outcomes = vec![Outcome::Failed, Outcome::Logged]).await.len(), 3);
    assert_eq!(ids(&|query| query.starting_at_ms = Some(2_000)).await, [at(3_000), at(2_000)]);
    assert_eq!(ids(&|query| query.ending_at_ms = Some(2_000)).await, [at(1_000)]);
    assert_eq!(ids(&|query| query.id = Some(at(2_000))).await, [at(2_000)]);
    assert!(ids(&|query| query.source_environment_ids = vec![]).await.is_empty());
}

#[tokio::test]
async fn shared_plugins_are_one_row() {
    let fixture = Fixture::new().await;
    let mut items: Vec<_> = (0..3).map(|_| Event::new("t", r#"{"data":{}}"#).prepare(&fixture)).collect();
    let mut newer = plugin();
    newer.version = "0.2.0".to_owned();
    items[1].log.plugin = Arc::new(newer);
    fixture.store.commit(fixture.job(items)).await.unwrap();
    let query = EventQuery::newest(vec![fixture.source_environment], 3);
    let events = fixture.store.events(&query).await.unwrap().items;
    let versions: Vec<&str> = events.iter().map(|event| event.plugin.version.as_str()).collect();
    assert_eq!(versions, ["0.1.0", "0.2.0", "0.1.0"]);
}
