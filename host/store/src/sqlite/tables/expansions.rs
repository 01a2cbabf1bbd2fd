//! Expanding the object recipients of runs into their subscribers, one chunk in each transaction.
//!
//! An expansion begins with the recipients that the event named. It reads the subscribers of each object among the run's
//! recipients, those objects included that it adds itself, in the order in which they became recipients. A subscriber is
//! added unless the run has it, it is the actor, or it was canceled. So cycles end, and each recipient is in the run once.

use sqlx::{Row as _, SqliteConnection, SqlitePool};
use uuid::Uuid;

use crate::{
    backend::Execute,
    error::CommitError,
    operations::ExpandRun,
    records::ExpandedRun,
    sqlite::{
        error::SqliteError,
        statements::{transaction, uuids},
        write_connection::WriteConnection,
    },
};

/// The most expansions that are listed at once.
const MAX_LISTED: i64 = 100;
/// Rows that are removed for each that is added.
const REMOVED_FACTOR: i64 = 10;

const TO_BEGIN: i64 = 0;
const UNDER_WAY: i64 = 1;
const ENDED: i64 = 2;

/// Returns expansions that have not ended: the environment's database id and the run.
pub(crate) async fn unfinished(readers: &SqlitePool) -> Result<Vec<(i64, Uuid)>, sqlx::Error> {
    let rows = sqlx::query("SELECT environment_id, run_id FROM expansions LIMIT ?")
        .bind(MAX_LISTED)
        .fetch_all(readers)
        .await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, uuids::read(row, 1)?))).collect()
}

impl Execute<ExpandRun> for WriteConnection {
    async fn execute(
        &mut self,
        ExpandRun { environment_id, run_id, limit }: ExpandRun,
    ) -> Result<ExpandedRun, CommitError> {
        Ok(transaction::run(self.connection.plain(), async |connection| {
            Ok(step(connection, environment_id, run_id, limit.into()).await?)
        })
        .await
        .map_err(|error: SqliteError| error)?)
    }
}

/// Takes the next step of an expansion.
async fn step(
    connection: &mut SqliteConnection,
    environment: i64,
    run: Uuid,
    limit: i64,
) -> Result<ExpandedRun, sqlx::Error> {
    let expansion = sqlx::query(
        "SELECT state, actor_collection, actor_id, runs.id IS NOT NULL AND runs.canceled_at_ms IS NULL,
             runs.recipients_count, runs.cancellation_key IS NOT NULL
         FROM expansions LEFT JOIN workflow_runs AS runs
             ON runs.environment_id = expansions.environment_id AND runs.id = run_id
         WHERE expansions.environment_id = ? AND run_id = ?",
    )
    .bind(environment)
    .bind(run.as_bytes().as_slice())
    .fetch_optional(&mut *connection)
    .await?;
    let Some(expansion) = expansion else { return Ok(ExpandedRun { recipients: 0, has_more: false }) };
    let (state, is_open): (i64, bool) = (expansion.try_get(0)?, expansion.try_get(3)?);
    let step = Step { environment, run: run.as_bytes().as_slice(), limit };
    match state {
        TO_BEGIN if is_open => {
            let actor: (Option<String>, Option<String>) = (expansion.try_get(1)?, expansion.try_get(2)?);
            step.begin(connection, actor).await?;
        }
        UNDER_WAY if is_open => {
            let recipients = step.expand(connection, expansion.try_get(4)?, expansion.try_get(5)?).await?;
            return Ok(ExpandedRun { recipients, has_more: true });
        }
        // The run is canceled or gone, or everybody is read.
        _ => return step.end(connection).await,
    }
    Ok(ExpandedRun { recipients: 0, has_more: true })
}

/// A step of the expansion of a run.
struct Step<'r> {
    environment: i64,
    run: &'r [u8],
    /// The most subscribers to read.
    limit: i64,
}

impl Step<'_> {
    /// Notes the recipients that the event named, and the actor.
    async fn begin(
        &self,
        connection: &mut SqliteConnection,
        (actor_collection, actor_id): (Option<String>, Option<String>),
    ) -> Result<(), sqlx::Error> {
        for sql in [
            "INSERT INTO expansion_recipients (run_id, recipient_seq)
             SELECT run_id, seq FROM workflow_run_recipients AS named CROSS JOIN recipients
                 ON environment_id = ?1 AND recipients.collection = coalesce(named.collection, '$users')
                 AND recipients.id = named.id
             WHERE run_id = ?2 ON CONFLICT DO NOTHING",
            "INSERT INTO expansion_objects (run_id, ordinal, object_seq, after_seq)
             SELECT run_id, ordinal, seq, 0 FROM workflow_run_recipients AS named CROSS JOIN recipients
                 ON environment_id = ?1 AND recipients.collection = named.collection AND recipients.id = named.id
             WHERE run_id = ?2 AND named.collection NOT IN ('$users', '$tenants') AND canceled_at_ms IS NULL",
            "UPDATE expansions SET state = 1 WHERE environment_id = ?1 AND run_id = ?2",
        ] {
            sqlx::query(sql).bind(self.environment).bind(self.run).execute(&mut *connection).await?;
        }
        sqlx::query(
            "INSERT INTO expansion_recipients (run_id, recipient_seq)
             SELECT ?1, seq FROM recipients WHERE environment_id = ?2 AND collection = ?3 AND id = ?4
             ON CONFLICT DO NOTHING",
        )
        .bind(self.run)
        .bind(self.environment)
        .bind(actor_collection)
        .bind(actor_id)
        .execute(connection)
        .await?;
        Ok(())
    }

    /// Adds the next subscribers of the first object that is not read whole; returns the number of those that are new.
    async fn expand(
        &self,
        connection: &mut SqliteConnection,
        recipients_count: i64,
        is_cancelable: bool,
    ) -> Result<u64, sqlx::Error> {
        let object = sqlx::query(
            "SELECT ordinal, object_seq, after_seq,
                 (SELECT canceled_at_ms IS NULL FROM workflow_run_recipients AS named
                  WHERE named.run_id = expansion_objects.run_id AND named.ordinal = expansion_objects.ordinal)
                 AND (SELECT collection <> '#deleted' FROM recipients WHERE seq = object_seq)
             FROM expansion_objects WHERE run_id = ? ORDER BY ordinal LIMIT 1",
        )
        .bind(self.run)
        .fetch_optional(&mut *connection)
        .await?;
        let Some(object) = object else {
            self.set_ended(connection).await?;
            return Ok(0);
        };
        let (ordinal, object_seq, after_seq): (i64, i64, i64) =
            (object.try_get(0)?, object.try_get(1)?, object.try_get(2)?);
        // NULL: the object is gone.
        let is_wanted = object.try_get::<Option<bool>, _>(3)?.unwrap_or_default();
        let read: Vec<i64> = match is_wanted {
            false => Vec::new(),
            true => {
                sqlx::query_scalar(
                    "SELECT recipient_seq FROM subscriptions
                     WHERE environment_id = ? AND object_seq = ? AND recipient_seq > ? ORDER BY recipient_seq LIMIT ?",
                )
                .bind(self.environment)
                .bind(object_seq)
                .bind(after_seq)
                .bind(self.limit)
                .fetch_all(&mut *connection)
                .await?
            }
        };
        let added = self.add(connection, &read, recipients_count, is_cancelable).await?;
        match read.last().filter(|_| read.len() as i64 >= self.limit) {
            Some(last) => {
                sqlx::query("UPDATE expansion_objects SET after_seq = ? WHERE run_id = ? AND ordinal = ?")
                    .bind(last)
                    .bind(self.run)
                    .bind(ordinal)
                    .execute(connection)
                    .await?
            }
            None => {
                sqlx::query("DELETE FROM expansion_objects WHERE run_id = ? AND ordinal = ?")
                    .bind(self.run)
                    .bind(ordinal)
                    .execute(connection)
                    .await?
            }
        };
        Ok(added)
    }

    /// Adds those of the subscribers that the run does not have; returns their number.
    async fn add(
        &self,
        connection: &mut SqliteConnection,
        subscribers: &[i64],
        recipients_count: i64,
        is_cancelable: bool,
    ) -> Result<u64, sqlx::Error> {
        let new: Vec<i64> = sqlx::query_scalar(
            "INSERT INTO expansion_recipients (run_id, recipient_seq)
             SELECT ?, value FROM json_each(?) WHERE true ON CONFLICT DO NOTHING RETURNING recipient_seq",
        )
        .bind(self.run)
        .bind(numbers(subscribers))
        .fetch_all(&mut *connection)
        .await?;
        let new = numbers(&new);
        let added = sqlx::query(
            "INSERT INTO workflow_run_recipients (run_id, ordinal, collection, id, is_cancelable)
             SELECT ?1, ?2 + row_number() OVER (ORDER BY seq) - 1, nullif(collection, '$users'), recipients.id, ?3
             FROM json_each(?4) CROSS JOIN recipients ON seq = value
             WHERE environment_id = ?5 AND collection <> '#deleted'",
        )
        .bind(self.run)
        .bind(recipients_count)
        .bind(is_cancelable.then_some(1))
        .bind(&new)
        .bind(self.environment)
        .execute(&mut *connection)
        .await?
        .rows_affected();
        if added == 0 {
            return Ok(0);
        }
        sqlx::query(
            "INSERT INTO expansion_objects (run_id, ordinal, object_seq, after_seq)
             SELECT run_id, ordinal, seq, 0 FROM workflow_run_recipients AS added CROSS JOIN recipients
                 ON environment_id = ? AND recipients.collection = added.collection AND recipients.id = added.id
             WHERE run_id = ? AND ordinal >= ? AND added.collection <> '$tenants'",
        )
        .bind(self.environment)
        .bind(self.run)
        .bind(recipients_count)
        .execute(&mut *connection)
        .await?;
        sqlx::query(
            "UPDATE workflow_runs SET recipients_count = recipients_count + ? WHERE environment_id = ? AND id = ?",
        )
        .bind(added as i64)
        .bind(self.environment)
        .bind(self.run)
        .execute(connection)
        .await?;
        Ok(added)
    }

    async fn set_ended(&self, connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        sqlx::query("UPDATE expansions SET state = ? WHERE environment_id = ? AND run_id = ?")
            .bind(ENDED)
            .bind(self.environment)
            .bind(self.run)
            .execute(connection)
            .await?;
        Ok(())
    }

    /// Removes the notes of an expansion that has ended.
    async fn end(&self, connection: &mut SqliteConnection) -> Result<ExpandedRun, sqlx::Error> {
        let mut removed = 0;
        for sql in [
            "DELETE FROM expansion_recipients WHERE (run_id, recipient_seq) IN (
                 SELECT run_id, recipient_seq FROM expansion_recipients WHERE run_id = ? LIMIT ?)",
            "DELETE FROM expansion_objects WHERE (run_id, ordinal) IN (
                 SELECT run_id, ordinal FROM expansion_objects WHERE run_id = ? LIMIT ?)",
        ] {
            let limit = self.limit * REMOVED_FACTOR;
            removed += sqlx::query(sql).bind(self.run).bind(limit).execute(&mut *connection).await?.rows_affected();
        }
        if removed > 0 {
            // Whoever expands next sees that it has ended.
            self.set_ended(connection).await?;
            return Ok(ExpandedRun { recipients: 0, has_more: true });
        }
        sqlx::query("DELETE FROM expansions WHERE environment_id = ? AND run_id = ?")
            .bind(self.environment)
            .bind(self.run)
            .execute(connection)
            .await?;
        Ok(ExpandedRun { recipients: 0, has_more: false })
    }
}

/// Returns numbers as a JSON array.
fn numbers(numbers: &[i64]) -> String {
    let numbers: Vec<String> = numbers.iter().map(i64::to_string).collect();
    format!("[{}]", numbers.join(","))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;
    use sqlx::Connection;

    use super::*;
    use crate::sqlite::connection::migrations::MIGRATIONS;

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
            step(&mut self.0, ENVIRONMENT, RUN, limit).await.unwrap()
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
}
