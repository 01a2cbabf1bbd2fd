//! Failures are grouped by cause, in the transaction of their entries; what an operator knows needs no attention.

use std::time::Duration;

use inlet_core::{
    Uuid,
    delivery::TargetRouting,
    issues::{IssueChange, IssueStage, IssueState, MAX_ISSUES, MAX_OF_STAGE, NotPossible, OTHER_CODE},
    log::Outcome,
    settle::{Job, Prepared},
};
use inlet_store::{AttemptNext, ChangeError, CommitExtras, IssueRecord, NewRefused};

use super::support::{Event, Fixture, log, mapping, nothing_held, retry, source};

fn rejected(fixture: &Fixture, code: &str) -> Prepared {
    let mut item = Event::new("", r#"{"a":1}"#).prepare(fixture);
    item.plan = None;
    item.log.outcome = Outcome::Rejected;
    item.log.code = Some(code.to_owned());
    item
}

fn refused(fixture: &Fixture, cause: &str) -> NewRefused {
    NewRefused {
        environment_id: fixture.environment,
        source_environment_id: fixture.source_environment,
        id: Uuid::now_v7(),
        received_at_ms: 1,
        cause: cause.to_owned(),
        digest: [7; 32],
        method: "POST".to_owned(),
        path: String::new(),
        query: "[]".to_owned(),
        headers: "{}".to_owned(),
        credential_hash: None,
        size: 0,
        body: None,
        reason: None,
    }
}

async fn issues(fixture: &Fixture) -> Vec<IssueRecord> {
    fixture.store.issues(&[fixture.environment]).await.unwrap()
}

async fn change(fixture: &Fixture, id: Uuid, change: IssueChange) -> Result<(), NotPossible> {
    fixture.store.issue_change(id, change, log("issue")).await.unwrap()
}

/// Returns the number of entries that need attention.
async fn attention(fixture: &Fixture) -> i64 {
    let counts = fixture.store.attention_counts(fixture.source_environment).await.unwrap();
    counts.iter().map(|found| found.count).sum()
}

#[tokio::test]
async fn failures_with_one_cause_are_one_issue() {
    let fixture = Fixture::new().await;
    let bad = |parameters: &str| [mapping("E", "workflows_trigger", parameters, 1)];
    let (one, other) = (bad(r#"{"key":"k","recipients":"data.nobody"}"#), bad(r#"{"key":"k","recipients":"data.no"}"#));
    let failing = |mappings| Event::new("E", r#"{"userId":"u"}"#).mappings(mappings).prepare(&fixture);
    let items = vec![
        rejected(&fixture, "not_json"),
        failing(&one),
        rejected(&fixture, "not_json"),
        failing(&one),
        failing(&other),
        Event::new("E", r#"{"userId":"u"}"#).prepare(&fixture),
        rejected(&fixture, "ana@example.com is no event"),
    ];
    let (first, last) = (items[0].log.id, items[2].log.id);
    fixture.store.commit(fixture.job(items)).await.unwrap();
    let found = issues(&fixture).await;
    let mut shown: Vec<_> = found
        .iter()
        .map(|found| (found.stage.as_str(), found.code.as_str(), found.mapping, found.issue.count))
        .collect();
    shown.sort();
    let mut expected = vec![
        ("act", "action_failed", Some(one[0].id), 2),
        ("act", "action_failed", Some(other[0].id), 1),
        ("read", "not_json", None, 2),
        ("read", OTHER_CODE, None, 1),
    ];
    expected.sort();
    assert_eq!(shown, expected);
    let not_json = found.iter().find(|found| found.code == "not_json").unwrap();
    assert_eq!((not_json.first_entry, not_json.last_entry), (first, last));
    assert_eq!(not_json.plugin, Some(("http".to_owned(), "0.1.0".to_owned())));
    assert_eq!(fixture.store.issue(not_json.id).await.unwrap().as_ref(), Some(not_json));
    assert!(fixture.store.issues(&[fixture.environment + 1]).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_known_issue_needs_no_attention_and_a_resolved_one_is_opened_again() {
    let fixture = Fixture::new().await;
    let fail = async |code| {
        fixture.store.commit(fixture.job(vec![rejected(&fixture, code)])).await.unwrap();
    };
    fail("a").await;
    fail("a").await;
    fail("b").await;
    let id = issues(&fixture).await.into_iter().find(|found| found.code == "a").unwrap().id;
    assert_eq!(attention(&fixture).await, 3);
    change(&fixture, id, IssueChange::Acknowledge).await.unwrap();
    assert_eq!(attention(&fixture).await, 1, "the other issue's");
    assert_eq!(change(&fixture, id, IssueChange::Acknowledge).await, Ok(()), "nothing changes twice");

    fail("a").await;
    assert_eq!(attention(&fixture).await, 2, "until the job comes");
    assert!(fixture.store.has_known_issues().await.unwrap());
    assert_eq!(fixture.store.clear_known_issues(10).await.unwrap(), 1);
    assert!(!fixture.store.has_known_issues().await.unwrap());
    assert_eq!(attention(&fixture).await, 1);
    let issue = async || fixture.store.issue(id).await.unwrap().unwrap().issue;
    assert_eq!((issue().await.state, issue().await.count), (IssueState::Acknowledged, 3));

    change(&fixture, id, IssueChange::Resolve).await.unwrap();
    assert_eq!(change(&fixture, id, IssueChange::Acknowledge).await, Err(NotPossible::Resolved));
    fail("a").await;
    assert_eq!((issue().await.state, issue().await.reopened), (IssueState::Open, 1));
    assert_eq!(fixture.store.clear_known_issues(10).await.unwrap(), 0);
    assert_eq!(attention(&fixture).await, 2);
    let unknown = fixture.store.issue_change(Uuid::now_v7(), IssueChange::Resolve, log("issue")).await;
    assert_eq!(unknown, Err(ChangeError::NotFound { what: "issue" }));
}

#[tokio::test]
async fn what_the_server_tries_again_is_cleared_when_an_operator_acknowledges_it_and_not_before() {
    let fixture = Fixture::new().await;
    let fail = async || {
        let mut item = rejected(&fixture, "time");
        item.log.outcome = Outcome::Failed;
        let extras = CommitExtras { retry_at_ms: Some(i64::MAX), ..CommitExtras::default() };
        fixture.store.commit_with(fixture.job(vec![item]), extras).await.unwrap();
    };
    fail().await;
    let id = issues(&fixture).await[0].id;
    change(&fixture, id, IssueChange::Acknowledge).await.unwrap();
    assert_eq!(attention(&fixture).await, 0);
    fail().await;
    assert_eq!(fixture.store.clear_known_issues(10).await.unwrap(), 0, "the server tries it again first");
    assert!(fixture.store.has_known_issues().await.unwrap());
    assert_eq!(attention(&fixture).await, 1);
    change(&fixture, id, IssueChange::Mute(None)).await.unwrap();
    assert_eq!(attention(&fixture).await, 0);
    assert!(!fixture.store.has_known_issues().await.unwrap());
}

#[tokio::test]
async fn refused_requests_are_grouped_by_their_cause_alone() {
    let fixture = Fixture::new().await;
    let refuse = async |cause| fixture.store.refuse(refused(&fixture, cause), nothing_held()).await.unwrap();
    refuse("failed").await;
    refuse("failed").await;
    refuse("stale").await;
    let found = issues(&fixture).await;
    let mut shown: Vec<_> = found.iter().map(|found| (found.stage, found.code.as_str(), found.issue.count)).collect();
    shown.sort();
    assert_eq!(shown, [(IssueStage::Verify, "failed", 2), (IssueStage::Verify, "stale", 1)]);
    let id = found.iter().find(|found| found.code == "failed").unwrap().id;
    change(&fixture, id, IssueChange::Mute(None)).await.unwrap();
    assert_eq!(attention(&fixture).await, 1, "that of the other cause");
    refuse("failed").await;
    assert_eq!(attention(&fixture).await, 1);
    change(&fixture, id, IssueChange::Reopen).await.unwrap();
    assert_eq!(attention(&fixture).await, 4);
    assert!(!fixture.store.has_known_issues().await.unwrap(), "they have no entries to clear");
}

#[tokio::test]
async fn a_sender_who_invents_causes_fills_its_own_stage_and_no_more() {
    let fixture = Fixture::new().await;
    let codes: Vec<String> = (0..MAX_OF_STAGE + 25).map(|number| format!("c{number}")).collect();
    let items = codes.iter().map(|code| rejected(&fixture, code)).collect();
    fixture.store.commit(fixture.job(items)).await.unwrap();
    let found = issues(&fixture).await;
    assert_eq!(found.len() as u64, MAX_OF_STAGE + 1);
    let other = found.iter().find(|found| found.code == OTHER_CODE).unwrap();
    assert_eq!(other.issue.count, 25);
    change(&fixture, other.id, IssueChange::Acknowledge).await.unwrap();
    assert_eq!(attention(&fixture).await as u64, MAX_OF_STAGE);
}

#[tokio::test]
async fn a_full_list_gives_the_place_of_a_resolved_issue_to_a_new_one() {
    let fixture = Fixture::new().await;
    for number in 0..=MAX_ISSUES / MAX_OF_STAGE {
        let new = source(&format!("s{number}"), &[fixture.environment]);
        fixture.store.source_create(new, log("upsertSource")).await.unwrap();
    }
    let mut places = fixture.store.sources().await.unwrap();
    places.retain(|source| source.key != "main");
    let places: Vec<i64> = places.iter().map(|source| source.environments[0].id).collect();
    let fail = async |place: usize, codes: Vec<String>| {
        let items = codes.iter().map(|code| rejected(&fixture, code)).collect();
        let job = Job { source_environment: places[place], ..fixture.job(items) };
        fixture.store.commit(job).await.unwrap();
    };
    let last = places.len() - 1;
    for place in 0..last {
        fail(place, (0..MAX_OF_STAGE).map(|number| format!("c{number}")).collect()).await;
    }
    assert_eq!(issues(&fixture).await.len() as u64, MAX_ISSUES);
    fail(last, vec!["new".to_owned()]).await;
    let newest = issues(&fixture).await.remove(0);
    assert_eq!((newest.code.as_str(), newest.source_environment_id), (OTHER_CODE, Some(places[last])));
    let resolved = issues(&fixture).await.into_iter().find(|found| found.code == "c7").unwrap().id;
    change(&fixture, resolved, IssueChange::Resolve).await.unwrap();
    fail(last, vec!["new".to_owned()]).await;
    assert!(issues(&fixture).await.iter().any(|found| found.code == "new"));
    assert_eq!(fixture.store.issue(resolved).await.unwrap(), None);
}

#[tokio::test]
async fn deliveries_that_fail_and_those_given_up_are_issues_of_their_target() {
    let fixture = Fixture::new().await;
    let mappings = [mapping("t", "workflows_trigger", r#"{"key":"k","recipients":{"id":"user_id"}}"#, 1)];
    let target = fixture.target("crm", TargetRouting::of_chunks(10)).await;
    let event = fixture.commit(Event::new("t", r#"{"userId":"u","data":{}}"#).mappings(&mappings)).await;
    let owner = Uuid::now_v7();
    for number in 1..=3 {
        assert!(issues(&fixture).await.is_empty(), "a receiver may be away for a moment");
        let claimed = fixture.claim(owner, target, 1).await.remove(0);
        assert_eq!(claimed.delivery.tries, number);
        assert!(fixture.finish(owner, claimed.claim, retry(Duration::ZERO)).await);
    }
    let found = issues(&fixture).await.remove(0);
    assert_eq!((found.stage, found.code.as_str()), (IssueStage::Deliver, "delivery_failing"));
    assert_eq!((found.target.as_deref(), found.source_environment_id, found.last_entry), (Some("crm"), None, event.id));
    let claimed = fixture.claim(owner, target, 1).await.remove(0);
    assert!(fixture.finish(owner, claimed.claim, AttemptNext::Dead { is_counted: true }).await);
    let dead = issues(&fixture).await.into_iter().find(|found| found.code == "delivery_dead").unwrap();
    assert_eq!((dead.issue.count, attention(&fixture).await), (1, 1));
    change(&fixture, dead.id, IssueChange::Acknowledge).await.unwrap();
    assert_eq!(attention(&fixture).await, 0, "the event's entry is the issue's");
}

#[tokio::test]
async fn an_issue_goes_with_its_last_entry_and_with_its_source() {
    let fixture = Fixture::new().await;
    fixture.store.commit(fixture.job(vec![rejected(&fixture, "a"), rejected(&fixture, "b")])).await.unwrap();
    let muted = issues(&fixture).await.into_iter().find(|found| found.code == "b").unwrap().id;
    change(&fixture, muted, IssueChange::Mute(None)).await.unwrap();
    fixture.store.prune(fixture.environment, 0, 100).await.unwrap();
    assert_eq!(issues(&fixture).await.len(), 2);
    fixture.store.prune(fixture.environment, i64::MAX, 100).await.unwrap();
    assert_eq!(issues(&fixture).await.into_iter().map(|found| found.id).collect::<Vec<_>>(), [muted]);
    let source = fixture.store.sources().await.unwrap().remove(0);
    fixture.store.source_delete(source.id, log("deleteSource")).await.unwrap();
    while fixture.store.prune_deleted(100).await.unwrap() > 0 {}
    assert!(issues(&fixture).await.is_empty());
}
