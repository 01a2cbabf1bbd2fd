//! Searching users: by the beginning of their ids, which the index finds, and by a text in their names and email addresses,
//! which have no index because every identify would pay for it. Such a search looks at a fixed number of users at once.

use inlet_core::recipient::USERS;

use super::recipients::{ROW_BYTES, read};
use crate::records::{Cursor, Page, ReadMemory, RecipientRecord, TextMatches};
use crate::sql;

/// The users that one search looks at.
const LOOKED_AT: i64 = 20_000;
/// The longest properties that are searched, in bytes: longer ones are read from many pages of the file.
const SEARCHED_BYTES: i64 = 32 << 10;

macro_rules! with_prefix {
    ($selected:literal, $compare:literal, $order:literal) => {
        concat!(
            "SELECT ",
            $selected,
            " FROM recipients WHERE environment_id = ?1 AND collection = ?2 AND id >= ?3 AND (?4 IS NULL OR id < ?4)
                 AND (?5 IS NULL OR id ",
            $compare,
            " ?5) ORDER BY id ",
            $order,
            " LIMIT ?6"
        )
    };
}

/// Returns a page of the users whose ids begin with a text, by id; none if there is no memory for it.
pub(crate) async fn by_prefix(
    readers: &sql::Pool,
    environment: i64,
    prefix: &str,
    cursor: &Cursor<String>,
    limit: usize,
    memory: &dyn ReadMemory,
) -> Result<Option<Page<RecipientRecord>>, sqlx::Error> {
    let sql = match cursor {
        Cursor::Before(_) => with_prefix!("seq, octet_length(properties)", "<", "DESC"),
        Cursor::Start | Cursor::After(_) => with_prefix!("seq, octet_length(properties)", ">", "ASC"),
    };
    let edge = match cursor {
        Cursor::Start => None,
        Cursor::After(id) | Cursor::Before(id) => Some(id.clone()),
    };
    let mut reader = readers.acquire().await?;
    let mut transaction = reader.begin().await?;
    let mut snapshot = transaction.connection();
    let found = sql::query(sql)
        .bind(environment)
        .bind(USERS)
        .bind(prefix.to_owned())
        .bind(end_of_prefix(prefix))
        .bind(edge)
        .bind(limit as i64 + 1)
        .fetch_all(&mut snapshot)
        .await?;
    let found = found.iter().map(seq_and_size).collect::<Result<Vec<_>, _>>()?;
    let page = Page::of_found(found, limit, cursor);
    whole(&mut snapshot, page, cursor, memory).await
}

/// The users that a search looks at, by `seq`.
struct Window {
    oldest: i64,
    newest: i64,
    users: i64,
}

macro_rules! window {
    ($compare:literal, $order:literal) => {
        concat!(
            "SELECT count(*), min(seq), max(seq) FROM (
                 SELECT seq FROM recipients WHERE environment_id = ?1 AND collection = ?2 AND seq > 0 AND seq ",
            $compare,
            " ?3 ORDER BY seq ",
            $order,
            " LIMIT ?4) AS looked_at"
        )
    };
}

// Few properties are parsed: those that hold the text somewhere, or an escape that may stand for a part of it. PostgreSQL
// has no text with a NUL, and would refuse properties that hold one.
macro_rules! holding_text {
    ($order:literal) => {
        sql::each(
            holding_text!("json_extract(properties, '$.email')", "json_extract(properties, '$.name')", $order),
            holding_text!(
                "(readable_json(properties) ->> 'email') COLLATE \"C\"",
                "(readable_json(properties) ->> 'name') COLLATE \"C\"",
                $order
            ),
        )
    };
    ($email:literal, $name:literal, $order:literal) => {
        concat!(
            "SELECT seq, octet_length(properties) FROM recipients
             WHERE environment_id = ?1 AND collection = ?2 AND seq > 0 AND seq BETWEEN ?3 AND ?4
                 AND (instr(lower(id), ?5) > 0 OR octet_length(properties) <= ?6
                     AND (instr(lower(properties), ?5) > 0 OR instr(properties, '\\') > 0)
                     AND (instr(lower(",
            $email,
            "), ?5) > 0 OR instr(lower(",
            $name,
            "), ?5) > 0))
             ORDER BY seq ",
            $order,
            " LIMIT ?7"
        )
    };
}

/// Looks at the next users for a text in their ids, names and email addresses, whatever the case of its ASCII letters; none
/// if there is no memory for what is found. Of a user with properties over 32 KiB only the id is compared.
pub(crate) async fn by_text(
    readers: &sql::Pool,
    environment: i64,
    text: &str,
    cursor: Cursor<i64>,
    limit: usize,
    memory: &dyn ReadMemory,
) -> Result<Option<TextMatches>, sqlx::Error> {
    let is_newer = matches!(cursor, Cursor::Before(_));
    let mut reader = readers.acquire().await?;
    let mut transaction = reader.begin().await?;
    let mut snapshot = transaction.connection();
    let looked_at = window(&mut snapshot, environment, &cursor, LOOKED_AT).await?;
    let (users, looked_at, beyond) = match looked_at {
        None => (Vec::new(), 0, None),
        Some(window) => {
            let sql = if is_newer { holding_text!("ASC") } else { holding_text!("DESC") };
            let found = sql::query(sql)
                .bind(environment)
                .bind(USERS)
                .bind(window.oldest)
                .bind(window.newest)
                .bind(text.to_ascii_lowercase())
                .bind(SEARCHED_BYTES)
                .bind(limit as i64 + 1)
                .fetch_all(&mut snapshot)
                .await?;
            let found = found.iter().map(seq_and_size).collect::<Result<Vec<_>, _>>()?;
            let page = Page::of_found(found, limit, &cursor);
            let Some(page) = whole(&mut snapshot, page, &cursor, memory).await? else { return Ok(None) };
            let is_full = if is_newer { page.has_before } else { page.has_after };
            let far = if is_newer { page.items.first() } else { page.items.last() };
            // The search went up to the last entry of a full page, and else to the end of its window.
            let window = match (far.filter(|_| is_full), is_newer) {
                (None, _) => window,
                (Some(far), true) => Window { newest: far.seq, ..window },
                (Some(far), false) => Window { oldest: far.seq, ..window },
            };
            let far = if is_newer { window.newest } else { window.oldest };
            let beyond = if is_newer { Cursor::Before(far) } else { Cursor::After(far) };
            let has_more = self::window(&mut snapshot, environment, &beyond, 1).await?.is_some();
            let looked_at = if is_full { count(&mut snapshot, environment, &window).await? } else { window.users };
            (page.items, looked_at, has_more.then_some(far))
        }
    };
    let (older, newer) = match cursor {
        Cursor::Start => (beyond, None),
        // The page in the other direction begins with the entry of the cursor.
        Cursor::After(seq) => (beyond, Some(seq - 1)),
        Cursor::Before(seq) => (Some(seq + 1), beyond),
    };
    Ok(Some(TextMatches { users, looked_at: looked_at.unsigned_abs(), older, newer }))
}

/// Returns the next users behind a cursor, at most `limit`; none if there are none.
async fn window(
    connection: &mut sql::Connection<'_>,
    environment: i64,
    cursor: &Cursor<i64>,
    limit: i64,
) -> Result<Option<Window>, sqlx::Error> {
    let (sql, edge) = match cursor {
        Cursor::Start => (window!("<", "DESC"), i64::MAX),
        Cursor::After(seq) => (window!("<", "DESC"), *seq),
        Cursor::Before(seq) => (window!(">", "ASC"), *seq),
    };
    let row = sql::query(sql).bind(environment).bind(USERS).bind(edge).bind(limit).fetch_one(connection).await?;
    let (oldest, newest): (Option<i64>, Option<i64>) = (row.try_get(1)?, row.try_get(2)?);
    let users = row.try_get(0)?;
    Ok(oldest.zip(newest).map(|(oldest, newest)| Window { oldest, newest, users }))
}

async fn count(connection: &mut sql::Connection<'_>, environment: i64, window: &Window) -> Result<i64, sqlx::Error> {
    sql::query_scalar(
        "SELECT count(*) FROM recipients
         WHERE environment_id = ? AND collection = ? AND seq > 0 AND seq BETWEEN ? AND ?",
    )
    .bind(environment)
    .bind(USERS)
    .bind(window.oldest)
    .bind(window.newest)
    .fetch_one(connection)
    .await
}

/// Reads the users of a page of their `seq` and sizes; none if there is no memory for them.
async fn whole<C>(
    connection: &mut sql::Connection<'_>,
    mut page: Page<(i64, i64)>,
    cursor: &Cursor<C>,
    memory: &dyn ReadMemory,
) -> Result<Option<Page<RecipientRecord>>, sqlx::Error> {
    let sizes: Vec<u64> = page.items.iter().map(|(_, size)| (size + ROW_BYTES).unsigned_abs()).collect();
    if !memory.reserve(page.shorten(&sizes, cursor)) {
        return Ok(None);
    }
    let mut items = Vec::with_capacity(page.items.len());
    for (seq, _) in page.items {
        let sql = "SELECT seq, collection, id, properties, created_at_ms, updated_at_ms FROM recipients WHERE seq = ?";
        items.push(read(&sql::query(sql).bind(seq).fetch_one(&mut *connection).await?)?);
    }
    Ok(Some(Page { items, has_before: page.has_before, has_after: page.has_after }))
}

fn seq_and_size(row: &sql::Row) -> Result<(i64, i64), sqlx::Error> {
    Ok((row.try_get(0)?, row.try_get(1)?))
}

/// Returns the first text that sorts behind all texts with a prefix; none if there is none.
fn end_of_prefix(prefix: &str) -> Option<String> {
    let mut end = prefix.to_owned();
    while let Some(last) = end.pop() {
        // Surrogates are no characters.
        let next = (last as u32 + 1..=char::MAX as u32).find_map(char::from_u32);
        if let Some(next) = next {
            end.push(next);
            return Some(end);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn texts_between_a_prefix_and_its_end_begin_with_it(
            prefix in "[a\u{d7ff}\u{e000}\u{10ffff}]{0,3}",
            text in "[ab\u{d7ff}\u{e000}\u{10fffe}\u{10ffff}]{0,4}",
        ) {
            let is_between = text >= prefix && end_of_prefix(&prefix).is_none_or(|end| text < end);
            prop_assert_eq!(is_between, text.starts_with(&prefix));
        }
    }
}
