//! Reading users, objects and tenants.

use inlet_core::recipient::USERS;

use crate::records::{Cursor, Page, ReadMemory, RecipientQuery, RecipientRecord};
use crate::sql;

macro_rules! older {
    ($selected:literal) => {
        in_order!($selected, "<", "ORDER BY seq DESC")
    };
}

macro_rules! newer {
    ($selected:literal) => {
        in_order!($selected, ">", "ORDER BY seq")
    };
}

// PostgreSQL has no text with a NUL, and would refuse properties that hold one.
macro_rules! in_order {
    ($selected:literal, $compare:literal, $order:literal) => {
        sql::each(
            in_order!($selected, $compare, "json_extract(properties, '$.name')", $order),
            in_order!($selected, $compare, "readable_json(properties) ->> 'name'", $order),
        )
    };
    ($selected:literal, $compare:literal, $name:literal, $order:literal) => {
        concat!(
            "SELECT ",
            $selected,
            " FROM recipients WHERE environment_id = ?1 AND collection = ?2 AND seq > 0 AND seq ",
            $compare,
            " ?3 AND (?4 IS NULL OR id = ?4) AND (?5 IS NULL OR ",
            $name,
            " = ?5) ",
            $order,
            " LIMIT ?6"
        )
    };
}

/// The bytes of a recipient beside its properties, about.
pub(super) const ROW_BYTES: i64 = 512;

/// Returns a page of one collection, the newest first; none if there is no memory for it.
pub(crate) async fn page(
    readers: &sql::Pool,
    query: &RecipientQuery<'_>,
    cursor: Cursor<i64>,
    limit: usize,
    memory: &dyn ReadMemory,
) -> Result<Option<Page<RecipientRecord>>, sqlx::Error> {
    let (sizes, sql) = match cursor {
        Cursor::Start | Cursor::After(_) => (
            older!("seq, octet_length(properties)"),
            older!("seq, collection, id, properties, created_at_ms, updated_at_ms"),
        ),
        Cursor::Before(_) => (
            newer!("seq, octet_length(properties)"),
            newer!("seq, collection, id, properties, created_at_ms, updated_at_ms"),
        ),
    };
    let bound = match cursor {
        Cursor::Start => i64::MAX,
        Cursor::After(seq) | Cursor::Before(seq) => seq,
    };
    let mut reader = readers.acquire().await?;
    let mut transaction = reader.begin().await?;
    let mut snapshot = transaction.connection();
    let fetch = |sql, limit: usize| {
        sql::query(sql)
            .bind(query.environment_id)
            .bind(query.collection.to_owned())
            .bind(bound)
            .bind(query.id.map(str::to_owned))
            .bind(query.name.map(str::to_owned))
            .bind(limit as i64)
    };
    let found = fetch(sizes, limit + 1).fetch_all(&mut snapshot).await?;
    let found = found.iter().map(|row| row.try_get(1)).collect::<Result<Vec<i64>, _>>()?;
    let mut page = Page::of_found(found, limit, &cursor);
    let sizes: Vec<u64> = page.items.iter().map(|size| (size + ROW_BYTES).unsigned_abs()).collect();
    if !memory.reserve(page.shorten(&sizes, &cursor)) {
        return Ok(None);
    }
    let rows = fetch(sql, page.items.len()).fetch_all(&mut snapshot).await?;
    let mut items = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    if matches!(cursor, Cursor::Before(_)) {
        items.reverse();
    }
    Ok(Some(Page { items, has_before: page.has_before, has_after: page.has_after }))
}

/// The newest users among which an email is looked for: no index has it.
const LOOKED_AT: i64 = 20_000;

/// Returns the ids of the newest users with an email, in either case, among the newest 20,000.
pub(crate) async fn users_by_email(
    readers: &sql::Pool,
    environment: i64,
    email: &str,
    limit: usize,
) -> Result<Vec<String>, sqlx::Error> {
    sql::query_scalar(sql::each(
        "SELECT id FROM (
             SELECT id, properties FROM recipients WHERE environment_id = ? AND collection = ? AND seq > 0
             ORDER BY seq DESC LIMIT ?)
         WHERE properties ->> '$.email' = ? COLLATE NOCASE LIMIT ?",
        "SELECT id FROM (
             SELECT id, properties FROM recipients
             WHERE environment_id = ? AND collection = ? AND seq > 0 ORDER BY seq DESC LIMIT ?) AS newest
         WHERE lower((readable_json(properties) ->> 'email') COLLATE \"C\")
             = lower(? COLLATE \"C\") LIMIT ?",
    ))
    .bind(environment)
    .bind(USERS)
    .bind(LOOKED_AT)
    .bind(email)
    .bind(limit as i64)
    .fetch_all(readers)
    .await
}

macro_rules! one {
    ($selected:literal) => {
        concat!("SELECT ", $selected, " FROM recipients WHERE environment_id = ? AND collection = ? AND id = ?")
    };
}

/// Returns one recipient; none, outermost, if there is no memory for it.
pub(crate) async fn one(
    readers: &sql::Pool,
    environment: i64,
    collection: &str,
    id: &str,
    memory: &dyn ReadMemory,
) -> Result<Option<Option<RecipientRecord>>, sqlx::Error> {
    let mut reader = readers.acquire().await?;
    let mut transaction = reader.begin().await?;
    let mut snapshot = transaction.connection();
    let fetch = |sql| sql::query(sql).bind(environment).bind(collection.to_owned()).bind(id.to_owned());
    let Some(size) = fetch(one!("octet_length(properties)")).fetch_optional(&mut snapshot).await? else {
        return Ok(Some(None));
    };
    if !memory.reserve((size.try_get::<i64>(0)? + ROW_BYTES).unsigned_abs()) {
        return Ok(None);
    }
    let columns = one!("seq, collection, id, properties, created_at_ms, updated_at_ms");
    let row = fetch(columns).fetch_optional(&mut snapshot).await?;
    row.as_ref().map(read).transpose().map(Some)
}

/// Reads a recipient from the first columns of a row.
pub(super) fn read(row: &sql::Row) -> Result<RecipientRecord, sqlx::Error> {
    Ok(RecipientRecord {
        seq: row.try_get(0)?,
        collection: row.try_get(1)?,
        id: row.try_get(2)?,
        properties: row.try_get(3)?,
        created_at_ms: row.try_get(4)?,
        updated_at_ms: row.try_get(5)?,
    })
}
