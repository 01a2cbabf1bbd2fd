//! Reading event logs in the order in which they were committed.
//!
//! The rowids of `event_logs` are in that order: the one connection that writes gives each row the greatest. A position is
//! kept only while a feed is open; its clients continue after the id of an event, because `VACUUM` may renumber rows.
//!
//! On a server, nodes commit groups of different environments beside each other, and one that got its rowids earlier may be
//! committed later. A reader stops before a gap that may belong to such a group.

use std::collections::HashMap;

use uuid::Uuid;

use super::event_logs::{EventKey, load, load_actions, sizes};
use crate::{
    records::{Cursor, EventQuery, FeedPage, FeedPosition, Page, ReadMemory, uuid_time},
    sql,
    sqlite::log_search::committed::{Committed, committed_after},
};

/// The time for which a gap in the rowids may be a group that is not committed yet, in milliseconds. After it, it is one that was
/// rolled back.
const GAP_MS: i64 = 10_000;
/// The most entries that one read looks at.
const LOOKED_AT: usize = 1000;

/// Returns the place after the newest event.
pub(crate) async fn end(readers: &sql::Pool) -> Result<FeedPosition, sqlx::Error> {
    let newest = sql::query_scalar("SELECT coalesce(max(rowid), 0) FROM event_logs").fetch_one(readers).await?;
    Ok(FeedPosition(newest))
}

/// Returns the place after an event of these source environments, and true. If it is gone: the place before the first one with a
/// greater id, and false.
pub(crate) async fn after(
    readers: &sql::Pool,
    source_environments: &[i64],
    id: Uuid,
) -> Result<(FeedPosition, bool), sqlx::Error> {
    let mut reader = readers.acquire().await?;
    let mut transaction = reader.begin().await?;
    let mut snapshot = transaction.connection();
    let mut first = None;
    for source_environment in source_environments {
        let row: Option<(i64, Vec<u8>)> = sql::query_as(
            "SELECT rowid, id FROM event_logs WHERE source_environment_id = ? AND id >= ? ORDER BY id LIMIT 1",
        )
        .bind(source_environment)
        .bind(id.as_bytes().as_slice())
        .fetch_optional(&mut snapshot)
        .await?;
        match row {
            Some((rowid, found)) if found == id.as_bytes() => return Ok((FeedPosition(rowid), true)),
            Some((rowid, _)) => first = Some(first.map_or(rowid, |first: i64| first.min(rowid))),
            None => {}
        }
    }
    let newest = || sql::query_scalar("SELECT coalesce(max(rowid), 0) FROM event_logs");
    let position = match first {
        Some(rowid) => rowid - 1,
        None => newest().fetch_one(&mut snapshot).await?,
    };
    Ok((FeedPosition(position), false))
}

/// Returns the number of entries before the first gap that may be filled yet. An entry tells its age by its id.
fn before_gap(after: i64, entries: &[Committed], now_ms: i64) -> usize {
    let mut last = after;
    let gap = entries.iter().position(|entry| {
        let is_gap = entry.rowid != last + 1 && uuid_time::time_of(entry.id) + GAP_MS > now_ms;
        last = entry.rowid;
        is_gap
    });
    gap.unwrap_or(entries.len())
}

/// Returns the next events after a position that a query selects, at most its limit; none if there is no memory for them.
pub(crate) async fn read(
    readers: &sql::Pool,
    query: &EventQuery,
    from: FeedPosition,
    now_ms: i64,
    memory: &dyn ReadMemory,
) -> Result<Option<FeedPage>, sqlx::Error> {
    let mut reader = readers.acquire().await?;
    let mut transaction = reader.begin().await?;
    let mut snapshot = transaction.connection();
    // Where nearly every entry is selected, a few fill the page.
    let few = query.limit + 1;
    let mut entries = committed_after(&mut snapshot, from.0, query, few).await?;
    let mut has_more = entries.len() == few;
    if has_more && !entries.iter().all(|entry| entry.is_selected) {
        let last = entries.last().map_or(from.0, |entry| entry.rowid);
        let rest = LOOKED_AT.saturating_sub(few);
        let others = committed_after(&mut snapshot, last, query, rest).await?;
        has_more = others.len() == rest;
        entries.extend(others);
    }
    if readers.is_postgres() {
        let complete = before_gap(from.0, &entries, now_ms);
        has_more &= complete == entries.len();
        entries.truncate(complete);
        if entries.is_empty() {
            return Ok(Some(FeedPage { events: Vec::new(), position: from, last: None, has_more: false }));
        }
    }
    if entries.is_empty() {
        // The newest events were deleted with their source, and what comes next gets their rowids.
        let newest: i64 =
            sql::query_scalar("SELECT coalesce(max(rowid), 0) FROM event_logs").fetch_one(&mut snapshot).await?;
        let position = FeedPosition(from.0.min(newest));
        return Ok(Some(FeedPage { events: Vec::new(), position, last: None, has_more: false }));
    }
    let mut page = FeedPage { events: Vec::new(), position: from, last: None, has_more };
    let mut places: HashMap<EventKey, i64> = HashMap::new();
    let mut keys: Vec<EventKey> = Vec::new();
    for entry in entries {
        if entry.is_selected && keys.len() == query.limit {
            page.has_more = true;
            break;
        }
        page.position = FeedPosition(entry.rowid);
        if query.source_environment_ids.contains(&entry.source_environment) {
            page.last = Some(entry.id);
        }
        if entry.is_selected {
            keys.push((entry.source_environment, entry.id));
            places.insert((entry.source_environment, entry.id), entry.rowid);
        }
    }
    let cut_above = if query.cut { EventQuery::CUT_ABOVE as i64 } else { i64::MAX };
    let sizes = sizes(&mut snapshot, &keys, cut_above, query.include_actions).await?;
    let mut found = Page { items: keys, has_before: false, has_after: false };
    if !memory.reserve(found.shorten(&sizes, &Cursor::<Uuid>::Start)) {
        return Ok(None);
    }
    if found.has_after
        && let Some(last) = found.items.last()
    {
        page.position = FeedPosition(places.get(last).copied().unwrap_or(from.0));
        (page.last, page.has_more) = (Some(last.1), true);
    }
    let mut events = load(&mut snapshot, &found.items, cut_above).await?;
    let mut actions = match query.include_actions {
        true => load_actions(&mut snapshot, &found.items, cut_above).await?,
        false => HashMap::new(),
    };
    for key in &found.items {
        if let Some(mut event) = events.remove(key) {
            event.actions = actions.remove(&event.id).unwrap_or_default();
            page.events.push(event);
        }
    }
    Ok(Some(page))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: i64 = 1_800_000_000_000;

    fn entry(rowid: i64, age_ms: i64) -> Committed {
        let id = uuid_time::floor(NOW_MS - age_ms);
        Committed { rowid, source_environment: 1, id, is_selected: true }
    }

    #[test]
    fn a_reader_stops_before_a_gap_that_may_be_filled_yet() {
        let cases = [
            (vec![(8, 100), (9, 50), (10, 20)], 3),
            (vec![(8, 100), (10, 50), (11, 20)], 1),
            (vec![(9, 100), (10, 50)], 0),
            // It is old: what had the rowids before it was rolled back.
            (vec![(8, 20_000), (10, 20_000), (11, 50)], 3),
            (vec![], 0),
        ];
        for (entries, complete) in cases {
            let entries: Vec<Committed> = entries.into_iter().map(|(rowid, age)| entry(rowid, age)).collect();
            assert_eq!(before_gap(7, &entries, NOW_MS), complete, "{:?}", entries.len());
        }
    }
}
