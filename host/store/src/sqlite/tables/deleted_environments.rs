//! Deleting an environment: its name, configuration and credentials at once, its large tables in slices.
//!
//! Its rows in `environments` and `source_environments` stay for ever, empty: jobs that were under way can still be
//! committed and are pruned later, and no other environment gets its id.

use super::{
    change_log,
    deleted_sources::{Owner, empty_source_environments},
    targets,
};
use crate::{
    backend::Execute,
    clock::now_ms,
    error::ChangeError,
    operations::DeleteEnvironment,
    sql,
    sqlite::{error::SqliteError, statements::transaction, write_connection::WriteConnection},
};

/// The statements that empty the small tables of an environment. A management token that is limited to deleted
/// environments is good nowhere and goes too.
const SMALL: [&str; 8] = [
    "DELETE FROM operational_events WHERE environment_id = ?",
    "DELETE FROM operational_conditions WHERE environment_id = ?",
    "DELETE FROM targets WHERE environment_id = ?",
    "DELETE FROM forget_requests WHERE environment_id = ?",
    "DELETE FROM variables WHERE environment_id = ?",
    "DELETE FROM api_keys WHERE environment_id = ?",
    "DELETE FROM management_token_environments WHERE environment_id = ?",
    "DELETE FROM management_tokens WHERE all_environments = 0 AND id NOT IN (
         SELECT token_id FROM management_token_environments WHERE environment_id <> ?)",
];

/// The possibly large tables of an environment, each with the statement that deletes at most `?2` of its rows, in the order
/// in which they are emptied. Runs go once their recipients are gone: one run may have a thousand, so that these are
/// deleted by their own number, ten times as many as of other rows.
const LARGE: [(&str, &str); 15] = [
    (
        "delivery_attempts",
        "DELETE FROM delivery_attempts WHERE (delivery_seq, number) IN (
             SELECT delivery_seq, number
             FROM (SELECT seq AS delivery_seq FROM deliveries WHERE environment_id = ?1 ORDER BY id LIMIT ?2) AS oldest
                 CROSS JOIN delivery_attempts USING (delivery_seq) LIMIT ?2)",
    ),
    (
        "delivery_bodies",
        "DELETE FROM delivery_bodies WHERE delivery_seq IN (
             SELECT seq FROM (SELECT seq FROM deliveries WHERE environment_id = ?1 ORDER BY id LIMIT ?2) AS oldest
                 CROSS JOIN delivery_bodies ON delivery_seq = seq)",
    ),
    ("issues", "DELETE FROM issues WHERE id IN (SELECT id FROM issues WHERE environment_id = ?1 LIMIT ?2)"),
    (
        "deliveries",
        "DELETE FROM deliveries WHERE seq IN (
             SELECT seq FROM deliveries WHERE environment_id = ?1 ORDER BY id LIMIT ?2)",
    ),
    (
        "bulk_operations",
        "DELETE FROM bulk_operations WHERE environment_id = ?1 AND id IN (
             SELECT id FROM bulk_operations WHERE environment_id = ?1 LIMIT ?2)",
    ),
    (
        "workflow_run_recipients",
        "DELETE FROM workflow_run_recipients WHERE (run_id, ordinal) IN (
             SELECT run_id, ordinal
             FROM (SELECT id AS run_id FROM workflow_runs WHERE environment_id = ?1 ORDER BY id LIMIT ?2) AS oldest
                 CROSS JOIN workflow_run_recipients USING (run_id) LIMIT ?2 * 10)",
    ),
    (
        "workflow_runs",
        "DELETE FROM workflow_runs WHERE environment_id = ?1 AND id IN (
             SELECT id FROM workflow_runs WHERE environment_id = ?1 ORDER BY id LIMIT ?2)",
    ),
    (
        "canceled_run_deliveries",
        "DELETE FROM canceled_run_deliveries WHERE id IN (
             SELECT id FROM canceled_run_deliveries WHERE environment_id = ?1 LIMIT ?2)",
    ),
    (
        "cancellations",
        "DELETE FROM cancellations WHERE id IN (SELECT id FROM cancellations WHERE environment_id = ?1 LIMIT ?2)",
    ),
    (
        "subscriptions",
        "DELETE FROM subscriptions WHERE environment_id = ?1 AND (object_seq, recipient_seq) IN (
             SELECT object_seq, recipient_seq FROM subscriptions WHERE environment_id = ?1 LIMIT ?2)",
    ),
    (
        "audience_members",
        "DELETE FROM audience_members WHERE environment_id = ?1 AND (audience, user_seq, tenant_id) IN (
             SELECT audience, user_seq, tenant_id FROM audience_members WHERE environment_id = ?1 LIMIT ?2)",
    ),
    (
        "audience_tenants",
        "DELETE FROM audience_tenants WHERE id IN (SELECT id FROM audience_tenants WHERE environment_id = ?1 LIMIT ?2)",
    ),
    (
        "recipients",
        "DELETE FROM recipients WHERE seq IN (SELECT seq FROM recipients WHERE environment_id = ?1 LIMIT ?2)",
    ),
    (
        "parked_recipients",
        "DELETE FROM parked_recipients WHERE seq IN (
             SELECT seq FROM parked_recipients WHERE environment_id = ?1 LIMIT ?2)",
    ),
    (
        "parked_triggers",
        "DELETE FROM parked_triggers WHERE environment_id = ?1 AND (event_id, mapping) IN (
             SELECT event_id, mapping FROM parked_triggers WHERE environment_id = ?1 LIMIT ?2)",
    ),
];

impl Execute<DeleteEnvironment> for WriteConnection {
    async fn execute(&mut self, DeleteEnvironment { id, log }: DeleteEnvironment) -> Result<(), ChangeError> {
        transaction::run(self.connection.plain(), async |connection| {
            mark_deleted(connection, id).await?;
            Ok(change_log::record(connection, &log).await?)
        })
        .await?;
        self.caches.parked.remove_environment(id);
        self.caches.targets.reload(&mut self.connection.plain()).await;
        Ok(())
    }
}

/// Takes an environment out of every list, makes its endpoints and keys unknown, and frees its slug.
async fn mark_deleted(connection: &mut sql::Connection<'_>, id: i64) -> Result<(), SqliteError> {
    // No slug has a tilde.
    let marked = sql::query(
        "UPDATE environments SET slug = slug || '~' || id, name = '', deleted_at_ms = ?
         WHERE id = ? AND deleted_at_ms IS NULL",
    )
    .bind(now_ms())
    .bind(id)
    .execute(&mut *connection)
    .await?;
    if marked.rows_affected() == 0 {
        return Err(ChangeError::NotFound { what: "environment" }.into());
    }
    empty_source_environments(connection, Owner::Environment(id)).await?;
    for sql in SMALL {
        sql::query(sql).bind(id).execute(&mut *connection).await?;
    }
    Ok(())
}

/// Cancels at most `limit` deliveries of one deleted target, or deletes at most `limit` rows of one large table of one
/// deleted environment; returns their number.
pub(super) async fn slice(connection: &mut sql::Connection<'_>, limit: i64) -> Result<u64, sqlx::Error> {
    let rows = targets::clean_deleted(connection, limit).await?;
    if rows > 0 {
        return Ok(rows);
    }
    let deleted: Vec<i64> = sql::query_scalar("SELECT id FROM environments WHERE deleted_at_ms IS NOT NULL")
        .fetch_all(&mut *connection)
        .await?;
    for environment in deleted {
        for (_, sql) in LARGE {
            let done = sql::query(sql).bind(environment).bind(limit).execute(&mut *connection).await?;
            if done.rows_affected() > 0 {
                return Ok(done.rows_affected());
            }
        }
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::collections::BTreeSet;

    use sqlx::{Connection, SqliteConnection};

    use super::*;
    use crate::sqlite::connection::migrations::MIGRATIONS;

    #[tokio::test]
    async fn nothing_that_hangs_on_an_environment_is_forgotten() {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        MIGRATIONS.run(&mut connection).await.unwrap();
        let tables: BTreeSet<String> = sqlx::query_scalar(
            "SELECT tables.name FROM sqlite_schema AS tables, pragma_foreign_key_list(tables.name) AS keys
             WHERE tables.type = 'table' AND keys.\"table\" = 'environments'",
        )
        .fetch_all(&mut connection)
        .await
        .unwrap()
        .into_iter()
        .collect();
        // Source environments are emptied with their tables, and the change log outlives what it tells of. Recipients of
        // runs, and attempts and bodies of deliveries, have no foreign key to an environment.
        let small = [
            "api_keys",
            "forget_requests",
            "management_token_environments",
            "operational_conditions",
            "operational_events",
            "targets",
            "variables",
        ];
        let of_others = ["workflow_run_recipients", "delivery_attempts", "delivery_bodies"];
        let large = LARGE.iter().map(|(name, _)| *name).filter(|name| !of_others.contains(name));
        let handled = large.chain(small).chain(["source_environments", "changes"]);
        assert_eq!(tables, handled.map(str::to_owned).collect());
    }
}
