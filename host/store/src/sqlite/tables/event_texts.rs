//! Searching event logs for a text: a bounded number of them is looked at, in the order of the page.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use inlet_core::idempotency::HashKey;

use super::event_logs::{EventKey, FoundEvents, find, read_page};
use crate::{
    records::{Cursor, EventQuery, Page, ReadMemory, TextSearch},
    sql,
    sqlite::statements::multi_row::MultiRow,
};

/// The bytes of received items that one page looks at.
const MAX_BYTES: usize = 64 << 20;
/// The event logs that are read at a time.
const CHUNK: usize = 64;

static TEXTS: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::query(
        "WITH wanted (number, source_environment_id, id, longest) AS (VALUES",
        "(#, ?, ?, ?)",
        ") SELECT number, event_type, user_id, idempotency_key, code, reason, CAST(substr(original, 1, longest) AS BLOB)
           FROM wanted CROSS JOIN event_logs USING (source_environment_id, id)",
    )
});

/// Returns a page of the event logs that a query selects and that contain a text; none if there is no memory for it.
pub(crate) async fn search(
    readers: &sql::Pool,
    query: &EventQuery,
    text: &str,
    key: &HashKey,
    memory: &dyn ReadMemory,
) -> Result<Option<TextSearch>, sqlx::Error> {
    let mut reader = readers.acquire().await?;
    let mut transaction = reader.begin().await?;
    let mut snapshot = transaction.connection();
    let all = EventQuery { limit: TextSearch::MAX_LOOKED_AT, ..query.clone() };
    let FoundEvents { page: candidates, edge } =
        find(&mut snapshot, &all, key, Some(TextSearch::MAX_LOOKED_AT)).await?;
    let is_newer = matches!(query.cursor, Cursor::Before(_));
    let has_more = if is_newer { candidates.has_before } else { candidates.has_after };
    let mut keys = candidates.items;
    if is_newer {
        keys.reverse();
    }
    let (found, looked_at) = look_at(&mut snapshot, &keys, text, query.limit + 1).await?;
    let at_edge = edge.filter(|_| looked_at == keys.len());
    let last_looked_at = match at_edge {
        Some(edge) => Some(edge.last),
        None => keys[..looked_at].last().map(|(_, id)| *id),
    };
    let is_complete = looked_at == keys.len() && !has_more;
    let is_full = found.len() > query.limit;
    let mut page = Page::of_found(found, query.limit, &query.cursor);
    let before = page.items.len();
    let Some(read) = read_page(&mut snapshot, &mut page, query, Some(memory)).await? else { return Ok(None) };
    let edge = if is_newer { page.items.first() } else { page.items.last() };
    let next = match is_full || page.items.len() < before {
        true => edge.map(|(_, id)| *id),
        false => last_looked_at.filter(|_| !is_complete),
    };
    // Those that the filters left out were looked at too.
    let looked_at = at_edge.map_or(looked_at, |edge| edge.entries as usize);
    Ok(Some(TextSearch { page: read, looked_at, last_looked_at, next }))
}

/// Returns the keys of the first event logs with a text, at most `limit`, and the number that was looked at.
async fn look_at(
    connection: &mut sql::Connection<'_>,
    keys: &[EventKey],
    text: &str,
    limit: usize,
) -> Result<(Vec<EventKey>, usize), sqlx::Error> {
    let matcher = AhoCorasick::builder().ascii_case_insensitive(true).build([text]);
    let matcher = matcher.map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
    let (mut found, mut bytes) = (Vec::new(), 0);
    for (number, chunk) in keys.chunks(CHUNK).enumerate() {
        let mut matches = vec![false; chunk.len()];
        let look = |_: &[EventKey], rows: Vec<sql::Row>| {
            for row in rows {
                let item: &[u8] = row.try_get::<Option<&[u8]>>(6)?.unwrap_or_default();
                bytes += item.len();
                let mut is_match = matcher.is_match(item);
                for column in 1..6 {
                    is_match |= row.try_get::<Option<&str>>(column)?.is_some_and(|text| matcher.is_match(text));
                }
                matches[row.try_get::<i64>(0)? as usize] = is_match;
            }
            Ok(())
        };
        TEXTS
            .fetch(
                connection,
                chunk,
                |row, (source_environment, id)| {
                    _ = row.int(*source_environment).blob(id.as_bytes()).int(TextSearch::MAX_ITEM_BYTES as i64);
                },
                look,
            )
            .await?;
        for (at, _) in matches.into_iter().enumerate().filter(|(_, is_match)| *is_match) {
            found.push(chunk[at]);
            if found.len() == limit {
                return Ok((found, number * CHUNK + at + 1));
            }
        }
        if bytes >= MAX_BYTES {
            return Ok((found, number * CHUNK + chunk.len()));
        }
    }
    Ok((found, keys.len()))
}
