//! Signed requests are taken once. The same signed bytes again get the events of the first time.

use inlet_core::{
    Uuid,
    log::Outcome,
    settle::Job,
    verification::{Covers, Nonce},
};
use inlet_store::{CommitError, CommitExtras, EventQuery, Settled, StoredEvent};

use super::support::{Event, Fixture, mapping};

/// Far in the future, in milliseconds since 1970.
const LATER: i64 = 4_000_000_000_000;

/// The mapping parameters of a trigger without anybody to reach, which fails.
const FAILS: &str = r#"{"key":"k","recipients":"data.nobody"}"#;

fn nonce(byte: u8, until_ms: i64) -> Nonce {
    Nonce { digest: [byte; 16], at_ms: 1, until_ms, signs_time: true, covers: Covers::All }
}

fn signed(fixture: &Fixture, byte: u8, until_ms: i64) -> Job {
    let items = vec![Event::new("t", r#"{"data":{}}"#).prepare(fixture)];
    Job { nonce: Some(nonce(byte, until_ms)), ..fixture.job(items) }
}

/// Returns the ids and outcomes of a job that was committed.
fn outcomes(settled: &[Settled]) -> Vec<(Uuid, &'static str)> {
    settled.iter().map(|item| (item.id, item.outcome.as_str())).collect()
}

async fn newest(fixture: &Fixture) -> Vec<StoredEvent> {
    fixture.store.events(&EventQuery::newest(vec![fixture.source_environment], 100)).await.unwrap().items
}

#[tokio::test]
async fn a_signed_request_is_taken_once_in_one_group_or_in_two() {
    let fixture = Fixture::new().await;
    let jobs = [1, 2, 1, 1, 3].map(|byte| signed(&fixture, byte, LATER)).into();
    let results: Vec<Settled> = fixture.commit_at_once(jobs).await.into_iter().flat_map(Result::unwrap).collect();
    let ids: Vec<Uuid> = results.iter().map(|item| item.id).collect();
    assert_eq!((ids[2], ids[3]), (ids[0], ids[0]), "the ids of the first time");
    let found: Vec<&str> = results.iter().map(|item| item.outcome.as_str()).collect();
    assert_eq!(found, ["logged", "logged", "replayed", "replayed", "logged"]);

    let unsigned = fixture.job(vec![Event::new("t", r#"{"data":{}}"#).prepare(&fixture)]);
    let jobs = vec![signed(&fixture, 3, LATER), unsigned, signed(&fixture, 4, LATER)];
    let again: Vec<Settled> = fixture.commit_at_once(jobs).await.into_iter().flat_map(Result::unwrap).collect();
    assert_eq!(outcomes(&again[..1]), [(ids[4], "replayed")]);
    assert_eq!((again[1].outcome, again[2].outcome), (Outcome::Logged, Outcome::Logged));

    let fixture = fixture.reopen().await;
    let settled = fixture.store.commit(signed(&fixture, 4, LATER)).await.unwrap();
    assert_eq!(outcomes(&settled), [(again[2].id, "replayed")], "after a restart too");
    assert_eq!(settled[0].event_type, "t");
    assert_eq!(newest(&fixture).await.len(), 5, "nothing ran");
    assert_eq!(fixture.store.source_status(fixture.source_environment).await.unwrap().events_count, 5);
    assert_eq!(fixture.event(ids[0]).await.resends, 2, "the first entry counts");
    assert_eq!(fixture.event(ids[1]).await.resends, 0);
}

#[tokio::test]
async fn what_could_not_be_stored_was_not_taken() {
    let fixture = Fixture::new().await;
    let event = Event::new("t", "{}");
    let twice = vec![event.clone().prepare(&fixture), event.prepare(&fixture)];
    let bad = Job { items: twice, ..signed(&fixture, 1, LATER) };
    let copy = signed(&fixture, 1, LATER);
    let results = fixture.commit_at_once(vec![bad, signed(&fixture, 2, LATER), copy]).await;
    assert!(matches!(&results[0], Err(CommitError::Refused { .. })), "{results:?}");
    assert!(results[1].is_ok());
    assert_eq!(results[2].as_ref().unwrap()[0].outcome, Outcome::Logged, "its copy waited for it, and is the first");
}

#[tokio::test]
async fn a_large_batch_runs_what_failed_until_it_succeeds() {
    const ITEMS: usize = 600;
    let fixture = Fixture::new().await;
    let failing = [mapping("E", "workflows_trigger", FAILS, 1)];
    let batch = |mappings: &[inlet_core::mapping::Mapping]| {
        let item = |at: usize| {
            let event_type = if at.is_multiple_of(3) { "F" } else { "E" };
            Event::new(event_type, r#"{"userId":"u"}"#).mappings(mappings).prepare(&fixture)
        };
        Job { nonce: Some(nonce(1, LATER)), ..fixture.job((0..ITEMS).map(item).collect()) }
    };
    let first = fixture.store.commit(batch(&failing)).await.unwrap();
    let second = fixture.store.commit(batch(&failing)).await.unwrap();
    for (at, (first, second)) in first.iter().zip(&second).enumerate() {
        match at % 3 {
            0 => assert_eq!((second.id, second.outcome), (first.id, Outcome::Replayed)),
            _ => assert_eq!((second.id != first.id, second.outcome), (true, Outcome::Failed), "it ran again"),
        }
    }
    // A rehearsal reads in another way.
    let rehearsal = fixture.store.rehearse(&batch(&[])).await.unwrap();
    let running: Vec<usize> = (0..ITEMS).filter(|at| rehearsal.resent[*at].is_none()).collect();
    assert!(running.iter().copied().eq((0..ITEMS).filter(|at| at % 3 != 0)));

    let open = async || {
        let query = EventQuery::newest(vec![fixture.source_environment], 3 * ITEMS);
        let entries = fixture.store.events(&query).await.unwrap().items;
        entries.into_iter().filter(|entry| entry.needs_attention).map(|entry| entry.id).collect::<Vec<_>>()
    };
    let (failed, repaired) = (open().await, first[1].id);
    assert_eq!(failed.len(), ITEMS / 3 * 2);
    for surplus in [failed[0], repaired] {
        let repairs = failed.iter().copied().chain([surplus]).collect();
        let extras = CommitExtras { repairs, ..CommitExtras::default() };
        let item = Event::new("F", r#"{"userId":"u"}"#).prepare(&fixture);
        let superseded = fixture.store.commit_with(fixture.job(vec![item]), extras).await;
        assert!(matches!(superseded, Err(CommitError::Superseded { .. })), "{superseded:?}");
        assert_eq!(open().await, failed, "all are repaired or none");
    }

    let third = fixture.store.commit(batch(&[])).await.unwrap();
    assert!(running.iter().all(|at| third[*at].outcome == Outcome::Logged));
    assert!(open().await.is_empty());
    let fourth = fixture.store.commit(batch(&failing)).await.unwrap();
    assert!(fourth.iter().all(|settled| settled.outcome == Outcome::Replayed), "what succeeded does not run again");
    let rehearsal = fixture.store.rehearse(&batch(&failing)).await.unwrap();
    assert!(rehearsal.resent.iter().all(Option::is_some));
}

#[tokio::test]
async fn copies_of_a_failing_request_take_turns_and_each_is_answered() {
    const COPIES: usize = 200;
    let fixture = Fixture::new().await;
    let failing = [mapping("E", "workflows_trigger", FAILS, 1)];
    let request = || {
        let item = Event::new("E", r#"{"userId":"u"}"#).mappings(&failing).prepare(&fixture);
        Job { nonce: Some(nonce(1, LATER)), ..fixture.job(vec![item]) }
    };
    let mut jobs: Vec<Job> = (0..COPIES).map(|_| request()).collect();
    jobs.push(signed(&fixture, 2, LATER));
    let mut results = fixture.commit_at_once(jobs).await;
    assert_eq!(results.pop().unwrap().unwrap()[0].outcome, Outcome::Logged);
    let mut ids: Vec<Uuid> = results
        .into_iter()
        .map(Result::unwrap)
        .map(|settled| match outcomes(&settled)[..] {
            [(id, "failed")] => id,
            _ => panic!("{settled:?}"),
        })
        .collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), COPIES, "each ran");
    let query = EventQuery::newest(vec![fixture.source_environment], 2 * COPIES);
    let entries = fixture.store.events(&query).await.unwrap().items;
    assert_eq!(entries.len(), COPIES + 1);
    let open = entries.iter().filter(|entry| entry.needs_attention).count();
    assert_eq!(open, 1, "each repaired the one before");
    assert_eq!(fixture.store.stats().queued, 0);
}

#[tokio::test]
async fn an_event_that_failed_runs_again_and_is_repaired_by_it() {
    let fixture = Fixture::new().await;
    let failing = [mapping("E", "workflows_trigger", FAILS, 1)];
    let batch = |mappings: &[inlet_core::mapping::Mapping]| {
        let item = |event_type| Event::new(event_type, r#"{"userId":"u"}"#).mappings(mappings).prepare(&fixture);
        Job { nonce: Some(nonce(1, LATER)), ..fixture.job(vec![item("F"), item("E"), item("G")]) }
    };
    let first = fixture.store.commit(batch(&failing)).await.unwrap();
    let found: Vec<_> = outcomes(&first).into_iter().map(|(_, outcome)| outcome).collect();
    assert_eq!(found, ["logged", "failed", "logged"]);

    let second = fixture.store.commit(batch(&failing)).await.unwrap();
    assert_eq!(outcomes(&second)[0], (first[0].id, "replayed"));
    assert_eq!(outcomes(&second)[2], (first[2].id, "replayed"));
    assert_ne!(second[1].id, first[1].id);
    assert_eq!(second[1].outcome, Outcome::Failed, "it ran, and failed again");

    let third = fixture.store.commit(batch(&[])).await.unwrap();
    let ids = [first[0].id, third[1].id, first[2].id];
    assert_eq!(outcomes(&third), [(ids[0], "replayed"), (ids[1], "logged"), (ids[2], "replayed")]);
    let fourth = fixture.store.commit(batch(&failing)).await.unwrap();
    assert_eq!(outcomes(&fourth), ids.map(|id| (id, "replayed")), "what succeeded does not run again");

    let entries = newest(&fixture).await;
    assert_eq!(entries.len(), 5, "one event for each run of the failed item");
    assert!(entries.iter().all(|entry| !entry.needs_attention), "the last run repaired those before");
    assert_eq!(fixture.event(third[1].id).await.rerun_of, Some(second[1].id));
    assert_eq!(fixture.event(first[0].id).await.resends, 3);
}

#[tokio::test]
async fn what_was_repaired_meanwhile_does_not_run_again() {
    let fixture = Fixture::new().await;
    let failing = [mapping("E", "workflows_trigger", FAILS, 1)];
    let request = || {
        let item = Event::new("E", r#"{"userId":"u"}"#).mappings(&failing).prepare(&fixture);
        Job { nonce: Some(nonce(1, LATER)), ..fixture.job(vec![item]) }
    };
    let mut first = fixture.store.commit(request()).await.unwrap()[0].id;
    // A replay that fails again, and one of that replay that does not: in both forms, in one group with the resend.
    for succeeds in [false, true] {
        let item = Event::new("E", r#"{"userId":"u"}"#).mappings(if succeeds { &[] } else { &failing });
        let replay = fixture.job(vec![item.prepare(&fixture)]);
        let origin = inlet_store::Origin { request_id: None, item: 0, items: 1 };
        let replayed = vec![inlet_store::ReplayedItem { of: first, origin }];
        let extras = CommitExtras { repairs: vec![first], replayed, ..CommitExtras::default() };
        let (store, resend) = (fixture.store.clone(), request());
        let busy = fixture.keep_writer_busy().await;
        let replay = tokio::spawn(async move { store.commit_with(replay, extras).await.unwrap() });
        while fixture.store.stats().queued == 0 && !busy.is_finished() {
            tokio::task::yield_now().await;
        }
        let resent = fixture.store.commit(resend).await.unwrap();
        busy.await.unwrap();
        let replay = replay.await.unwrap();
        match succeeds {
            false => assert_eq!(resent[0].outcome, Outcome::Failed, "it ran"),
            true => assert_eq!(resent[0].outcome, Outcome::Replayed, "the replay had done it"),
        }
        let open = newest(&fixture).await.into_iter().filter(|entry| entry.needs_attention).count();
        assert_eq!(open, usize::from(!succeeds), "{replay:?} {resent:?}");
        first = resent[0].id;
    }
}

#[tokio::test]
async fn other_items_in_the_same_bytes_do_not_run() {
    let fixture = Fixture::new().await;
    let first = fixture.store.commit(signed(&fixture, 1, LATER)).await.unwrap();
    let item = || Event::new("other", r#"{"data":{}}"#).prepare(&fixture);
    let again = Job { nonce: Some(nonce(1, LATER)), ..fixture.job(vec![item(), item()]) };
    let settled = fixture.store.commit(again).await.unwrap();
    assert_eq!(outcomes(&settled), [(first[0].id, "replayed")], "another version of the plugin found others");
    assert_eq!(settled[0].event_type, "t");
}

#[tokio::test]
async fn a_request_of_which_only_a_part_is_signed_is_refused() {
    let fixture = Fixture::new().await;
    let partly = || {
        let nonce = Nonce { covers: Covers::First, ..nonce(1, LATER) };
        Job { nonce: Some(nonce), ..signed(&fixture, 1, LATER) }
    };
    fixture.store.commit(partly()).await.unwrap();
    assert_eq!(fixture.store.commit(partly()).await, Err(CommitError::Reused), "the rest of it may be another one");
}

#[tokio::test]
async fn a_rejected_event_stays_rejected_with_its_reason() {
    let fixture = Fixture::new().await;
    let request = || {
        let mut job = signed(&fixture, 1, LATER);
        let item = &mut job.items[0];
        item.plan = None;
        item.log.outcome = Outcome::Rejected;
        item.log.reason = Some("no event type".to_owned());
        job
    };
    let first = fixture.store.commit(request()).await.unwrap();
    assert_eq!(fixture.store.commit(request()).await.unwrap(), first);
    assert_eq!((first[0].outcome, first[0].reason.as_deref()), (Outcome::Rejected, Some("no event type")));
    assert_eq!(newest(&fixture).await.len(), 1);
}

#[tokio::test]
async fn the_arrival_decides_and_not_the_commit() {
    let fixture = Fixture::new().await;
    // By the clock of the commit this nonce expired long ago. The request arrived before, and waited.
    let first = fixture.store.commit(signed(&fixture, 1, 1000)).await.unwrap();
    let again = fixture.store.commit(signed(&fixture, 1, 1000)).await.unwrap();
    assert_eq!(outcomes(&again), [(first[0].id, "replayed")]);
    let late = Nonce { at_ms: 1001, signs_time: false, ..nonce(1, 90_000_000) };
    let late = Job { nonce: Some(late), ..signed(&fixture, 1, 1000) };
    assert_eq!(fixture.store.commit(late).await.unwrap()[0].outcome, Outcome::Logged, "an id alone is forgotten");
}

#[tokio::test]
async fn a_clock_that_goes_back_lets_nothing_in_twice() {
    let fixture = Fixture::new().await;
    for (byte, until_ms) in [(1, 1000), (2, 2000), (3, LATER)] {
        fixture.store.commit(signed(&fixture, byte, until_ms)).await.unwrap();
    }
    let pruned = fixture.store.prune_nonces(5000, 10).await.unwrap();
    assert_eq!((pruned.deleted, pruned.complete), (2, true));
    // The clock is at 1 again.
    let refused = async |fixture: &Fixture, byte, until_ms| {
        fixture.store.commit(signed(fixture, byte, until_ms)).await.unwrap_err()
    };
    assert_eq!(refused(&fixture, 1, 1000).await, CommitError::Forgotten(2000));
    assert_eq!(refused(&fixture, 4, 2000).await, CommitError::Forgotten(2000), "nobody knows whether it was taken");
    let new = fixture.store.commit(signed(&fixture, 5, 2001)).await.unwrap();
    assert_eq!(new[0].outcome, Outcome::Logged, "later than all that was forgotten, although pruned until 5000");
    let fixture = fixture.reopen().await;
    assert_eq!(refused(&fixture, 2, 2000).await, CommitError::Forgotten(2000), "after a restart too");
    assert_eq!(fixture.store.commit(signed(&fixture, 3, LATER)).await.unwrap()[0].outcome, Outcome::Replayed);
}

#[tokio::test]
async fn a_forgotten_nonce_lets_its_request_run_again() {
    let fixture = Fixture::new().await;
    let first = fixture.store.commit(signed(&fixture, 1, LATER)).await.unwrap();
    fixture.store.forget_nonce([1; 16]).await.unwrap();
    let again = fixture.store.commit(signed(&fixture, 1, LATER)).await.unwrap();
    assert_ne!(again[0].id, first[0].id);
    assert_eq!(again[0].outcome, Outcome::Logged);
}
