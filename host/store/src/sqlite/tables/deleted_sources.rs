//! Deleting a source: its name and configuration at once, its large tables in slices.
//!
//! Everything that says something about the source goes with the deletion itself. Its rows in `sources` and
//! `source_environments` stay for ever, empty: jobs that were under way can still be committed and are pruned later, and
//! its ids, under which idempotency records are kept until they expire, are not given to another source.

use super::{change_log, deleted_environments};
use crate::{
    backend::Execute,
    clock::now_ms,
    error::{ChangeError, CommitError},
    operations::{DeleteSource, PruneDeletedSources},
    sql,
    sqlite::{error::SqliteError, statements::transaction, write_connection::WriteConnection},
};

/// The small tables with rows of a source environment: emptied with the deletion.
const SMALL: [&str; 5] = ["body_walks", "endpoint_tokens", "event_type_hours", "mappings", "replays"];

/// The possibly large tables with rows of a source environment, each with the statement that deletes at most `?2` of them.
/// Action logs depend on event logs and go before them.
const LARGE: [(&str, &str); 12] = [
    (
        "action_logs",
        "DELETE FROM action_logs WHERE event_id IN (
             SELECT id FROM event_logs WHERE source_environment_id = ?1 ORDER BY id LIMIT ?2)",
    ),
    (
        "event_logs",
        "DELETE FROM event_logs WHERE rowid IN (
             SELECT rowid FROM event_logs WHERE source_environment_id = ?1 ORDER BY id LIMIT ?2)",
    ),
    (
        "log_search",
        "DELETE FROM log_search WHERE (segment, hash, event) IN (
             SELECT segment, hash, event FROM log_segments CROSS JOIN log_search USING (segment)
             WHERE source_environment_id = ?1 LIMIT ?2)",
    ),
    (
        "log_segments",
        "DELETE FROM log_segments WHERE (source_environment_id, last_id) IN (
             SELECT source_environment_id, last_id FROM log_segments
             WHERE source_environment_id = ?1
               AND NOT EXISTS (SELECT 1 FROM log_search WHERE log_search.segment = log_segments.segment) LIMIT ?2)",
    ),
    (
        "attention",
        "DELETE FROM attention WHERE source_environment_id = ?1 AND event_id IN (
             SELECT event_id FROM attention WHERE source_environment_id = ?1 ORDER BY event_id LIMIT ?2)",
    ),
    (
        "reruns",
        "DELETE FROM reruns WHERE source_environment_id = ?1 AND event_id IN (
             SELECT event_id FROM reruns WHERE source_environment_id = ?1 ORDER BY event_id LIMIT ?2)",
    ),
    (
        "resends",
        "DELETE FROM resends WHERE source_environment_id = ?1 AND event_id IN (
             SELECT event_id FROM resends WHERE source_environment_id = ?1 ORDER BY event_id LIMIT ?2)",
    ),
    (
        "kept_requests",
        "DELETE FROM kept_requests WHERE source_environment_id = ?1 AND id IN (
             SELECT id FROM kept_requests WHERE source_environment_id = ?1 ORDER BY id LIMIT ?2)",
    ),
    (
        "refused_requests",
        "DELETE FROM refused_requests WHERE source_environment_id = ?1 AND id IN (
             SELECT id FROM refused_requests WHERE source_environment_id = ?1 ORDER BY id LIMIT ?2)",
    ),
    (
        "event_types",
        "DELETE FROM event_types WHERE source_environment_id = ?1 AND event_type IN (
             SELECT event_type FROM event_types WHERE source_environment_id = ?1 ORDER BY event_type LIMIT ?2)",
    ),
    ("issues", "DELETE FROM issues WHERE id IN (SELECT id FROM issues WHERE source_environment_id = ?1 LIMIT ?2)"),
    (
        "statistics",
        "DELETE FROM statistics WHERE (source_environment_id, series, step_s, at_s, measure) IN (
             SELECT source_environment_id, series, step_s, at_s, measure FROM statistics
             WHERE source_environment_id = ?1 LIMIT ?2)",
    ),
];

impl Execute<DeleteSource> for WriteConnection {
    async fn execute(&mut self, DeleteSource { source_id, log }: DeleteSource) -> Result<(), ChangeError> {
        Ok(transaction::run(self.connection.plain(), async |connection| {
            mark_deleted(connection, source_id).await?;
            Ok(change_log::record(connection, &log).await?)
        })
        .await?)
    }
}

/// Takes a source out of every list, makes its endpoints unknown, and frees its key.
pub(super) async fn mark_deleted(connection: &mut sql::Connection<'_>, source: i64) -> Result<(), SqliteError> {
    // No key of a source has a tilde.
    let marked = sql::query(
        "UPDATE sources
         SET key = key || '~' || id, name = '', description = NULL, custom_image_url = NULL, deleted_at_ms = ?
         WHERE id = ? AND deleted_at_ms IS NULL",
    )
    .bind(now_ms())
    .bind(source)
    .execute(&mut *connection)
    .await?;
    if marked.rows_affected() == 0 {
        return Err(ChangeError::NotFound { what: "source" }.into());
    }
    empty_source_environments(connection, Owner::Source(source)).await?;
    Ok(())
}

/// The resource whose deletion deletes a source environment.
pub(super) enum Owner {
    /// Its source, by database id.
    Source(i64),
    /// Its environment, by database id.
    Environment(i64),
}

/// Empties the rows and the small tables of source environments.
pub(super) async fn empty_source_environments(
    connection: &mut sql::Connection<'_>,
    owner: Owner,
) -> Result<(), sqlx::Error> {
    let (column, id) = match owner {
        Owner::Source(id) => ("source_id", id),
        Owner::Environment(id) => ("environment_id", id),
    };
    // The names in these statements are ours; nothing comes from outside.
    let sql = format!(
        "UPDATE source_environments
         SET settings = '{{}}', signing_secret = NULL, previous_signing_secret = NULL,
             previous_signing_secret_until_ms = NULL, write_key = NULL, previous_write_key = NULL,
             previous_write_key_until_ms = NULL, scheme = NULL, plugin = NULL,
             previous_plugin = NULL, previous_scheme = NULL
         WHERE {column} = ?"
    );
    sql::query(sql).bind(id).execute(&mut *connection).await?;
    for table in SMALL {
        let sql = format!(
            "DELETE FROM {table} WHERE source_environment_id IN (
                 SELECT id FROM source_environments WHERE {column} = ?)"
        );
        sql::query(sql).bind(id).execute(&mut *connection).await?;
    }
    Ok(())
}

impl Execute<PruneDeletedSources> for WriteConnection {
    async fn execute(&mut self, PruneDeletedSources { limit }: PruneDeletedSources) -> Result<u64, CommitError> {
        Ok(transaction::run(self.connection.plain(), async |connection| Ok(slice(connection, limit.into()).await?))
            .await?)
    }
}

/// Deletes at most `limit` rows of each large table of one deleted source environment or environment that has rows;
/// returns their number.
async fn slice(connection: &mut sql::Connection<'_>, limit: i64) -> Result<u64, sqlx::Error> {
    let deleted: Vec<i64> = sql::query_scalar(
        "SELECT source_environments.id FROM source_environments JOIN sources ON sources.id = source_id
         WHERE deleted_at_ms IS NOT NULL
            OR environment_id IN (SELECT id FROM environments WHERE deleted_at_ms IS NOT NULL)",
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut rows = 0;
    for source_environment in deleted {
        for (_, sql) in LARGE {
            let done = sql::query(sql).bind(source_environment).bind(limit).execute(&mut *connection).await?;
            rows += done.rows_affected();
        }
        if rows > 0 {
            return Ok(rows);
        }
    }
    deleted_environments::slice(connection, limit).await
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::collections::BTreeSet;

    use sqlx::{Connection, SqliteConnection};

    use super::*;
    use crate::sqlite::connection::migrations::MIGRATIONS;

    async fn database() -> SqliteConnection {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        MIGRATIONS.run(&mut connection).await.unwrap();
        connection
    }

    #[tokio::test]
    async fn nothing_that_hangs_on_a_source_environment_is_forgotten() {
        let tables: BTreeSet<String> = sqlx::query_scalar(
            "SELECT tables.name FROM sqlite_schema AS tables, pragma_foreign_key_list(tables.name) AS keys
             WHERE tables.type = 'table' AND keys.\"table\" = 'source_environments'",
        )
        .fetch_all(&mut database().await)
        .await
        .unwrap()
        .into_iter()
        .collect();
        // These have no foreign key to a source environment.
        let is_indirect = |name: &&str| ["action_logs", "log_search"].contains(name);
        let handled = LARGE.iter().map(|(name, _)| *name).filter(|name| !is_indirect(name)).chain(SMALL);
        assert_eq!(tables, handled.map(str::to_owned).collect());
    }

    #[tokio::test]
    async fn nothing_of_what_is_kept_for_ever_says_anything() {
        let mut connection = database().await;
        for (table, ids, emptied) in [
            (
                "sources",
                &["id", "provider", "created_at_ms", "updated_at_ms", "deleted_at_ms"][..],
                &["key", "name", "description", "custom_image_url"][..],
            ),
            (
                "source_environments",
                &["id", "source_id", "environment_id", "version", "updated_at_ms"],
                &[
                    "settings",
                    "signing_secret",
                    "previous_signing_secret",
                    "previous_signing_secret_until_ms",
                    "previous_write_key",
                    "previous_write_key_until_ms",
                    "write_key",
                    "scheme",
                    "plugin",
                    "previous_plugin",
                    "previous_scheme",
                ],
            ),
        ] {
            let columns: BTreeSet<String> = sqlx::query_scalar("SELECT name FROM pragma_table_info(?)")
                .bind(table)
                .fetch_all(&mut connection)
                .await
                .unwrap()
                .into_iter()
                .collect();
            assert_eq!(columns, ids.iter().chain(emptied).map(|name| (*name).to_owned()).collect(), "{table}");
        }
    }
}
