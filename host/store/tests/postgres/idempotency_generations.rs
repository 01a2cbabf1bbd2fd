//! Idempotency records in generations: which node looks, and when generations begin, end and are removed, makes no difference.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use inlet_core::{
    Uuid,
    idempotency::ScopedKey,
    log::Outcome,
    mapping::Mapping,
    settle::{Job, Prepared},
};
use inlet_store::{GenerationSize, NewNode, RealClock, Store, SystemClock as _};
use proptest::prelude::*;
use sqlx::AssertSqlSafe;

use crate::{
    backend::TestDatabase,
    suite::support::{DAY_MS, Event, Fixture, log, mapping, source, vault},
};

const WITH_ANY: GenerationSize = GenerationSize { records: 1, age_ms: i64::MAX / 4 };

async fn second(fixture: &Fixture) -> Store {
    Store::open(fixture.database.options_of_node("second"), vault()).await.unwrap()
}

fn trigger() -> [Mapping; 1] {
    [mapping("order", "workflows_trigger", r#"{"key":"k","recipients":{"id":"user_id"}}"#, 1)]
}

/// Returns an event whose record expires after so many days.
fn keyed(fixture: &Fixture, key: &str, days: i64, mappings: &[Mapping]) -> Prepared {
    keyed_item(fixture, r#"{"userId":"u","data":{}}"#, key, days, mappings)
}

fn keyed_item(fixture: &Fixture, item: &str, key: &str, days: i64, mappings: &[Mapping]) -> Prepared {
    let mut prepared = Event::new("order", item).key(key).mappings(mappings).prepare(fixture);
    if let Some(plan) = &mut prepared.plan {
        let (hash_key, key) = (fixture.store.hash_key(), key.to_owned());
        plan.key = Some(ScopedKey::new(&hash_key, fixture.source_environment, "order", key, days * DAY_MS, 0));
    }
    prepared
}

async fn outcome(store: &Store, job: Job) -> Outcome {
    store.commit(job).await.unwrap()[0].outcome
}

/// Begins the next generation if the newest one has a record.
async fn end(store: &Store) {
    if let Some(number) = store.next_idempotency_generation(WITH_ANY).await.unwrap() {
        store.begin_idempotency_generation(number).await.unwrap();
    }
}

async fn finish(store: &Store) {
    while let Some(ended) = store.ended_idempotency_generation().await.unwrap() {
        store.finish_idempotency_generation(ended).await.unwrap();
    }
}

async fn count(fixture: &Fixture, of: &str) -> i64 {
    let count = AssertSqlSafe(format!("SELECT count(*) FROM {of}"));
    sqlx::query_scalar(count).fetch_one(&mut fixture.database.connect().await).await.unwrap()
}

#[derive(Debug, Clone)]
enum Step {
    /// In one request.
    Commit(BTreeSet<u8>),
    Rehearse(u8),
    End,
    Finish,
    Refresh,
    /// In two days, in slices of so many records.
    Prune(u32),
}

fn step() -> impl Strategy<Value = (usize, Step)> {
    let step = prop_oneof![
        8 => prop::collection::btree_set(0u8..64, 1..16).prop_map(Step::Commit),
        2 => (0u8..64).prop_map(Step::Rehearse),
        3 => Just(Step::End),
        2 => Just(Step::Finish),
        2 => Just(Step::Refresh),
        1 => (1u32..6).prop_map(Step::Prune),
    ];
    (0usize..2, step)
}

/// What a key does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Next {
    Executes,
    Replays,
    /// Its record has expired, and is removed with its generation.
    Either,
}

impl Next {
    fn allows(self, outcome: Outcome) -> bool {
        match self {
            Self::Executes => outcome == Outcome::Executed,
            Self::Replays => outcome == Outcome::Replayed,
            Self::Either => matches!(outcome, Outcome::Executed | Outcome::Replayed),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn a_key_executes_once_until_its_record_expires(steps in prop::collection::vec(step(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (fixture, mappings) = (Fixture::new().await, trigger());
            let second = second(&fixture).await;
            let nodes = [&*fixture.store, &second];
            let now_ms = i64::try_from(RealClock::default().since_1970().as_millis()).unwrap();
            let in_two_days = now_ms + 2 * DAY_MS;
            // A few keys are kept for longer than that: they move when their generation is removed.
            let days = |key: u8| if key.is_multiple_of(16) { 10 } else { 1 };
            let item = |key: &u8| keyed(&fixture, &key.to_string(), days(*key), &mappings);
            let mut model: BTreeMap<u8, Next> = BTreeMap::new();
            for (node, step) in &steps {
                let node = nodes[*node];
                match step {
                    Step::Commit(keys) => {
                        let settled = node.commit(fixture.job(keys.iter().map(item).collect())).await.unwrap();
                        for (key, settled) in keys.iter().zip(settled) {
                            let next = model.insert(*key, Next::Replays).unwrap_or(Next::Executes);
                            assert!(next.allows(settled.outcome), "key {key}: {:?} instead of {next:?}", settled.outcome);
                        }
                    }
                    Step::Rehearse(key) => {
                        let rehearsal = node.rehearse(&fixture.job(vec![item(key)])).await.unwrap();
                        let next = model.get(key).copied().unwrap_or(Next::Executes);
                        let outcome = rehearsal.settlements[0].outcome;
                        assert!(next.allows(outcome), "key {key}: {outcome:?} instead of {next:?}");
                    }
                    Step::End => end(node).await,
                    Step::Finish => finish(node).await,
                    Step::Refresh => node.refresh_idempotency_generations().await.unwrap(),
                    Step::Prune(slice) => {
                        while !node.prune_idempotency(in_two_days, *slice).await.unwrap().complete {}
                        let short = model.iter_mut().filter(|(key, next)| days(**key) == 1 && **next == Next::Replays);
                        short.for_each(|(_, next)| *next = Next::Either);
                    }
                }
            }
            // In the end everything expires, and nothing is left but the generation that is written into.
            end(nodes[0]).await;
            finish(nodes[1]).await;
            while !nodes[0].prune_idempotency(i64::MAX, 7).await.unwrap().complete {}
            assert_eq!(count(&fixture, "idempotency_records").await, 0);
            assert_eq!(count(&fixture, "idempotency_generations").await, 1);
            second.close().await.unwrap();
        });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_executes_once_while_generations_come_and_go() {
    const KEYS: usize = 150;
    let (fixture, mappings) = (Fixture::new().await, trigger());
    let second = Arc::new(second(&fixture).await);
    let is_over = Arc::new(AtomicBool::new(false));
    let upkeep = {
        let (first, second, is_over) = (fixture.store.clone(), second.clone(), is_over.clone());
        tokio::spawn(async move {
            while !is_over.load(Ordering::Relaxed) {
                end(&first).await;
                finish(&second).await;
                second.refresh_idempotency_generations().await.unwrap();
            }
        })
    };
    let mut executed = 0;
    for number in 0..KEYS {
        // Keys come again after others, in later generations.
        for key in [number, number / 2, number / 7] {
            let job = || fixture.job(vec![keyed(&fixture, &key.to_string(), 1, &mappings)]);
            let both = tokio::join!(outcome(&fixture.store, job()), outcome(&second, job()));
            executed += [both.0, both.1].iter().filter(|outcome| **outcome == Outcome::Executed).count();
        }
    }
    is_over.store(true, Ordering::Relaxed);
    upkeep.await.unwrap();
    assert_eq!(executed, KEYS);
    assert!(count(&fixture, "idempotency_generations").await > 10, "there were few generations");
}

#[tokio::test]
async fn what_has_not_expired_moves_to_the_newest_generation_unless_a_newer_record_is_there() {
    let fixture = Fixture::new().await;
    let second = second(&fixture).await;
    let bad = mapping("order", "workflows_trigger", r#"{"key":"receipt","recipients":"data.who"}"#, 2);
    let (mappings, with_bad) = (trigger(), [trigger().into_iter().collect::<Vec<_>>(), vec![bad]].concat());
    let short: Vec<String> = (0..30).map(|number| format!("short {number}")).collect();
    fixture
        .store
        .commit(fixture.job(short.iter().map(|key| keyed(&fixture, key, 1, &mappings)).collect()))
        .await
        .unwrap();
    let long = || fixture.job(vec![keyed(&fixture, "long", 10, &mappings)]);
    let twice = |item: &str| fixture.job(vec![keyed_item(&fixture, item, "twice", 10, &with_bad)]);
    assert_eq!(outcome(&fixture.store, long()).await, Outcome::Executed);
    assert_eq!(outcome(&fixture.store, twice(r#"{"userId":"u","data":{}}"#)).await, Outcome::Failed);
    end(&fixture.store).await;
    // What failed is carried out, and recorded in the second generation.
    assert_eq!(outcome(&second, twice(r#"{"userId":"u","data":{"who":"u"}}"#)).await, Outcome::Executed);
    end(&second).await;
    finish(&second).await;

    let now_ms = i64::try_from(RealClock::default().since_1970().as_millis()).unwrap();
    while !fixture.store.prune_idempotency(now_ms + 2 * DAY_MS, 7).await.unwrap().complete {}
    let left =
        async |generation: i64| count(&fixture, &format!("idempotency_records WHERE generation = {generation}")).await;
    assert_eq!([left(1).await, left(2).await, left(3).await], [0, 1, 1]);
    for store in [&*fixture.store, &second] {
        assert_eq!(outcome(store, long()).await, Outcome::Replayed);
        assert_eq!(outcome(store, twice(r#"{"userId":"u","data":{}}"#)).await, Outcome::Replayed);
    }
    assert_eq!(outcome(&second, fixture.job(vec![keyed(&fixture, "short 1", 1, &mappings)])).await, Outcome::Executed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_generation_does_not_end_while_a_group_writes_into_it() {
    let (fixture, mappings) = (Fixture::new().await, trigger());
    fixture.commit_all(vec![Event::new("order", r#"{"userId":"u","data":{}}"#).key("a").mappings(&mappings)]).await;
    let mut group = fixture.database.connect().await;
    let begin = format!(r"BEGIN; SELECT generation FROM begin_group('{{{}}}', '\x0001', 1)", fixture.environment);
    sqlx::raw_sql(AssertSqlSafe(begin)).execute(&mut group).await.unwrap();
    let store = fixture.store.clone();
    let ending = tokio::spawn(async move { end(&store).await });
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!ending.is_finished());
    sqlx::raw_sql("INSERT INTO idempotency_records VALUES (1, '\\x01', 0, ''); COMMIT")
        .execute(&mut group)
        .await
        .unwrap();
    ending.await.unwrap();
    assert_eq!(count(&fixture, "idempotency_records WHERE generation = 1").await, 2);
    assert_eq!(count(&fixture, "idempotency_generations").await, 2);
}

#[tokio::test]
async fn an_old_generation_ends_with_a_single_record() {
    let (fixture, mappings) = (Fixture::new().await, trigger());
    let next = async |records, age_ms| {
        fixture.store.next_idempotency_generation(GenerationSize { records, age_ms }).await.unwrap()
    };
    assert_eq!(next(1_000_000, 0).await, None, "it has no record");
    fixture.commit_all(vec![Event::new("order", r#"{"userId":"u","data":{}}"#).key("a").mappings(&mappings)]).await;
    assert_eq!(next(1_000_000, 60_000).await, None);
    assert_eq!(next(1_000_000, 0).await, Some(2));
    assert_eq!(next(2, 60_000).await, None);
    // From 65,536 on they are counted in a 256th of the hashes.
    let many =
        "INSERT INTO idempotency_records SELECT 1, sha256(n::text::bytea), 0, '' FROM generate_series(1, 100000) AS n";
    sqlx::raw_sql(many).execute(&mut fixture.database.connect().await).await.unwrap();
    assert_eq!(next(80_000, i64::MAX / 4).await, Some(2));
    assert_eq!(next(130_000, i64::MAX / 4).await, None);
    // Many records are read in pages, and their end is that of a part of them: these have expired, and go.
    fixture.store.begin_idempotency_generation(2).await.unwrap();
    finish(&fixture.store).await;
    fixture.store.refresh_idempotency_generations().await.unwrap();
    assert_eq!(outcome(&fixture.store, fixture.job(vec![keyed(&fixture, "a", 1, &mappings)])).await, Outcome::Replayed);
    while !fixture.store.prune_idempotency(1, 20_000).await.unwrap().complete {}
    assert_eq!(count(&fixture, "idempotency_records").await, 1);
    assert_eq!(outcome(&fixture.store, fixture.job(vec![keyed(&fixture, "a", 1, &mappings)])).await, Outcome::Replayed);
}

/// A server of the version before knows only the table that is ordered by the hash.
#[tokio::test]
async fn servers_of_the_version_before_and_this_one_execute_a_key_once() {
    let database = TestDatabase::new();
    let mut old_server = database.connect().await;
    sqlx::raw_sql(
        r"DELETE FROM idempotency_generations;
          INSERT INTO nodes (id, name, version, started_at_ms, clock_behind_ms, seen_at_ms, leased_until_ms)
              VALUES ('\x01', 'old', '0.1.0', 0, 0, 9000000000000, 9000000000000)",
    )
    .execute(&mut old_server)
    .await
    .unwrap();
    let store = Arc::new(Store::open(database.options(), vault()).await.unwrap());
    let environment = store.environments().await.unwrap()[0].id;
    store.source_create(source("main", &[environment]), log("upsertSource")).await.unwrap();
    let source_environment = store.sources().await.unwrap()[0].environments[0].id;
    let fixture = Fixture { store, database, environment, source_environment };
    let mappings = trigger();
    let send = async |store: &Store, key| outcome(store, fixture.job(vec![keyed(&fixture, key, 1, &mappings)])).await;
    let old_group = format!(
        r"BEGIN; SELECT now_us, nonce_horizon_ms, version, waiting, partitions_until_ms
            FROM begin_group('{{{environment}}}', '{{}}', '\x02', 1); COMMIT",
    );

    assert_eq!(send(&fixture.store, "a").await, Outcome::Executed);
    assert_eq!((count(&fixture, "idempotency").await, count(&fixture, "idempotency_records").await), (1, 0));
    sqlx::raw_sql(AssertSqlSafe(old_group.clone())).execute(&mut old_server).await.unwrap();
    let node =
        NewNode { id: Uuid::from_u128(2), name: "new".to_owned(), version: "0.2.0".to_owned(), started_at_ms: 0 };
    fixture.store.keep_node(node, Duration::from_secs(60)).await.unwrap();
    assert_eq!(fixture.store.next_idempotency_generation(WITH_ANY).await.unwrap(), None, "the old one is alive");
    assert!(fixture.store.prune_idempotency(0, 100).await.unwrap().complete);

    let second = second(&fixture).await;
    sqlx::raw_sql(r"DELETE FROM nodes WHERE id = '\x01'").execute(&mut old_server).await.unwrap();
    end(&fixture.store).await;
    for store in [&*fixture.store, &second] {
        assert_eq!(send(store, "a").await, Outcome::Replayed);
    }
    assert_eq!(send(&second, "b").await, Outcome::Executed);
    assert_eq!(send(&fixture.store, "b").await, Outcome::Replayed);
    assert_eq!((count(&fixture, "idempotency").await, count(&fixture, "idempotency_records").await), (1, 1));
    let error = sqlx::raw_sql(AssertSqlSafe(old_group)).execute(&mut old_server).await.unwrap_err();
    insta::assert_snapshot!(
        error.as_database_error().unwrap().message(),
        @"the other servers are of a newer version, which stores idempotency keys elsewhere; upgrade this one"
    );
    // What the old one wrote is removed when it has expired, and not looked for any more.
    while !fixture.store.prune_idempotency(i64::MAX, 100).await.unwrap().complete {}
    assert_eq!(count(&fixture, "idempotency").await, 0);
    assert_eq!(send(&second, "b").await, Outcome::Replayed);
}
