//! Idempotency through real tables (semantics.md §4): exactly one execution, and only failed actions run again.

use inlet_core::log::{Outcome, Status};
use inlet_store::{Cursor, RunQuery};

use super::support::{Event, Fixture, Unlimited, mapping};

const TO_USER: &str = r#"{"key":"welcome","recipients":{"id":"user_id","name":"data.name"}}"#;

fn runs(fixture: &Fixture) -> RunQuery {
    RunQuery {
        environment_id: fixture.environment,
        cursor: Cursor::Start,
        limit: 100,
        workflow: None,
        source_event: None,
    }
}

#[tokio::test]
async fn a_key_executes_once_and_then_replays() {
    let fixture = Fixture::new().await;
    let mappings = [mapping("track/Signed Up", "workflows_trigger", TO_USER, 1)];
    let event =
        || Event::new("track/Signed Up", r#"{"userId":"u1","data":{"name":"Ann"}}"#).key("k1").mappings(&mappings);
    let first = fixture.commit(event()).await;
    let second = fixture.commit(event()).await;
    assert_eq!((first.outcome, second.outcome), (Outcome::Executed, Outcome::Replayed));

    let fixture = fixture.reopen().await;
    let third = fixture.commit(event()).await;
    assert_eq!(third.outcome, Outcome::Replayed, "the record outlives the process");
    let stored = fixture.event(third.id).await;
    assert_eq!(stored.replay_of, Some(first.id));
    assert!(stored.actions.is_empty());
    assert_eq!(fixture.store.runs(&runs(&fixture), &Unlimited).await.unwrap().unwrap().items.len(), 1);
}

#[tokio::test]
async fn concurrent_requests_with_one_key_execute_once() {
    let fixture = Fixture::new().await;
    let mappings = [mapping("track/Signed Up", "workflows_trigger", TO_USER, 1)];
    let event = || Event::new("track/Signed Up", r#"{"userId":"u1","data":{}}"#).key("k1").mappings(&mappings);
    let jobs = (0..64).map(|_| fixture.job(vec![event().prepare(&fixture)])).collect();
    let outcomes: Vec<Outcome> =
        fixture.commit_at_once(jobs).await.into_iter().map(|result| result.unwrap()[0].outcome).collect();
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Outcome::Executed).count(), 1);
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Outcome::Replayed).count(), 63);
    assert_eq!(fixture.store.runs(&runs(&fixture), &Unlimited).await.unwrap().unwrap().items.len(), 1);
}

#[tokio::test]
async fn items_of_one_batch_see_the_ones_before_them() {
    let fixture = Fixture::new().await;
    let mappings = [mapping("track/Signed Up", "workflows_trigger", r#"{"key":"welcome"}"#, 1)];
    let track = |key| Event::new("track/Signed Up", r#"{"userId":"u1","data":{}}"#).key(key).mappings(&mappings);
    let identify = Event { identifies: true, ..Event::new("identify", r#"{"userId":"u1","data":{"plan":"pro"}}"#) };
    let settled = fixture.commit_all(vec![track("a"), identify, track("b"), track("b")]).await;
    let outcomes: Vec<Outcome> = settled.iter().map(|item| item.outcome).collect();
    // "a" is executed without a recipient, because nobody is identified yet; then u1 is known; then "b" replays "b".
    assert_eq!(outcomes, [Outcome::Skipped, Outcome::Executed, Outcome::Executed, Outcome::Replayed]);
    assert_eq!(fixture.event(settled[0].id).await.actions[0].status, Status::Skipped);
    assert_eq!(fixture.event(settled[2].id).await.actions[0].status, Status::Success);
    // Nothing was performed for "a", so nothing is recorded for it.
    assert_eq!(fixture.commit(track("a")).await.outcome, Outcome::Executed);
}

#[tokio::test]
async fn only_what_failed_runs_again() {
    let fixture = Fixture::new().await;
    let good = mapping("track/Paid", "workflows_trigger", TO_USER, 1);
    let bad = mapping("track/Paid", "workflows_trigger", r#"{"key":"receipt","recipients":"data.who"}"#, 2);
    let mappings = [good.clone(), bad.clone()];
    let event = |item| Event::new("track/Paid", item).key("k").mappings(&mappings);
    let first = fixture.commit(event(r#"{"userId":"u1","data":{}}"#)).await;
    assert_eq!(first.outcome, Outcome::Failed);

    let second = fixture.commit(event(r#"{"userId":"u1","data":{"who":"u1"}}"#)).await;
    assert_eq!(second.outcome, Outcome::Executed);
    let stored = fixture.event(second.id).await;
    assert_eq!(stored.resumes, Some(first.id));
    let ran: Vec<_> = stored.actions.iter().map(|action| action.mapping).collect();
    assert_eq!(ran, [Some(bad.id)]);
    assert_eq!(stored.warnings.len(), 1, "the data differ: {:?}", stored.warnings);
    let workflows: Vec<String> = fixture
        .store
        .runs(&runs(&fixture), &Unlimited)
        .await
        .unwrap()
        .unwrap()
        .items
        .into_iter()
        .map(|run| run.workflow)
        .collect();
    assert_eq!(workflows, ["receipt", "welcome"]);
    assert_eq!(fixture.commit(event(r#"{"userId":"u1","data":{}}"#)).await.outcome, Outcome::Replayed);
}
