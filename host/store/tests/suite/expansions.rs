//! Objects as recipients of runs, expanded into their subscribers.

use inlet_core::{Uuid, mapping::Mapping};
use inlet_store::{Cursor, ExpandedRun, ExpansionShare, RunQuery, RunRecord};

use super::support::{Event, Fixture, Unlimited, mapping};

fn mappings() -> [Mapping; 5] {
    [
        mapping("set", "objects_set", r#"{"collection":"projects","id":"data.id","properties":"data.none"}"#, 1),
        mapping("follow", "objects_subscribe", r#"{"collection":"projects","id":"data.id","recipients":"data.to"}"#, 2),
        mapping(
            "post",
            "workflows_trigger",
            r#"{"key":"k","recipients":{"collection":"projects","id":"data.id"},"cancellation_key":"data.post"}"#,
            3,
        ),
        mapping("withdraw", "workflows_cancel", r#"{"key":"k","cancellation_key":"data.post"}"#, 4),
        mapping(
            "exclude",
            "workflows_cancel",
            r#"{"key":"k","cancellation_key":"data.post","recipients":"user_id"}"#,
            5,
        ),
    ]
}

/// A fixture with a project that these users follow.
async fn project(mappings: &[Mapping], users: usize) -> Fixture {
    let fixture = Fixture::new().await;
    fixture.commit(Event::new("set", r#"{"data":{"id":"p"}}"#).mappings(mappings)).await;
    if users > 0 {
        let to: Vec<String> = (0..users).map(|number| format!(r#"{{"id":"u{number}"}}"#)).collect();
        let follow = format!(r#"{{"data":{{"id":"p","to":[{}]}}}}"#, to.join(","));
        fixture.commit(Event::new("follow", &follow).mappings(mappings)).await;
    }
    fixture
}

fn of_post<'a>(event_type: &'static str, mappings: &'a [Mapping]) -> Event<'a> {
    Event::new(event_type, r#"{"userId":"u1","data":{"id":"p","post":"a"}}"#).mappings(mappings)
}

async fn run(fixture: &Fixture) -> RunRecord {
    let query = RunQuery {
        environment_id: fixture.environment,
        cursor: Cursor::Start,
        limit: 10,
        workflow: None,
        source_event: None,
    };
    fixture.store.runs(&query, &Unlimited).await.unwrap().unwrap().items.remove(0)
}

/// Takes the next steps of a run's expansion.
async fn step(fixture: &Fixture, run_id: Uuid, limit: u32) -> ExpandedRun {
    let share = ExpansionShare { environment_id: fixture.environment, run_id, limit };
    fixture.store.expand_runs(vec![share]).await.unwrap().remove(0)
}

/// Takes all steps of a run's expansion; returns the number of recipients that were added.
async fn expand(fixture: &Fixture, run: Uuid, limit: u32) -> u64 {
    let mut added = 0;
    loop {
        let step = step(fixture, run, limit).await;
        added += step.recipients;
        if !step.has_more {
            return added;
        }
    }
}

fn ids(run: &RunRecord) -> Vec<&str> {
    run.recipients.iter().map(|recipient| recipient.id.as_str()).collect()
}

#[tokio::test]
async fn the_event_writes_the_object_and_the_job_adds_its_subscribers() {
    let mappings = mappings();
    let fixture = project(&mappings, 5).await;
    fixture.commit(of_post("post", &mappings)).await;
    let before = run(&fixture).await;
    assert_eq!((ids(&before), before.is_expanding), (vec!["p"], true));
    assert_eq!(fixture.store.unfinished_expansions().await.unwrap(), [(fixture.environment, before.id)]);
    let fixture = fixture.reopen().await;
    assert_eq!(expand(&fixture, before.id, 2).await, 5);
    let after = run(&fixture).await;
    assert_eq!((ids(&after), after.is_expanding), (vec!["p", "u0", "u1", "u2", "u3", "u4"], false));
    assert!(fixture.store.unfinished_expansions().await.unwrap().is_empty());
}

#[tokio::test]
async fn an_object_without_subscribers_is_not_expanded() {
    let mappings = mappings();
    let fixture = project(&mappings, 0).await;
    fixture.commit(of_post("post", &mappings)).await;
    assert!(!run(&fixture).await.is_expanding);
    assert!(fixture.store.unfinished_expansions().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_cancellation_stops_the_expansion() {
    let mappings = mappings();
    let fixture = project(&mappings, 5).await;
    fixture.commit(of_post("post", &mappings)).await;
    let id = run(&fixture).await.id;
    for _ in 0..2 {
        assert!(step(&fixture, id, 2).await.has_more);
    }
    fixture.commit(of_post("withdraw", &mappings)).await;
    assert_eq!((expand(&fixture, id, 2).await, run(&fixture).await.recipients_count), (0, 3));
}

#[tokio::test]
async fn a_recipient_who_is_canceled_before_the_run_has_it_is_not_added() {
    let mappings = mappings();
    for in_one_transaction in [false, true] {
        let fixture = project(&mappings, 3).await;
        let events = vec![of_post("post", &mappings), of_post("exclude", &mappings)];
        match in_one_transaction {
            true => _ = fixture.commit_all(events).await,
            false => {
                for event in events {
                    fixture.commit(event).await;
                }
            }
        }
        let id = run(&fixture).await.id;
        assert_eq!(expand(&fixture, id, 2).await, 2);
        assert_eq!(ids(&run(&fixture).await), ["p", "u0", "u2"]);
    }
    // A cancellation does not concern the runs after it.
    let fixture = project(&mappings, 3).await;
    fixture.commit_all(vec![of_post("exclude", &mappings), of_post("post", &mappings)]).await;
    let id = run(&fixture).await.id;
    assert_eq!(expand(&fixture, id, 2).await, 3);
}

#[tokio::test]
async fn an_object_that_is_released_is_expanded() {
    let fixture = Fixture::new().await;
    let [set, follow, ..] = mappings();
    let parameters = r#"{"key":"k","recipients":{"collection":"projects","id":"data.id"},"unidentified":"wait"}"#;
    let mappings = [set, follow, mapping("post", "workflows_trigger", parameters, 3)];
    fixture.commit(of_post("post", &mappings)).await;
    // The object is known and has a subscriber by the end of one transaction.
    let follow = r#"{"data":{"id":"p","to":[{"id":"u1"}]}}"#;
    let events = ["set", "follow"].map(|event_type| Event::new(event_type, follow).mappings(&mappings));
    fixture.commit_all(events.into()).await;
    let released = run(&fixture).await;
    assert_eq!((ids(&released), released.is_expanding), (vec!["p"], true));
    assert_eq!(expand(&fixture, released.id, 10).await, 1);
}
