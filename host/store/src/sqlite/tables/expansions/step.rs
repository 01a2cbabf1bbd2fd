//! The steps of an expansion.

use super::ENDED;
use crate::records::ExpandedRun;
use crate::sql;

/// Rows that are removed for each that is added.
const REMOVED_FACTOR: i64 = 10;

/// A step of the expansion of a run.
pub(super) struct Step<'r> {
    pub(super) environment: i64,
    pub(super) run: &'r [u8],
    /// The most subscribers to read.
    pub(super) limit: i64,
}

impl Step<'_> {
    /// Notes the recipients that the event named, and the actor. Returns the number of rows.
    pub(super) async fn begin(
        &self,
        connection: &mut sql::Connection<'_>,
        (actor_collection, actor_id): (Option<String>, Option<String>),
    ) -> Result<i64, sqlx::Error> {
        let mut rows = 0;
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
            let done = sql::query(sql).bind(self.environment).bind(self.run).execute(&mut *connection).await?;
            rows += done.rows_affected() as i64;
        }
        sql::query(
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
        Ok(rows)
    }

    /// Adds the next subscribers of the first object that is not read whole; returns the number of those that are new, and
    /// of all that were read.
    pub(super) async fn expand(
        &self,
        connection: &mut sql::Connection<'_>,
        recipients_count: i64,
        is_cancelable: bool,
    ) -> Result<(u64, i64), sqlx::Error> {
        let object = sql::query(
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
            return Ok((0, 0));
        };
        let (ordinal, object_seq, after_seq): (i64, i64, i64) =
            (object.try_get(0)?, object.try_get(1)?, object.try_get(2)?);
        // NULL: the object is gone.
        let is_wanted = object.try_get::<Option<bool>>(3)?.unwrap_or_default();
        let read: Vec<i64> = match is_wanted {
            false => Vec::new(),
            true => {
                sql::query_scalar(
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
                sql::query("UPDATE expansion_objects SET after_seq = ? WHERE run_id = ? AND ordinal = ?")
                    .bind(last)
                    .bind(self.run)
                    .bind(ordinal)
                    .execute(connection)
                    .await?
            }
            None => {
                sql::query("DELETE FROM expansion_objects WHERE run_id = ? AND ordinal = ?")
                    .bind(self.run)
                    .bind(ordinal)
                    .execute(connection)
                    .await?
            }
        };
        Ok((added, read.len() as i64))
    }

    /// Adds those of the subscribers that the run does not have; returns their number.
    async fn add(
        &self,
        connection: &mut sql::Connection<'_>,
        subscribers: &[i64],
        recipients_count: i64,
        is_cancelable: bool,
    ) -> Result<u64, sqlx::Error> {
        let new: Vec<i64> = sql::query_scalar(sql::each(
            "INSERT INTO expansion_recipients (run_id, recipient_seq)
             SELECT ?, value FROM json_each(?) WHERE true ON CONFLICT DO NOTHING RETURNING recipient_seq",
            "INSERT INTO expansion_recipients (run_id, recipient_seq)
             SELECT ?, value::bigint FROM json_array_elements_text(?::json) AS value
             ON CONFLICT DO NOTHING RETURNING recipient_seq",
        ))
        .bind(self.run)
        .bind(numbers(subscribers))
        .fetch_all(&mut *connection)
        .await?;
        let new = numbers(&new);
        let added = sql::query(sql::each(
            "INSERT INTO workflow_run_recipients (run_id, ordinal, collection, id, is_cancelable)
             SELECT ?1, ?2 + row_number() OVER (ORDER BY seq) - 1, nullif(collection, '$users'), recipients.id, ?3
             FROM json_each(?4) CROSS JOIN recipients ON seq = value
             WHERE environment_id = ?5 AND collection <> '#deleted'",
            "INSERT INTO workflow_run_recipients (run_id, ordinal, collection, id, is_cancelable)
             SELECT ?1, ?2 + row_number() OVER (ORDER BY seq) - 1, nullif(collection, '$users'), recipients.id, ?3
             FROM json_array_elements_text(?4::json) AS value CROSS JOIN recipients ON seq = value::bigint
             WHERE environment_id = ?5 AND collection <> '#deleted'",
        ))
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
        sql::query(
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
        sql::query(
            "UPDATE workflow_runs SET recipients_count = recipients_count + ? WHERE environment_id = ? AND id = ?",
        )
        .bind(added as i64)
        .bind(self.environment)
        .bind(self.run)
        .execute(connection)
        .await?;
        Ok(added)
    }

    async fn set_ended(&self, connection: &mut sql::Connection<'_>) -> Result<(), sqlx::Error> {
        sql::query("UPDATE expansions SET state = ? WHERE environment_id = ? AND run_id = ?")
            .bind(ENDED)
            .bind(self.environment)
            .bind(self.run)
            .execute(connection)
            .await?;
        Ok(())
    }

    /// Removes the notes of an expansion that has ended. Returns the cost too.
    pub(super) async fn end(&self, connection: &mut sql::Connection<'_>) -> Result<(ExpandedRun, i64), sqlx::Error> {
        let mut removed = 0;
        for sql in [
            "DELETE FROM expansion_recipients WHERE (run_id, recipient_seq) IN (
                 SELECT run_id, recipient_seq FROM expansion_recipients WHERE run_id = ? LIMIT ?)",
            "DELETE FROM expansion_objects WHERE (run_id, ordinal) IN (
                 SELECT run_id, ordinal FROM expansion_objects WHERE run_id = ? LIMIT ?)",
        ] {
            let limit = self.limit * REMOVED_FACTOR;
            removed += sql::query(sql).bind(self.run).bind(limit).execute(&mut *connection).await?.rows_affected();
        }
        if removed > 0 {
            // Whoever expands next sees that it has ended.
            self.set_ended(connection).await?;
            return Ok((ExpandedRun { recipients: 0, has_more: true }, removed as i64 / REMOVED_FACTOR));
        }
        sql::query("DELETE FROM expansions WHERE environment_id = ? AND run_id = ?")
            .bind(self.environment)
            .bind(self.run)
            .execute(connection)
            .await?;
        Ok((ExpandedRun { recipients: 0, has_more: false }, 0))
    }
}

/// Returns numbers as a JSON array.
fn numbers(numbers: &[i64]) -> String {
    let numbers: Vec<String> = numbers.iter().map(i64::to_string).collect();
    format!("[{}]", numbers.join(","))
}
