//! Keys to environments. Only their hashes are stored.

use super::change_log;
use crate::{
    backend::Execute,
    clock::now_ms,
    error::ChangeError,
    operations::{CreateApiKey, DeleteApiKey},
    records::ApiKeyRecord,
    sql,
    sqlite::{
        error::{SqliteError, taken},
        statements::transaction,
        write_connection::WriteConnection,
    },
};

/// Returns all keys, in the order of their creation.
pub(crate) async fn all(readers: &sql::Pool) -> Result<Vec<ApiKeyRecord>, sqlx::Error> {
    let rows =
        sql::query("SELECT id, environment_id, hash, hint, created_at_ms, last_used_at_ms FROM api_keys ORDER BY id")
            .fetch_all(readers)
            .await?;
    rows.iter().map(read).collect()
}

fn read(row: &sql::Row) -> Result<ApiKeyRecord, sqlx::Error> {
    let hash: &[u8] = row.try_get(2)?;
    Ok(ApiKeyRecord {
        id: row.try_get(0)?,
        environment_id: row.try_get(1)?,
        hash: hash.try_into().map_err(|problem| sqlx::Error::Decode(Box::new(problem)))?,
        hint: row.try_get(3)?,
        created_at_ms: row.try_get(4)?,
        last_used_at_ms: row.try_get(5)?,
    })
}

impl Execute<CreateApiKey> for WriteConnection {
    async fn execute(&mut self, operation: CreateApiKey) -> Result<ApiKeyRecord, ChangeError> {
        let CreateApiKey { environment_id, hash, hint, log } = operation;
        Ok(transaction::run(self.connection.plain(), async |connection| {
            let key = insert(connection, environment_id, hash, hint).await?;
            change_log::record(connection, &log.with_id(key.id)).await?;
            Ok(key)
        })
        .await?)
    }
}

async fn insert(
    connection: &mut sql::Connection<'_>,
    environment_id: i64,
    hash: [u8; 32],
    hint: String,
) -> Result<ApiKeyRecord, SqliteError> {
    let created_at_ms = now_ms();
    let inserted = sql::query_scalar(
        "INSERT INTO api_keys (environment_id, hash, hint, created_at_ms) VALUES (?, ?, ?, ?) RETURNING id",
    )
    .bind(environment_id)
    .bind(hash.to_vec())
    .bind(&hint)
    .bind(created_at_ms)
    .fetch_one(connection)
    .await;
    let id = match inserted {
        Ok(id) => id,
        Err(sqlx::Error::Database(error)) if error.is_foreign_key_violation() => {
            return Err(ChangeError::NotFound { what: "environment" }.into());
        }
        Err(error) => return Err(taken(error, "key", "hash")),
    };
    Ok(ApiKeyRecord { id, environment_id, hash, hint, created_at_ms, last_used_at_ms: None })
}

impl Execute<DeleteApiKey> for WriteConnection {
    async fn execute(&mut self, operation: DeleteApiKey) -> Result<(), ChangeError> {
        let DeleteApiKey { environment_id, id, log } = operation;
        Ok(transaction::run(self.connection.plain(), async |connection| {
            let deleted = sql::query("DELETE FROM api_keys WHERE id = ? AND environment_id = ?")
                .bind(id)
                .bind(environment_id)
                .execute(&mut *connection)
                .await?;
            if deleted.rows_affected() == 0 {
                return Err(ChangeError::NotFound { what: "key" }.into());
            }
            Ok(change_log::record(connection, &log).await?)
        })
        .await?)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use sqlx::{Connection, Row, SqliteConnection};

    #[tokio::test]
    async fn keys_of_before_the_table_was_made_again_are_kept_with_their_ids() {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        let first = include_str!("../../../migrations/sqlite/0001_first.sql");
        sqlx::raw_sql(first).execute(&mut connection).await.unwrap();
        sqlx::query(
            "INSERT INTO api_keys (id, environment_id, hash, hint, created_at_ms) VALUES (7, 2, x'01', 'wxyz', 5)",
        )
        .execute(&mut connection)
        .await
        .unwrap();
        let administration = include_str!("../../../migrations/sqlite/0003_administration.sql");
        sqlx::raw_sql(administration).execute(&mut connection).await.unwrap();
        let row = sqlx::query("SELECT id, environment_id, hash, hint, created_at_ms, last_used_at_ms FROM api_keys")
            .fetch_one(&mut connection)
            .await
            .unwrap();
        let found: (i64, i64, Vec<u8>, String) = (row.get(0), row.get(1), row.get(2), row.get(3));
        assert_eq!(found, (7, 2, vec![1], "wxyz".to_owned()));
        assert_eq!((row.get::<i64, _>(4), row.get::<Option<i64>, _>(5)), (5, None));
        // The id of a deleted key is not given again.
        sqlx::query("DELETE FROM api_keys").execute(&mut connection).await.unwrap();
        let next: i64 = sqlx::query_scalar(
            "INSERT INTO api_keys (environment_id, hash, hint, created_at_ms) VALUES (2, x'02', 'w', 5) RETURNING id",
        )
        .fetch_one(&mut connection)
        .await
        .unwrap();
        assert_eq!(next, 8);
    }
}
