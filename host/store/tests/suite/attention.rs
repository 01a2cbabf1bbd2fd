//! An item that needs attention gets an entry with its log. A repair is written with its new events or not at all.

use inlet_core::{
    Uuid,
    log::{Outcome, Status},
    settle::Prepared,
};
use inlet_store::{
    CommitError, CommitExtras, Dismissal, EventQuery, KeptRequest, NewReplay, Origin, ReplayFilter, ReplayProgress,
    ReplayState, ReplayTally, ReplayedItem, StoredEvent,
};

use super::support::{DAY_MS, Event, Fixture, log, mapping};

fn rejected(fixture: &Fixture, code: &str) -> Prepared {
    let mut item = Event::new("", r#"{"a":1}"#).prepare(fixture);
    item.plan = None;
    item.log.outcome = Outcome::Rejected;
    item.log.code = Some(code.to_owned());
    item
}

fn failed(fixture: &Fixture) -> Prepared {
    let mut item = rejected(fixture, "time");
    item.log.outcome = Outcome::Failed;
    item
}

fn request() -> KeptRequest {
    KeptRequest {
        id: Uuid::now_v7(),
        received_at_ms: 5,
        method: "PUT".to_owned(),
        path: "/v1/batch".to_owned(),
        query: r#"[{"name":"a","value":"1"}]"#.to_owned(),
        headers: "[]".to_owned(),
        verification: "verified".to_owned(),
        verification_rest: "missing".to_owned(),
        body: Some(b"[1,2]".as_slice().into()),
    }
}

fn replayed(of: Uuid) -> ReplayedItem {
    ReplayedItem { of, origin: Origin { request_id: None, item: 0, items: 1 } }
}

/// Returns the number of entries that need attention.
async fn open(fixture: &Fixture) -> i64 {
    let counts = fixture.store.attention_counts(fixture.source_environment).await.unwrap();
    counts.iter().map(|found| found.count).sum()
}

async fn newest(fixture: &Fixture) -> Vec<StoredEvent> {
    fixture.store.events(&EventQuery::newest(vec![fixture.source_environment], 100)).await.unwrap().items
}

#[tokio::test]
async fn what_failed_or_was_rejected_needs_attention_and_nothing_else() {
    let fixture = Fixture::new().await;
    let bad = [mapping("E", "workflows_trigger", r#"{"key":"k","recipients":"data.nobody"}"#, 1)];
    let items = vec![
        rejected(&fixture, "not_json"),
        Event::new("E", r#"{"userId":"u"}"#).prepare(&fixture),
        Event::new("E", r#"{"userId":"u"}"#).mappings(&bad).prepare(&fixture),
        rejected(&fixture, &"x".repeat(1000)),
    ];
    let (first, request) = (items[0].log.id, request());
    let extras = CommitExtras { keep: Some(request.clone()), ..CommitExtras::default() };
    let settled = fixture.store.commit_with(fixture.job(items), extras).await.unwrap();
    let mut counts = fixture.store.attention_counts(fixture.source_environment).await.unwrap();
    counts.sort_by(|a, b| a.code.cmp(&b.code));
    let found: Vec<_> = counts.iter().map(|found| (found.outcome, found.code.len(), found.count)).collect();
    let (failed, rejected) = (Some(Outcome::Failed), Some(Outcome::Rejected));
    assert_eq!(found, [(failed, "action_failed".len(), 1), (rejected, "not_json".len(), 1), (rejected, 64, 1)]);
    let record = fixture.store.attention(fixture.source_environment, first).await.unwrap().unwrap();
    assert_eq!(record.origin, Origin { request_id: Some(request.id), item: 0, items: 4 });
    assert_eq!((record.is_open, record.retries, record.due_at_ms), (true, 0, None));
    let kept = fixture.store.kept_request(fixture.source_environment, request.id).await.unwrap();
    assert_eq!(kept, Some(request));
    assert_eq!(fixture.store.attention(fixture.source_environment, settled[1].id).await.unwrap(), None);
    let action = fixture.event(settled[2].id).await;
    assert_eq!((action.code.as_deref(), action.needs_attention), (Some("action_failed"), true));
    assert_eq!(action.actions[0].status, Status::Error);
}

#[tokio::test]
async fn a_repair_closes_the_entry_with_its_new_event_and_only_once() {
    let fixture = Fixture::new().await;
    let old = rejected(&fixture, "not_json");
    let id = old.log.id;
    fixture.store.commit(fixture.job(vec![old])).await.unwrap();
    let repair = || CommitExtras { replayed: vec![replayed(id)], repairs: vec![id], ..CommitExtras::default() };
    let new = Event::new("E", "{}").prepare(&fixture);
    let new_id = new.log.id;
    fixture.store.commit_with(fixture.job(vec![new]), repair()).await.unwrap();
    let (old, new) = (fixture.event(id).await, fixture.event(new_id).await);
    assert_eq!((old.needs_attention, old.rerun_as, new.rerun_of), (false, vec![new_id], Some(id)));
    assert_eq!(open(&fixture).await, 0);
    let again = fixture.store.commit_with(fixture.job(vec![Event::new("E", "{}").prepare(&fixture)]), repair()).await;
    insta::assert_snapshot!(again.unwrap_err(), @"it was not done: the entry was repaired or dismissed in the meantime; look at it again");
    assert_eq!(newest(&fixture).await.len(), 2, "nothing of it was written");
}

#[tokio::test]
async fn a_repair_that_is_not_committed_leaves_the_entry_as_it_was() {
    let fixture = Fixture::new().await;
    let old = rejected(&fixture, "not_json");
    let id = old.log.id;
    fixture.store.commit(fixture.job(vec![old])).await.unwrap();
    let taken = fixture.commit(Event::new("E", "{}")).await.id;
    let mut new = Event::new("E", "{}").prepare(&fixture);
    // The id is taken: the storage refuses the event, after the entry was closed in its transaction.
    new.log.id = taken;
    let extras = CommitExtras { replayed: vec![replayed(id)], repairs: vec![id], ..CommitExtras::default() };
    let refused = fixture.store.commit_with(fixture.job(vec![new]), extras).await;
    assert!(matches!(refused, Err(CommitError::Refused { .. })), "{refused:?}");
    assert_eq!((open(&fixture).await, fixture.event(id).await.rerun_as), (1, Vec::new()));
}

#[tokio::test]
async fn one_that_was_repaired_meanwhile_does_not_keep_its_neighbours_from_being_stored() {
    let fixture = Fixture::new().await;
    let gone = CommitExtras { repairs: vec![Uuid::now_v7()], ..CommitExtras::default() };
    let job = |name| fixture.job(vec![Event::new(name, "{}").prepare(&fixture)]);
    let (one, two, three) = tokio::join!(
        fixture.store.commit(job("a")),
        fixture.store.commit_with(job("b"), gone),
        fixture.store.commit(job("c"))
    );
    assert!(one.is_ok() && three.is_ok());
    assert!(matches!(two, Err(CommitError::Superseded { .. })), "{two:?}");
    assert_eq!(newest(&fixture).await.len(), 2);
}

#[tokio::test]
async fn only_what_failed_in_its_plugin_is_tried_again_as_often_as_it_is_due_also_after_a_restart() {
    let fixture = Fixture::new().await;
    let extras = || CommitExtras { retry_at_ms: Some(1), ..CommitExtras::default() };
    fixture.store.commit_with(fixture.job(vec![rejected(&fixture, "not_json")]), extras()).await.unwrap();
    assert!(fixture.store.retries_due_in().await.unwrap().is_empty());
    fixture.store.commit_with(fixture.job(vec![failed(&fixture)]), extras()).await.unwrap();
    let fixture = fixture.reopen().await;
    let at = fixture.source_environment;
    assert_eq!(fixture.store.retries_due_in().await.unwrap(), [at]);
    let record = fixture.store.next_retry(at).await.unwrap().unwrap();
    fixture.store.retry_failed(at, record, Some(2)).await.unwrap();
    let record = fixture.store.next_retry(at).await.unwrap().unwrap();
    assert_eq!((record.retries, record.due_at_ms), (1, Some(2)));
    // Two retries end at nonce: the second finds the entry changed, and does nothing.
    fixture.store.retry_failed(at, record, None).await.unwrap();
    fixture.store.retry_failed(at, record, Some(3)).await.unwrap();
    assert_eq!(fixture.store.next_retry(at).await.unwrap(), None);
    assert_eq!((fixture.store.retries_due_in().await.unwrap(), open(&fixture).await), (Vec::new(), 2));
}

#[tokio::test]
async fn what_is_dismissed_needs_no_attention_and_is_not_tried_again() {
    let fixture = Fixture::new().await;
    let items = vec![rejected(&fixture, "a"), rejected(&fixture, "b"), failed(&fixture), failed(&fixture)];
    let ids: Vec<Uuid> = items.iter().map(|item| item.log.id).collect();
    let extras = CommitExtras { retry_at_ms: Some(1), ..CommitExtras::default() };
    fixture.store.commit_with(fixture.job(items), extras).await.unwrap();
    let at = fixture.source_environment;
    let by_id = Dismissal::Events(vec![ids[0], Uuid::now_v7()]);
    assert_eq!(fixture.store.dismiss(at, by_id.clone(), log("dismissAttention")).await, Ok(1));
    assert_eq!(fixture.store.dismiss(at, by_id, log("dismissAttention")).await, Ok(0));
    assert_eq!(
        fixture.store.dismiss(at + 1, Dismissal::Cause { outcome: None, code: None }, log("dismissAttention")).await,
        Ok(0)
    );
    let failed = Dismissal::Cause { outcome: Some(Outcome::Failed), code: Some("time".to_owned()) };
    assert_eq!(fixture.store.dismiss(at, failed, log("dismissAttention")).await, Ok(2));
    assert_eq!((open(&fixture).await, fixture.store.retries_due_in().await.unwrap()), (1, Vec::new()));
}

#[tokio::test]
async fn a_step_of_a_replay_is_written_once_and_only_while_it_runs() {
    let fixture = Fixture::new().await;
    let old = rejected(&fixture, "not_json");
    let of = old.log.id;
    fixture.store.commit(fixture.job(vec![old])).await.unwrap();
    let at = fixture.source_environment;
    let id = Uuid::now_v7();
    let filter = ReplayFilter { outcomes: vec![Outcome::Failed, Outcome::Rejected], ..ReplayFilter::default() };
    let new = NewReplay { id, source_environment_id: at, filter: filter.clone(), rate_per_second: 10 };
    fixture.store.replay_create(new.clone(), log("createReplay")).await.unwrap();
    let second = fixture.store.replay_create(NewReplay { id: Uuid::now_v7(), ..new }, log("createReplay")).await;
    insta::assert_snapshot!(second.unwrap_err(), @"another running replay has this source environment already; choose a different one");
    let replay = fixture.store.running_replays().await.unwrap().remove(0);
    assert_eq!(fixture.store.replay_count(&replay).await.unwrap(), 1);
    let between = |after| fixture.store.replay_next(at, &filter, (after, id), 10);
    assert_eq!(between(Uuid::nil()).await.unwrap(), [of]);
    assert!(between(of).await.unwrap().is_empty());
    let step = || CommitExtras {
        replayed: vec![replayed(of)],
        progress: Some(ReplayProgress {
            replay_id: id,
            from: Uuid::nil(),
            tally: ReplayTally { position: of, done: 1, ..ReplayTally::default() },
        }),
        ..CommitExtras::default()
    };
    let event = || fixture.job(vec![Event::new("E", "{}").prepare(&fixture)]);
    fixture.store.commit_with(event(), step()).await.unwrap();
    let twice = fixture.store.commit_with(event(), step()).await;
    assert!(matches!(twice, Err(CommitError::Superseded { .. })), "{twice:?}");
    let replay = fixture.store.replay(at, id).await.unwrap().unwrap();
    assert_eq!((replay.tally.done, replay.tally.counts["logged"], replay.total), (1, 1, Some(1)));
    assert!(fixture.store.replay_end(at, id, Some(log("cancelReplay"))).await.unwrap());
    assert!(!fixture.store.replay_end(at, id, None).await.unwrap());
    let mut late = step();
    late.progress.as_mut().unwrap().from = of;
    assert!(fixture.store.commit_with(event(), late).await.is_err());
    assert_eq!(fixture.store.replay(at, id).await.unwrap().unwrap().state, ReplayState::Cancelled);
    assert_eq!(newest(&fixture).await.len(), 2);
}

#[tokio::test]
async fn a_filter_names_what_still_needs_attention_and_of_all_else_what_it_says() {
    let fixture = Fixture::new().await;
    let items = vec![rejected(&fixture, "a"), rejected(&fixture, "b"), failed(&fixture)];
    let ids: Vec<Uuid> = items.iter().map(|item| item.log.id).collect();
    fixture.store.commit(fixture.job(items)).await.unwrap();
    let logged = fixture.commit(Event::new("E", "{}")).await.id;
    let at = fixture.source_environment;
    fixture.store.dismiss(at, Dismissal::Events(vec![ids[1]]), log("dismissAttention")).await.unwrap();
    let end = Uuid::now_v7();
    let next =
        async |filter: ReplayFilter| fixture.store.replay_next(at, &filter, (Uuid::nil(), end), 10).await.unwrap();
    let of = |outcomes: &[Outcome]| ReplayFilter { outcomes: outcomes.to_vec(), ..ReplayFilter::default() };
    assert_eq!(next(of(&[Outcome::Failed, Outcome::Rejected])).await, [ids[0], ids[2]]);
    assert_eq!(next(of(&[Outcome::Rejected])).await, [ids[0]]);
    assert_eq!(next(of(&[Outcome::Rejected, Outcome::Logged])).await, [ids[0], logged]);
    let among = async |filter: ReplayFilter, most| {
        let edge = fixture.store.replay_edge(at, &filter, end, most).await.unwrap();
        (fixture.store.replay_count_before(at, &filter, edge.unwrap_or(end)).await.unwrap(), edge)
    };
    let open = || of(&[Outcome::Failed, Outcome::Rejected]);
    assert_eq!((among(open(), 1).await, among(open(), 2).await), ((1, Some(ids[2])), (2, None)), "of open entries");
    let mixed = || of(&[Outcome::Rejected, Outcome::Logged]);
    assert_eq!((among(mixed(), 3).await, among(mixed(), 4).await), ((1, Some(logged)), (2, None)), "of all events");
    let coded = ReplayFilter { code: Some("time".to_owned()), ..of(&[Outcome::Failed, Outcome::Rejected]) };
    assert_eq!(next(coded).await, [ids[2]]);
    let typed = ReplayFilter { event_type: Some("E".to_owned()), ..of(&Outcome::ALL) };
    assert_eq!(next(typed).await, [logged]);
    let named = |name: &str| Some(name.to_owned());
    let also = ReplayFilter { event_type: named("F"), track_event_type: named("E"), ..of(&Outcome::ALL) };
    assert_eq!(next(also).await, [logged]);
    let later = ReplayFilter { starting_at_ms: Some(i64::MAX), ..of(&Outcome::ALL) };
    assert!(next(later).await.is_empty());
}

#[tokio::test]
async fn what_is_past_retention_goes_with_all_that_was_kept_for_it() {
    let fixture = Fixture::new().await;
    let (old, request) = (rejected(&fixture, "not_json"), request());
    let (id, request_id) = (old.log.id, request.id);
    let extras = CommitExtras { keep: Some(request), ..CommitExtras::default() };
    fixture.store.commit_with(fixture.job(vec![old]), extras).await.unwrap();
    let later = 1_000 * DAY_MS * 1_000;
    while !fixture.store.prune(fixture.environment, later, 10).await.unwrap().is_empty() {}
    assert_eq!(open(&fixture).await, 0);
    assert_eq!(fixture.store.attention(fixture.source_environment, id).await.unwrap(), None);
    assert_eq!(fixture.store.kept_request(fixture.source_environment, request_id).await.unwrap(), None);
}
