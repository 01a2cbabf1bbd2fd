//! Recipients that triggers wait for: released once in the transaction that identifies them, or skipped after their time.

use inlet_core::{Uuid, json, log::Outcome, mapping::Mapping};
use inlet_store::{Cursor, EventQuery, RecipientFilter, RunQuery, RunRecord};

use super::support::{DAY_MS, Event, Fixture, Unlimited, mapping};

fn waits() -> [Mapping; 1] {
    [mapping("t", "workflows_trigger", r#"{"key":"k","recipients":"data.to","unidentified":"wait"}"#, 1)]
}

fn to(recipients: &str) -> String {
    format!(r#"{{"userId":"u","data":{{"to":{recipients}}}}}"#)
}

fn identify(user: &str) -> Event<'static> {
    Event { identifies: true, ..Event::new("identify", &format!(r#"{{"userId":"{user}","data":{{}}}}"#)) }
}

async fn runs(fixture: &Fixture) -> Vec<RunRecord> {
    let query = RunQuery {
        environment_id: fixture.environment,
        cursor: Cursor::Start,
        limit: 1000,
        workflow: None,
        source_event: None,
    };
    fixture.store.runs(&query, &Unlimited).await.unwrap().unwrap().items
}

/// Ends the waits that are over at a time; returns their number.
async fn end_waits(fixture: &Fixture, now_ms: i64) -> u64 {
    let mut ended = 0;
    loop {
        match fixture.store.end_waits(now_ms, 7).await.unwrap() {
            0 => return ended,
            slice => ended += slice,
        }
    }
}

fn now_ms(fixture: &Fixture) -> i64 {
    fixture.store.clock().state().store_ms
}

/// Members of the result of an event's only action.
async fn result(fixture: &Fixture, event: Uuid) -> [String; 3] {
    let stored = fixture.event(event).await;
    let result = stored.actions[0].result.clone().unwrap();
    ["waiting_recipients", "released_recipients", "skipped_recipients"]
        .map(|member| json::member(&result, member).unwrap_or("none").to_owned())
}

#[tokio::test]
async fn a_parked_recipient_is_released_once_also_after_a_restart() {
    let fixture = Fixture::new().await;
    let mappings = waits();
    let parked = fixture.commit(Event::new("t", &to(r#"["a","b"]"#)).mappings(&mappings).key("m1")).await;
    assert_eq!(parked.outcome, Outcome::Executed);
    let again = fixture.commit(Event::new("t", &to(r#"["a","b"]"#)).mappings(&mappings).key("m1")).await;
    assert_eq!((again.outcome, runs(&fixture).await.len()), (Outcome::Replayed, 0));

    let fixture = fixture.reopen().await;
    let identified = fixture.commit(identify("a")).await;
    let [run] = &runs(&fixture).await[..] else { panic!() };
    assert_eq!((run.source_event, run.recipients[0].id.as_str(), run.recipients_count), (parked.id, "a", 1));
    assert_eq!(run.data.content.as_deref(), Some(r#"{"to":["a","b"]}"#));
    fixture.commit(identify("a")).await;
    assert_eq!(runs(&fixture).await.len(), 1);

    // The job logs what became of it; the other waits on.
    assert_eq!(end_waits(&fixture, now_ms(&fixture)).await, 1);
    let released = format!(r#"[{{"id":"a","workflow_run_id":"{}"}}]"#, run.id);
    assert_eq!(result(&fixture, parked.id).await, [r#"[{"id":"b"}]"#.to_owned(), released, "[]".to_owned()]);
    fixture.commit_all(vec![identify("b"), identify("b")]).await;
    assert_eq!(end_waits(&fixture, now_ms(&fixture) + 2 * DAY_MS).await, 1);
    assert_eq!((runs(&fixture).await.len(), result(&fixture, parked.id).await[0].as_str()), (2, "[]"));
    assert_eq!(fixture.event(identified.id).await.outcome, Outcome::Executed);
}

#[tokio::test]
async fn after_its_time_a_recipient_is_skipped_and_logged() {
    let fixture = Fixture::new().await;
    let mappings = waits();
    let parked = fixture.commit(Event::new("t", &to(r#"["a",{"id":"known"}]"#)).mappings(&mappings)).await;
    assert_eq!(end_waits(&fixture, now_ms(&fixture) + DAY_MS - 60_000).await, 0);
    assert!(!fixture.store.has_ended_waits(now_ms(&fixture)).await.unwrap());
    assert!(fixture.store.has_ended_waits(now_ms(&fixture) + DAY_MS).await.unwrap());
    assert_eq!(end_waits(&fixture, now_ms(&fixture) + DAY_MS).await, 1);
    let skipped = r#"[{"id":"a","reason":"not identified in the time that the trigger waits"}]"#;
    assert_eq!(result(&fixture, parked.id).await, ["[]".to_owned(), "none".to_owned(), skipped.to_owned()]);
    let stored = fixture.event(parked.id).await;
    assert_eq!(stored.skipped_recipients, 1);
    assert_eq!(stored.actions[0].reason.as_deref(), Some("recipients that were skipped: 1; still waited for: 0"));
    fixture.commit(identify("a")).await;
    assert_eq!(runs(&fixture).await.len(), 1, "the run of the one who was known");
}

#[tokio::test]
async fn what_one_transaction_does_not_release_is_released_by_the_job() {
    let fixture = Fixture::new().await;
    let mappings = waits();
    for _ in 0..130 {
        fixture.commit(Event::new("t", &to(r#""a""#)).mappings(&mappings)).await;
    }
    fixture.commit(identify("a")).await;
    assert_eq!(runs(&fixture).await.len(), 100);
    let fixture = fixture.reopen().await;
    assert_eq!(end_waits(&fixture, now_ms(&fixture)).await, 130);
    let runs = runs(&fixture).await;
    let mut sources: Vec<Uuid> = runs.iter().map(|run| run.source_event).collect();
    sources.sort_unstable();
    sources.dedup();
    assert_eq!((runs.len(), sources.len()), (130, 130));
}

#[tokio::test]
async fn a_deletion_ends_the_waits() {
    let fixture = Fixture::new().await;
    let mappings = [waits().into_iter().next().unwrap(), mapping("d", "users_delete", "{}", 2)];
    let parked = fixture.commit(Event::new("t", &to(r#""a""#)).mappings(&mappings)).await;
    fixture.commit(Event::new("d", r#"{"userId":"a","data":{}}"#).mappings(&mappings)).await;
    fixture.commit(identify("a")).await;
    assert_eq!(end_waits(&fixture, now_ms(&fixture)).await, 1);
    assert_eq!(runs(&fixture).await.len(), 0);
    let skipped = r#"[{"id":"a","reason":"deleted"}]"#;
    assert_eq!(result(&fixture, parked.id).await, ["[]".to_owned(), "none".to_owned(), skipped.to_owned()]);
}

#[tokio::test]
async fn a_search_by_recipient_finds_those_who_wait_and_those_who_were_released() {
    let fixture = Fixture::new().await;
    let mappings = waits();
    let parked = fixture.commit(Event::new("t", &to(r#""a""#)).mappings(&mappings)).await;
    let found = async || {
        let recipient = Some(RecipientFilter { collection: None, id: "a".to_owned() });
        let query = EventQuery { recipient, ..EventQuery::newest(vec![fixture.source_environment], 10) };
        fixture.store.events(&query).await.unwrap().items.iter().map(|event| event.id).collect::<Vec<_>>()
    };
    assert_eq!(found().await, [parked.id]);
    fixture.commit(identify("a")).await;
    end_waits(&fixture, now_ms(&fixture)).await;
    assert_eq!(found().await, [parked.id]);
}

#[tokio::test]
async fn a_rehearsal_shows_what_would_be_released() {
    let fixture = Fixture::new().await;
    let mappings = waits();
    fixture.commit(Event::new("t", &to(r#""a""#)).mappings(&mappings)).await;
    let job = fixture.job(vec![identify("a").prepare(&fixture)]);
    let rehearsal = fixture.store.rehearse(&job).await.unwrap();
    assert_eq!(rehearsal.settlements[0].runs().count(), 1);
    assert_eq!(runs(&fixture).await.len(), 0);
}

#[tokio::test]
async fn environments_do_not_see_each_other_s_parked_recipients() {
    let fixture = Fixture::new().await;
    let mappings = waits();
    fixture.commit(Event::new("t", &to(r#""a""#)).mappings(&mappings)).await;
    let other = fixture.store.environments().await.unwrap()[1].id;
    let job = inlet_core::settle::Job { environment: other, ..fixture.job(vec![identify("a").prepare(&fixture)]) };
    fixture.store.commit(job).await.unwrap();
    assert_eq!(runs(&fixture).await.len(), 0);
    fixture.commit(identify("a")).await;
    assert_eq!(runs(&fixture).await.len(), 1);
}
