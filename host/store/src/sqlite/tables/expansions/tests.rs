//! Expansions over small graphs of subscriptions.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use sqlx::{Connection, SqliteConnection, sqlite::SqlitePoolOptions};

use super::*;
use crate::sqlite::{caches::Targets, connection::migrations::MIGRATIONS};

/// A recipient's number is its `seq`. Even ones are users, odd ones are objects.
type Number = i64;

fn is_object(number: Number) -> bool {
    number % 2 == 1
}

fn key(number: Number) -> (&'static str, String) {
    (if is_object(number) { "projects" } else { "$users" }, format!("r{number}"))
}

struct Database(SqliteConnection);

const ENVIRONMENT: i64 = 1;
const RUN: Uuid = Uuid::from_u128(7);

impl Database {
    /// A database with these recipients.
    async fn new(recipients: impl IntoIterator<Item = Number>) -> Self {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        MIGRATIONS.run(&mut connection).await.unwrap();
        let mut database = Self(connection);
        for number in recipients {
            let (collection, id) = key(number);
            database
                .run(&format!(
                    "INSERT INTO recipients
                         (seq, environment_id, collection, id, created_at_ms, updated_at_ms, properties)
                     VALUES ({number}, {ENVIRONMENT}, '{collection}', '{id}', 0, 0, '{{}}')"
                ))
                .await;
        }
        database
    }

    async fn run(&mut self, sql: &str) {
        sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut self.0).await.unwrap();
    }

    async fn subscribe(&mut self, object: Number, subscriber: Number) {
        self.run(&format!(
            "INSERT OR IGNORE INTO subscriptions VALUES ({ENVIRONMENT}, {object}, {subscriber}, 0, 0, 'null')"
        ))
        .await;
    }

    /// Triggers a run with a cancellation key for these recipients.
    async fn trigger(&mut self, recipients: &[Number], actor: Option<Number>) {
        sqlx::query(
            "INSERT INTO workflow_runs
                 (environment_id, id, workflow, source_event, recipients_count, cancellation_key, data)
             VALUES (?, ?, 'k', x'', ?, 'c', 'null')",
        )
        .bind(ENVIRONMENT)
        .bind(RUN.as_bytes().as_slice())
        .bind(recipients.len() as i64)
        .execute(&mut self.0)
        .await
        .unwrap();
        for (ordinal, number) in recipients.iter().enumerate() {
            let (collection, id) = key(*number);
            sqlx::query(
                "INSERT INTO workflow_run_recipients (run_id, ordinal, collection, id, is_cancelable)
                 VALUES (?, ?, nullif(?, '$users'), ?, 1)",
            )
            .bind(RUN.as_bytes().as_slice())
            .bind(ordinal as i64)
            .bind(collection)
            .bind(id)
            .execute(&mut self.0)
            .await
            .unwrap();
        }
        let actor = actor.map(key);
        sqlx::query("INSERT INTO expansions VALUES (?, ?, 0, ?, ?)")
            .bind(ENVIRONMENT)
            .bind(RUN.as_bytes().as_slice())
            .bind(actor.as_ref().map(|(collection, _)| *collection))
            .bind(actor.as_ref().map(|(_, id)| id.as_str()))
            .execute(&mut self.0)
            .await
            .unwrap();
    }

    async fn step(&mut self, limit: i64) -> ExpandedRun {
        let router = &mut Router { targets: &mut Targets::default(), new_id: &mut Uuid::now_v7 };
        step(&mut (&mut self.0).into(), router, (ENVIRONMENT, RUN), limit).await.unwrap().0
    }

    /// Takes all steps; returns the most recipients that one of them added.
    async fn expand(&mut self, limit: i64) -> u64 {
        let mut most = 0;
        for _ in 0..10_000 {
            let step = self.step(limit).await;
            most = most.max(step.recipients);
            if !step.has_more {
                return most;
            }
        }
        panic!("the expansion does not end");
    }

    /// The run's recipients, in order.
    async fn recipients(&mut self) -> Vec<Number> {
        let rows: Vec<(i64, Option<String>, String)> =
            sqlx::query_as("SELECT ordinal, collection, id FROM workflow_run_recipients ORDER BY ordinal")
                .fetch_all(&mut self.0)
                .await
                .unwrap();
        let count = self.count("recipients_count FROM workflow_runs").await;
        assert_eq!(count, rows.len() as i64, "the run counts its recipients");
        assert!(rows.iter().enumerate().all(|(at, (ordinal, ..))| *ordinal == at as i64), "{rows:?}");
        rows.iter().map(|(_, _, id)| id.trim_start_matches('r').parse().unwrap()).collect()
    }

    async fn count(&mut self, selected: &str) -> i64 {
        sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT {selected}"))).fetch_one(&mut self.0).await.unwrap()
    }

    /// The rows that expansions have left.
    async fn notes(&mut self) -> i64 {
        let mut notes = 0;
        for table in ["expansions", "expansion_objects", "expansion_recipients"] {
            notes += self.count(&format!("count(*) FROM {table}")).await;
        }
        notes
    }
}

#[tokio::test]
async fn subscribers_are_added_in_chunks_and_nothing_of_the_expansion_is_left() {
    let mut database = Database::new([1, 2, 4, 6, 8, 10, 12]).await;
    for subscriber in [2, 4, 6, 8, 10, 12] {
        database.subscribe(1, subscriber).await;
    }
    database.trigger(&[4, 1], None).await;
    assert_eq!(database.expand(4).await, 3, "of the first four, one is named by the event");
    assert_eq!(database.recipients().await, [4, 1, 2, 6, 8, 10, 12]);
    assert_eq!(database.notes().await, 0);
    assert_eq!(database.step(4).await, ExpandedRun { recipients: 0, has_more: false });
}

#[tokio::test]
async fn a_small_expansion_is_done_in_one_transaction_and_a_large_one_reads_no_more_than_its_share() {
    let mut database = Database::new((1..=40).chain(42..=42)).await;
    for subscriber in (2..=40).step_by(2) {
        database.subscribe(1, subscriber).await;
    }
    database.trigger(&[1], None).await;
    let mut share = async |limit| {
        let share = ExpansionShare { environment_id: ENVIRONMENT, run_id: RUN, limit };
        let router = &mut Router { targets: &mut Targets::default(), new_id: &mut Uuid::now_v7 };
        expand(&mut (&mut database.0).into(), router, &share).await.unwrap()
    };
    // To begin costs the rows of one recipient and one object, and of the state.
    assert_eq!(share(8).await, ExpandedRun { recipients: 5, has_more: true });
    assert_eq!(share(5).await, ExpandedRun { recipients: 5, has_more: true });
    assert_eq!(share(1000).await, ExpandedRun { recipients: 10, has_more: false });
    assert_eq!(database.notes().await, 0);
}

#[tokio::test]
async fn the_oldest_runs_of_every_environment_are_listed() {
    let pool = SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await.unwrap();
    MIGRATIONS.run(&pool).await.unwrap();
    assert_eq!(unfinished(&sql::Pool::Sqlite(pool.clone())).await.unwrap(), []);
    for (environment, runs) in [(1, 25), (2, 1), (7, 2)] {
        for run in 0..runs {
            sqlx::query("INSERT INTO expansions VALUES (?, ?, 0, NULL, NULL)")
                .bind(environment)
                .bind(Uuid::from_u128(run).as_bytes().as_slice())
                .execute(&pool)
                .await
                .unwrap();
        }
    }
    let run = |environment, run| (environment, Uuid::from_u128(run));
    let expected: Vec<_> = (0..20).map(|number| run(1, number)).chain([run(2, 0), run(7, 0), run(7, 1)]).collect();
    assert_eq!(unfinished(&sql::Pool::Sqlite(pool.clone())).await.unwrap(), expected);
}

#[tokio::test]
async fn the_actor_and_deleted_recipients_are_left_out() {
    let mut database = Database::new([1, 2, 4, 6]).await;
    for subscriber in [2, 4, 6] {
        database.subscribe(1, subscriber).await;
    }
    database.run("UPDATE recipients SET collection = '#deleted', id = '6' WHERE seq = 6").await;
    database.trigger(&[1], Some(4)).await;
    database.expand(1000).await;
    assert_eq!(database.recipients().await, [1, 2]);
}

#[tokio::test]
async fn a_cancellation_stops_an_expansion_under_way() {
    let mut database = Database::new([1, 2, 4, 6]).await;
    for subscriber in [2, 4, 6] {
        database.subscribe(1, subscriber).await;
    }
    database.trigger(&[1], None).await;
    for _ in 0..2 {
        assert!(database.step(1).await.has_more);
    }
    database.run("UPDATE workflow_runs SET canceled_at_ms = 1").await;
    assert_eq!(database.expand(1).await, 0);
    assert_eq!((database.recipients().await, database.notes().await), (vec![1, 2], 0));
}

#[tokio::test]
async fn an_object_that_is_canceled_or_deleted_adds_nobody() {
    for change in [
        "UPDATE workflow_run_recipients SET canceled_at_ms = 1 WHERE id = 'r3'",
        "UPDATE recipients SET collection = '#deleted' WHERE id = 'r3'",
    ] {
        let mut database = Database::new([1, 2, 3, 4]).await;
        database.subscribe(1, 2).await;
        database.subscribe(3, 4).await;
        database.trigger(&[1, 3], None).await;
        assert!(database.step(10).await.has_more);
        database.run(change).await;
        database.expand(10).await;
        assert_eq!(database.recipients().await, [1, 3, 2]);
    }
}

#[tokio::test]
async fn the_expansion_of_a_run_that_is_gone_ends() {
    let mut database = Database::new([1, 2]).await;
    database.subscribe(1, 2).await;
    database.trigger(&[1], None).await;
    assert!(database.step(10).await.has_more);
    database.run("DELETE FROM workflow_run_recipients").await;
    database.run("DELETE FROM workflow_runs").await;
    assert_eq!(database.expand(10).await, 0);
    assert_eq!(database.notes().await, 0);
}

/// The recipients that are reachable from those that the event names, without the actor.
fn reachable(
    named: &BTreeSet<Number>,
    actor: Option<Number>,
    subscriptions: &BTreeSet<(Number, Number)>,
) -> BTreeSet<Number> {
    let mut of_object: BTreeMap<Number, Vec<Number>> = BTreeMap::new();
    for (object, subscriber) in subscriptions {
        of_object.entry(*object).or_default().push(*subscriber);
    }
    let mut found = named.clone();
    let mut open: Vec<Number> = named.iter().copied().collect();
    while let Some(number) = open.pop() {
        for subscriber in of_object.get(&number).into_iter().flatten() {
            if Some(*subscriber) != actor && found.insert(*subscriber) {
                open.push(*subscriber);
            }
        }
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Cycles included: any graph of twenty recipients, half of them objects.
    #[test]
    fn everybody_who_is_reachable_is_added_once(
        subscriptions in prop::collection::btree_set((0..10_i64, 1..=20_i64), 0..60),
        named in prop::collection::btree_set(1..=20_i64, 1..4),
        actor in prop::option::of(1..=20_i64),
        limit in 1..5_i64,
    ) {
        let subscriptions: BTreeSet<_> =
            subscriptions.into_iter().map(|(object, subscriber)| (object * 2 + 1, subscriber)).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let recipients = runtime.block_on(async {
            let mut database = Database::new(1..=20).await;
            for (object, subscriber) in &subscriptions {
                database.subscribe(*object, *subscriber).await;
            }
            database.trigger(&named.iter().copied().collect::<Vec<_>>(), actor).await;
            database.expand(limit).await;
            assert_eq!(database.notes().await, 0);
            database.recipients().await
        });
        let distinct: BTreeSet<Number> = recipients.iter().copied().collect();
        prop_assert_eq!(distinct.len(), recipients.len());
        prop_assert_eq!(distinct, reachable(&named, actor, &subscriptions));
    }
}
