//! The hidden source `$api`, in whose log the calls of the recipients API are kept.

use crate::records::API_LOG;
use crate::sql;

/// Returns for every environment its id and the id of its source environment of API calls.
pub(crate) async fn all(readers: &sql::Pool) -> Result<Vec<(i64, i64)>, sqlx::Error> {
    sql::query_as(
        "SELECT environment_id, source_environments.id
         FROM source_environments JOIN sources ON sources.id = source_id
         WHERE sources.key = ?
             AND environment_id IN (SELECT id FROM environments WHERE deleted_at_ms IS NULL)",
    )
    .bind(API_LOG)
    .fetch_all(readers)
    .await
}

/// Inserts the source environment of API calls of a new environment.
pub(super) async fn insert(
    connection: &mut sql::Connection<'_>,
    environment: i64,
    now_ms: i64,
) -> Result<(), sqlx::Error> {
    sql::query(
        "INSERT INTO source_environments (source_id, environment_id, settings, version, updated_at_ms)
         SELECT id, ?, '{}', 1, ? FROM sources WHERE key = ?",
    )
    .bind(environment)
    .bind(now_ms)
    .bind(API_LOG)
    .execute(connection)
    .await
    .map(|_| ())
}
