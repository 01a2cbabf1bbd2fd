//! Whole requests that are kept to be translated again.

use uuid::Uuid;

use crate::{
    records::{KeptRequest, KeptRequestHead},
    sql,
    sqlite::statements::uuids,
};

pub(crate) async fn insert(
    connection: &mut sql::Connection<'_>,
    source_environment: i64,
    request: &KeptRequest,
) -> Result<(), sqlx::Error> {
    sql::query(
        "INSERT INTO kept_requests
             (source_environment_id, id, received_at_ms, method, path, query, headers, verification,
              verification_rest, body)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(source_environment)
    .bind(request.id.as_bytes().as_slice())
    .bind(request.received_at_ms)
    .bind(&request.method)
    .bind(&request.path)
    .bind(&request.query)
    .bind(&request.headers)
    .bind(&request.verification)
    .bind(&request.verification_rest)
    .bind(request.body.as_deref())
    .execute(connection)
    .await?;
    Ok(())
}

/// Returns one kept request.
pub(crate) async fn one(
    readers: &sql::Pool,
    source_environment: i64,
    id: Uuid,
) -> Result<Option<KeptRequest>, sqlx::Error> {
    let row = sql::query(
        "SELECT id, received_at_ms, method, path, query, headers, verification, verification_rest, body
         FROM kept_requests WHERE source_environment_id = ? AND id = ?",
    )
    .bind(source_environment)
    .bind(id.as_bytes().as_slice())
    .fetch_optional(readers)
    .await?;
    row.as_ref().map(read).transpose()
}

/// Returns one kept request, with the first bytes of its body.
pub(crate) async fn head(
    readers: &sql::Pool,
    source_environment: i64,
    id: Uuid,
    max_bytes: u32,
) -> Result<Option<KeptRequestHead>, sqlx::Error> {
    let row = sql::query(
        "SELECT id, received_at_ms, method, path, query, headers, verification, verification_rest,
                substr(body, 1, ?), octet_length(body)
         FROM kept_requests WHERE source_environment_id = ? AND id = ?",
    )
    .bind(i64::from(max_bytes))
    .bind(source_environment)
    .bind(id.as_bytes().as_slice())
    .fetch_optional(readers)
    .await?;
    let head = |row: &sql::Row| {
        let body_size = row.try_get::<Option<i64>>(9)?.map(i64::unsigned_abs);
        Ok(KeptRequestHead { request: read(row)?, body_size })
    };
    row.as_ref().map(head).transpose()
}

fn read(row: &sql::Row) -> Result<KeptRequest, sqlx::Error> {
    Ok(KeptRequest {
        id: uuids::read(row, 0)?,
        received_at_ms: row.try_get(1)?,
        method: row.try_get(2)?,
        path: row.try_get(3)?,
        query: row.try_get(4)?,
        headers: row.try_get(5)?,
        verification: row.try_get(6)?,
        verification_rest: row.try_get(7)?,
        body: row.try_get::<Option<Vec<u8>>>(8)?.map(Into::into),
    })
}
