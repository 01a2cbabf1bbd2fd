//! Several nodes on one database.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use inlet_core::{
    Uuid,
    delivery::TargetRouting,
    log::Outcome,
    mapping::Mapping,
    settle::Job,
    verification::{Covers, Nonce},
};
use inlet_store::{
    CommitError, Cursor, EventQuery, NewNode, OpenError, RealClock, RunQuery, Settled, Store, StoreOptions, SystemClock,
};

use crate::suite::support::{Event, Fixture, Unlimited, log, mapping, source, target, vault};

async fn second(fixture: &Fixture) -> Arc<Store> {
    Arc::new(Store::open(fixture.database.options_of_node("second"), vault()).await.unwrap())
}

fn trigger(extra: &str) -> [Mapping; 1] {
    [mapping("order", "workflows_trigger", &format!(r#"{{"key":"k","recipients":"data.to"{extra}}}"#), 1)]
}

fn order<'m>(to: &str, mappings: &'m [Mapping]) -> Event<'m> {
    Event::new("order", &format!(r#"{{"userId":"u","data":{{"to":{to}}}}}"#)).mappings(mappings)
}

async fn runs(fixture: &Fixture) -> usize {
    let query = RunQuery {
        environment_id: fixture.environment,
        cursor: Cursor::Start,
        limit: 1000,
        workflow: None,
        source_event: None,
    };
    fixture.store.runs(&query, &Unlimited).await.unwrap().unwrap().items.len()
}

/// Commits a job on each of two nodes at the same time.
async fn on_both(fixture: &Fixture, second: &Store, job: impl Fn() -> Job) -> [Settled; 2] {
    let (first, second) = tokio::join!(fixture.store.commit(job()), second.commit(job()));
    [first.unwrap().remove(0), second.unwrap().remove(0)]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_executes_once_over_two_nodes() {
    let (fixture, mappings) = (Fixture::new().await, trigger(""));
    let second = second(&fixture).await;
    for round in 0..50 {
        let key = format!("key-{round}");
        let job = || fixture.job(vec![order(r#"[{"id":"a"}]"#, &mappings).key(&key).prepare(&fixture)]);
        let settled = on_both(&fixture, &second, job).await;
        let mut outcomes = settled.map(|settled| settled.outcome.as_str());
        outcomes.sort_unstable();
        assert_eq!(outcomes, ["executed", "replayed"], "round {round}");
    }
    assert_eq!(runs(&fixture).await, 50);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_request_is_taken_once_over_two_nodes() {
    let fixture = Fixture::new().await;
    let second = second(&fixture).await;
    for digest in 0..50 {
        let nonce = Nonce {
            digest: [digest; 16],
            at_ms: 1,
            until_ms: 4_000_000_000_000,
            signs_time: true,
            covers: Covers::All,
        };
        let items = || vec![Event::new("t", r#"{"data":{}}"#).prepare(&fixture)];
        let settled = on_both(&fixture, &second, || Job { nonce: Some(nonce), ..fixture.job(items()) }).await;
        assert_eq!(settled[0].id, settled[1].id, "both tell the event of the first time");
        assert!(settled.iter().any(|settled| settled.outcome == Outcome::Replayed), "{settled:?}");
    }
    assert_eq!(fixture.store.source_status(fixture.source_environment).await.unwrap().events_count, 50);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_one_node_creates_is_routed_to_by_the_other() {
    let (fixture, mappings) = (Fixture::new().await, trigger(""));
    let second = second(&fixture).await;
    let commit = async || {
        let job = fixture.job(vec![order(r#"[{"id":"a"}]"#, &mappings).prepare(&fixture)]);
        second.commit(job).await.unwrap();
    };
    commit().await;
    assert_eq!(fixture.deliveries().await.len(), 0);
    let new = target(fixture.environment, "crm", TargetRouting::of_chunks(1));
    fixture.store.target_put(new, log("upsertTarget")).await.unwrap();
    commit().await;
    assert_eq!(fixture.deliveries().await.len(), 1);
    fixture.store.target_delete(fixture.environment, "crm".to_owned(), log("deleteTarget")).await.unwrap();
    commit().await;
    assert_eq!(fixture.deliveries().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recipient_parked_by_one_node_is_released_once_by_the_others() {
    let (fixture, mappings) = (Fixture::new().await, trigger(r#","unidentified":"wait""#));
    let second = second(&fixture).await;
    for round in 0..20 {
        let user = format!("user-{round}");
        fixture.commit(order(&format!(r#"["{user}"]"#), &mappings)).await;
        assert_eq!(runs(&fixture).await, round);
        let item = format!(r#"{{"userId":"{user}","data":{{}}}}"#);
        let identify = || Event { identifies: true, ..Event::new("identify", &item) };
        on_both(&fixture, &second, || fixture.job(vec![identify().prepare(&fixture)])).await;
        assert_eq!(runs(&fixture).await, round + 1, "released once");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_node_takes_no_claim_and_no_lease_of_the_first() {
    let (fixture, mappings) = (Fixture::new().await, trigger(""));
    let target = fixture.target("crm", TargetRouting::of_chunks(1)).await;
    fixture.commit(order(r#"[{"id":"a"}]"#, &mappings)).await;
    assert_eq!(fixture.claim(Uuid::from_u128(1), target, 10).await.len(), 1);
    let lease = Duration::from_secs(30);
    assert!(fixture.store.job_lease_acquire("job", "first", lease).await.unwrap().is_held);
    let second = second(&fixture).await;
    assert!(!second.job_lease_acquire("job", "second", lease).await.unwrap().is_held);
    assert!(fixture.claim(Uuid::from_u128(2), target, 10).await.is_empty());
}

/// Connections end at random moments, in the middle of a COMMIT too. Whatever was answered is stored once.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_answered_is_stored_once_however_often_connections_are_lost() {
    const ROUNDS: usize = 40;
    let (fixture, mappings) = (Arc::new(Fixture::new().await), trigger(""));
    let stores = [fixture.store.clone(), second(&fixture).await];
    let over = Arc::new(AtomicBool::new(false));
    let mut senders = tokio::task::JoinSet::new();
    for sender in 0..8 {
        let (fixture, over, mappings) = (fixture.clone(), over.clone(), mappings.clone());
        let store = stores[sender % 2].clone();
        senders.spawn(async move {
            let (mut answered, mut refused) = (Vec::new(), 0);
            for number in 0.. {
                if over.load(Ordering::Relaxed) {
                    break;
                }
                let key = format!("{sender}-{number}");
                let event = order(r#"[{"id":"a"}]"#, &mappings).key(&key).prepare(&fixture);
                match store.commit(fixture.job(vec![event])).await {
                    Ok(settled) => answered.push(settled[0].clone()),
                    Err(CommitError::Unavailable { .. }) => refused += 1,
                    Err(error) => panic!("{error:?}"),
                }
            }
            (answered, refused)
        });
    }
    for _ in 0..ROUNDS {
        tokio::time::sleep(Duration::from_millis(37)).await;
        fixture.database.end_connections().await;
    }
    over.store(true, Ordering::Relaxed);
    let (mut answered, mut refused) = (Vec::new(), 0);
    for (of_sender, refused_of_sender) in senders.join_all().await {
        answered.extend(of_sender);
        refused += refused_of_sender;
    }
    assert!(answered.len() > ROUNDS, "{} answered, {refused} refused", answered.len());
    assert!(answered.iter().all(|settled| settled.outcome == Outcome::Executed), "no key was carried out before");
    let mut stored = BTreeSet::new();
    let mut query = EventQuery::newest(vec![fixture.source_environment], 1000);
    loop {
        let page = fixture.store.events(&query).await.unwrap();
        for event in &page.items {
            assert!(stored.insert(event.id), "twice: {}", event.id);
        }
        match page.items.last().filter(|_| page.has_after) {
            Some(last) => query.cursor = Cursor::After(last.id),
            None => break,
        }
    }
    assert!(answered.iter().all(|settled| stored.contains(&settled.id)), "lost");
    eprintln!("{} answered, {refused} refused, {} stored", answered.len(), stored.len());
}

/// Returns the numbers of the last groups of all writers that have committed one.
async fn writers(fixture: &Fixture) -> Vec<i64> {
    sqlx::query_scalar("SELECT transaction_number FROM writers WHERE transaction_number > 0 ORDER BY 1")
        .fetch_all(&mut fixture.database.connect().await)
        .await
        .unwrap()
}

#[tokio::test]
async fn the_rows_of_writers_that_are_gone_are_removed_and_one_that_comes_back_has_its_own() {
    let fixture = Fixture::new().await;
    let second = second(&fixture).await;
    let job = || fixture.job(vec![Event::new("t", r#"{"data":{}}"#).prepare(&fixture)]);
    for _ in 0..3 {
        second.commit(job()).await.unwrap();
    }
    // Any of its threads takes a group: one of them, or as many as were awake.
    let committed = writers(&fixture).await;
    assert_eq!(committed.iter().sum::<i64>(), 3);
    let mut administrator = fixture.database.connect().await;
    let mut change = async |change: &'static str| sqlx::raw_sql(change).execute(&mut administrator).await.unwrap();
    change(
        "INSERT INTO writers (id, transaction_number, started_at_ms, seen_at_ms)
         SELECT 'hour'::bytea, 100, 1, now_ms - 3600000 FROM (SELECT extract(epoch FROM clock_timestamp()) * 1000) AS t (now_ms)
         UNION ALL
         SELECT 'days'::bytea, 101, 1, now_ms - 2 * 86400000 FROM (SELECT extract(epoch FROM clock_timestamp()) * 1000) AS t (now_ms)",
    )
    .await;
    // The first server has not committed a group for long, and is alive.
    change("UPDATE writers SET seen_at_ms = 1 WHERE transaction_number = 0").await;
    let idle = "SELECT count(*) FROM writers WHERE transaction_number = 0";
    let idle =
        async || -> i64 { sqlx::query_scalar(idle).fetch_one(&mut fixture.database.connect().await).await.unwrap() };
    assert_eq!(idle().await, 8 - committed.len() as i64, "four of each server, less those that have committed");
    let node = NewNode { id: Uuid::now_v7(), name: "a".into(), version: "1".into(), started_at_ms: 1 };
    fixture.store.keep_node(node.clone(), Duration::from_secs(30)).await.unwrap();
    let with_the_hours: Vec<i64> = committed.iter().copied().chain([100]).collect();
    assert_eq!((writers(&fixture).await, idle().await), (with_the_hours, 1));

    change("DELETE FROM writers WHERE transaction_number < 100").await;
    second.commit(job()).await.unwrap();
    let returned = writers(&fixture).await;
    let next: Vec<i64> = committed.iter().chain([&0]).map(|last| last + 1).collect();
    assert!(
        returned.len() == 2 && next.contains(&returned[0]) && returned[1] == 100,
        "with its next group: {returned:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_of_other_environments_do_not_wait_and_what_comes_meanwhile_joins_the_one_that_waits() {
    let fixture = Fixture::new().await;
    let environments = fixture.store.environments().await.unwrap();
    let sources: Vec<i64> = environments.iter().map(|environment| environment.id).collect();
    fixture.store.source_create(source("all", &sources), log("upsertSource")).await.unwrap();
    let sources = fixture.store.sources().await.unwrap();
    let all = &sources.iter().find(|source| source.key == "all").unwrap().environments;
    let job = |at: usize| Job {
        environment: all[at].environment_id,
        source_environment: all[at].id,
        ..fixture.job(vec![Event::new("t", r#"{"data":{}}"#).prepare(&fixture)])
    };
    let groups = async || -> i64 {
        let sum = "SELECT sum(transaction_number)::bigint FROM writers";
        sqlx::query_scalar(sum).fetch_one(&mut fixture.database.connect().await).await.unwrap()
    };
    fixture.store.commit(job(0)).await.unwrap();
    let before = groups().await;
    let mut holder = fixture.database.connect().await;
    let hold = format!("BEGIN; SELECT 1 FROM environments WHERE id = {} FOR UPDATE", all[0].environment_id);
    sqlx::raw_sql(sqlx::AssertSqlSafe(hold)).execute(&mut holder).await.unwrap();
    let mut waiting = tokio::task::JoinSet::new();
    for number in 0..20 {
        let (store, job) = (fixture.store.clone(), job(0));
        waiting.spawn(async move { store.commit(job).await });
        if number == 0 {
            while fixture.store.stats().busy_for.is_none() {
                tokio::task::yield_now().await;
            }
        }
    }
    fixture.store.commit(job(1)).await.unwrap();
    while fixture.store.stats().queued < 19 {
        tokio::task::yield_now().await;
    }
    sqlx::raw_sql("ROLLBACK").execute(&mut holder).await.unwrap();
    for settled in waiting.join_all().await {
        assert_eq!(settled.unwrap()[0].outcome, Outcome::Logged);
    }
    assert_eq!(groups().await - before, 2, "a group for each environment");
}

/// A clock that is wrong by so many milliseconds.
struct Wrong(i64, RealClock);

impl SystemClock for Wrong {
    fn since_1970(&self) -> Duration {
        let right_ms = i64::try_from(self.1.since_1970().as_millis()).unwrap();
        Duration::from_millis((right_ms + self.0).unsigned_abs())
    }

    fn running(&self) -> Duration {
        self.1.running()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_whose_clocks_differ_follow_the_databases() {
    const WRONG_MS: i64 = 600_000;
    let wrong = |ms: i64| Arc::new(Wrong(ms, RealClock::default()));
    let fixture = Fixture::with(|options| StoreOptions { clock: wrong(WRONG_MS), ..options }).await;
    let options = StoreOptions { clock: wrong(-WRONG_MS), ..fixture.database.options_of_node("second") };
    let second = Store::open(options, vault()).await.unwrap();
    let [first_ms, second_ms] = [&*fixture.store, &second].map(|store| store.clock().state().system_ms);
    let difference_ms = first_ms - second_ms;
    assert!(difference_ms.abs() < 5000, "{difference_ms} ms");
    let off_ms = first_ms - i64::try_from(RealClock::default().since_1970().as_millis()).unwrap();
    assert!(off_ms.abs() < 5000, "{off_ms} ms");
    // The ids of one node are not all before those of the other.
    let [first, later] = [fixture.store.clock().new_id(), {
        tokio::time::sleep(Duration::from_millis(100)).await;
        second.clock().new_id()
    }];
    assert!(first < later || difference_ms > 0, "{first} {later}");
}

/// A server that is cut off in the middle of a transaction holds its locks for a while.
#[tokio::test(flavor = "multi_thread")]
async fn a_lock_that_somebody_holds_is_an_answer_and_not_the_end() {
    let fixture = Fixture::new().await;
    let job = || fixture.job(vec![Event::new("t", r#"{"data":{}}"#).prepare(&fixture)]);
    let mut holder = fixture.database.connect().await;
    sqlx::raw_sql("BEGIN; SELECT 1 FROM environments FOR UPDATE").execute(&mut holder).await.unwrap();
    let refused = fixture.store.commit(job()).await;
    assert!(matches!(&refused, Err(CommitError::Unavailable { reason }) if reason.contains("locked")), "{refused:?}");
    let refused =
        fixture.store.target_put(target(fixture.environment, "crm", TargetRouting::of_chunks(1)), log("t")).await;
    assert!(refused.is_err(), "an operation waits no longer either");
    sqlx::raw_sql("ROLLBACK").execute(&mut holder).await.unwrap();
    fixture.store.commit(job()).await.unwrap();
    fixture.target("crm", TargetRouting::of_chunks(1)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unique_index_that_is_not_valid_is_refused() {
    let fixture = Fixture::new().await;
    let mut administrator = fixture.database.connect().await;
    let mut spoil = async |index: &str, is_valid: bool| {
        let text = format!(
            "SET allow_system_table_mods = on;
             UPDATE pg_index SET indisvalid = {is_valid} WHERE indexrelid = '{index}'::regclass"
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(text)).execute(&mut administrator).await.unwrap();
    };
    let open = async || Store::open(fixture.database.options_of_node("second"), vault()).await;
    spoil("refused_requests_by_cause", false).await;
    open().await.unwrap().close().await.unwrap();
    spoil("deliveries_by_id", false).await;
    let Err(OpenError::Other { problem, .. }) = open().await else { panic!("it was opened") };
    assert_eq!(problem, "its index deliveries_by_id is not valid; run REINDEX INDEX deliveries_by_id");
    spoil("deliveries_by_id", true).await;
    open().await.unwrap();
}

/// The store's COMMIT relies on it in every version: an error ends the transaction, and a plain COMMIT would report success.
#[tokio::test(flavor = "multi_thread")]
async fn a_commit_after_an_error_is_one() {
    let fixture = Fixture::new().await;
    let mut connection = fixture.database.connect().await;
    for (commit, is_error) in [("COMMIT", false), ("SELECT 1; COMMIT", true)] {
        sqlx::raw_sql("BEGIN; INSERT INTO meta VALUES ('lost', '')").execute(&mut connection).await.unwrap();
        sqlx::raw_sql("SELECT 1 / 0").execute(&mut connection).await.unwrap_err();
        assert_eq!(sqlx::raw_sql(commit).execute(&mut connection).await.is_err(), is_error, "{commit}");
        sqlx::raw_sql("ROLLBACK").execute(&mut connection).await.unwrap();
    }
    let lost: i64 =
        sqlx::query_scalar("SELECT count(*) FROM meta WHERE key = 'lost'").fetch_one(&mut connection).await.unwrap();
    assert_eq!(lost, 0);
}
