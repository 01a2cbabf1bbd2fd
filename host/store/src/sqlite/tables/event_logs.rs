//! Reading event logs: first the ids of a page from the index, then their rows.

use std::{collections::HashMap, sync::LazyLock};

use inlet_core::{delivery::DeliveryCounts, idempotency::HashKey};
use uuid::Uuid;

use crate::{
    records::{Cursor, EventQuery, EventSearch, Kept, Page, ReadMemory, SearchEdge, StoredAction, StoredEvent},
    sql,
    sqlite::{
        event_columns::{self, Columns},
        log_search,
        outbox::columns::status_of,
        statements::{codes, multi_row::MultiRow, uuids},
    },
};

/// The most event logs that a page compares with filters that no index has together. Each takes a look at its row, and some at
/// its actions.
pub(super) const COMPARED: usize = 10_000;

static EVENTS: LazyLock<MultiRow> = LazyLock::new(|| {
    let selected = event_columns::selected();
    MultiRow::query(
        "WITH wanted (number, source_environment_id, id, cut_above) AS (VALUES",
        "(#, ?, ?, ?)",
        &format!(
            ") SELECT
               number,
               (SELECT rerun_of FROM reruns
                WHERE reruns.source_environment_id = event_logs.source_environment_id AND event_id = event_logs.id),
               (SELECT string_agg(hex(event_id), ',') FROM (
                    SELECT event_id FROM reruns
                    WHERE reruns.source_environment_id = event_logs.source_environment_id
                      AND reruns.rerun_of = event_logs.id
                    ORDER BY event_id LIMIT 100) AS oldest),
               (SELECT open FROM attention
                WHERE attention.source_environment_id = event_logs.source_environment_id
                  AND event_id = event_logs.id),
               (SELECT due_at_ms FROM attention
                WHERE attention.source_environment_id = event_logs.source_environment_id
                  AND event_id = event_logs.id),
               (SELECT count FROM resends
                WHERE resends.source_environment_id = event_logs.source_environment_id AND event_id = event_logs.id),
               {selected}
           FROM wanted
               CROSS JOIN event_logs USING (source_environment_id, id)
               CROSS JOIN plugins ON plugins.id = plugin_id"
        ),
    )
});

/// The column of [`EVENTS`] with which those of the event itself begin.
const FIRST_EVENT_COLUMN: usize = 6;

static ACTIONS: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::query(
        "WITH wanted (event_id, cut_above) AS (VALUES",
        "(?, ?)",
        ") SELECT
               event_id, action_logs.id, mapping, action_type, status, reason, parameters, found_in, result,
               octet_length(payload),
               CASE WHEN octet_length(payload) <= cut_above THEN payload END,
               action_logs.warnings
           FROM wanted CROSS JOIN action_logs USING (event_id)
           ORDER BY event_id, ordinal",
    )
});

// The last delivery that counts is looked up first, so that a run with a million of them is no long read.
static DELIVERIES: LazyLock<MultiRow> = LazyLock::new(|| {
    let before_last = StoredEvent::MAX_COUNTED - 1;
    MultiRow::query(
        "WITH wanted (event) AS (VALUES",
        "(?)",
        &format!(
            "), edge (event, last) AS (
               SELECT event, coalesce(
                   (SELECT id FROM deliveries WHERE source_event = event ORDER BY id LIMIT 1 OFFSET {before_last}),
                   (SELECT max(id) FROM deliveries WHERE source_event = event))
               FROM wanted)
           SELECT event, status, count(*)
           FROM edge CROSS JOIN deliveries ON source_event = event AND id <= last
           GROUP BY event, status"
        ),
    )
});

// SQLite answers octet_length without reading the value.
static EVENT_SIZES: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::query(
        "WITH wanted (number, source_environment_id, id, cut_above, actions) AS (VALUES",
        "(#, ?, ?, ?, ?)",
        ") SELECT number,
               1024 + coalesce(octet_length(headers), 0) + coalesce(octet_length(guest_logs), 0)
               + coalesce(octet_length(notes), 0) + coalesce(octet_length(reason), 0)
               + CASE WHEN coalesce(data_len, octet_length(data), 0) <= cut_above
                   THEN coalesce(data_len, octet_length(data), 0) ELSE 0 END
               + CASE WHEN octet_length(original) <= cut_above THEN octet_length(original) ELSE 0 END
               + coalesce((
                   SELECT sum(512 + octet_length(parameters) + octet_length(found_in)
                       + coalesce(octet_length(result), 0) + coalesce(octet_length(action_logs.reason), 0)
                       + CASE WHEN octet_length(payload) <= cut_above THEN octet_length(payload) ELSE 0 END)
                   FROM action_logs WHERE actions = 1 AND event_id = event_logs.id), 0)
           FROM wanted CROSS JOIN event_logs USING (source_environment_id, id)",
    )
});

/// Returns a page of event logs, the newest first; none if there is no memory for it.
pub(crate) async fn events(
    readers: &sql::Pool,
    query: &EventQuery,
    key: &HashKey,
    memory: Option<&dyn ReadMemory>,
) -> Result<Option<Page<StoredEvent>>, sqlx::Error> {
    let mut reader = readers.acquire().await?;
    // One snapshot, so that no row is pruned between the two queries.
    let mut transaction = reader.begin().await?;
    let mut snapshot = transaction.connection();
    let mut page = find(&mut snapshot, query, key, None).await?.page;
    read_page(&mut snapshot, &mut page, query, memory).await
}

/// Returns a page of event logs that looks at a bounded number of them; none if there is no memory for it.
pub(crate) async fn event_list(
    readers: &sql::Pool,
    query: &EventQuery,
    key: &HashKey,
    memory: &dyn ReadMemory,
) -> Result<Option<EventSearch>, sqlx::Error> {
    let mut reader = readers.acquire().await?;
    let mut transaction = reader.begin().await?;
    let mut snapshot = transaction.connection();
    let mut found = find(&mut snapshot, query, key, Some(COMPARED)).await?;
    let before = found.page.items.len();
    let Some(page) = read_page(&mut snapshot, &mut found.page, query, Some(memory)).await? else { return Ok(None) };
    // A page that was shortened goes on where it ends.
    let edge = found.edge.filter(|_| found.page.items.len() == before);
    Ok(Some(EventSearch { page, edge }))
}

/// Reads the event logs of a page, which is shortened if they are long; none if there is no memory for them.
pub(super) async fn read_page(
    snapshot: &mut sql::Connection<'_>,
    page: &mut Page<EventKey>,
    query: &EventQuery,
    memory: Option<&dyn ReadMemory>,
) -> Result<Option<Page<StoredEvent>>, sqlx::Error> {
    let cut_above = if query.cut { EventQuery::CUT_ABOVE as i64 } else { i64::MAX };
    if let Some(memory) = memory {
        let sizes = sizes(&mut *snapshot, &page.items, cut_above, query.include_actions).await?;
        if !memory.reserve(page.shorten(&sizes, &query.cursor)) {
            return Ok(None);
        }
    }
    let mut events = load(&mut *snapshot, &page.items, cut_above).await?;
    let mut actions = match query.include_actions {
        true => load_actions(&mut *snapshot, &page.items, cut_above).await?,
        false => HashMap::new(),
    };
    let deliveries = count_deliveries(&mut *snapshot, &page.items).await?;
    for event in events.values_mut() {
        event.actions = actions.remove(&event.id).unwrap_or_default();
        event.deliveries = Some(deliveries.get(&event.id).copied().unwrap_or_default());
    }
    let items = page.items.iter().filter_map(|key| events.remove(key)).collect();
    Ok(Some(Page { items, has_before: page.has_before, has_after: page.has_after }))
}

/// Returns the bytes of each event as it is read.
pub(super) async fn sizes(
    connection: &mut sql::Connection<'_>,
    keys: &[EventKey],
    cut_above: i64,
    with_actions: bool,
) -> Result<Vec<u64>, sqlx::Error> {
    let mut sizes: HashMap<EventKey, u64> = HashMap::with_capacity(keys.len());
    let found = |chunk: &[EventKey], rows: Vec<sql::Row>| {
        for row in rows {
            let number: i64 = row.try_get(0)?;
            sizes.insert(chunk[number as usize], row.try_get::<i64>(1)?.unsigned_abs());
        }
        Ok(())
    };
    EVENT_SIZES
        .fetch(
            connection,
            keys,
            |row, (source_environment, id)| {
                _ = row.int(*source_environment).blob(id.as_bytes()).int(cut_above).int(with_actions.into());
            },
            found,
        )
        .await?;
    Ok(keys.iter().map(|key| sizes.get(key).copied().unwrap_or_default()).collect())
}

/// The keys of the event logs on a page.
pub(super) struct FoundEvents {
    pub(super) page: Page<EventKey>,
    /// See [`EventSearch::edge`].
    pub(super) edge: Option<SearchEdge>,
}

/// Returns the keys of the event logs on a page. Where no index has all filters, at most `most` event logs are looked at.
pub(super) async fn find(
    connection: &mut sql::Connection<'_>,
    query: &EventQuery,
    key: &HashKey,
    most: Option<usize>,
) -> Result<FoundEvents, sqlx::Error> {
    let is_newer = matches!(query.cursor, Cursor::Before(_));
    let is_nearer = |a: Uuid, b: Uuid| if is_newer { a < b } else { a > b };
    let each = most.map(|most| (most / query.source_environment_ids.len().max(1)).max(1));
    let mut found: Vec<EventKey> = Vec::new();
    let mut edge: Option<SearchEdge> = None;
    for source_environment in &query.source_environment_ids {
        let of_source = log_search::query::ids(&mut *connection, *source_environment, query, key, each).await?;
        found.extend(of_source.ids.into_iter().map(|id| (*source_environment, id)));
        edge = match (edge, of_source.edge) {
            (Some(a), Some(b)) => {
                let last = if is_nearer(a.last, b.last) { a.last } else { b.last };
                Some(SearchEdge { entries: a.entries + b.entries, last })
            }
            (a, b) => a.or(b),
        };
    }
    found.sort_unstable_by_key(|(_, id)| *id);
    if !is_newer {
        found.reverse();
    }
    // Behind the nearest edge, not every source was looked at.
    if let Some(edge) = edge {
        found.retain(|(_, id)| !is_nearer(edge.last, *id));
    }
    found.truncate(query.limit + 1);
    let edge = edge.filter(|_| found.len() <= query.limit);
    let mut page = Page::of_found(found, query.limit, &query.cursor);
    page.has_before |= edge.is_some() && is_newer;
    page.has_after |= edge.is_some() && !is_newer;
    Ok(FoundEvents { page, edge })
}

/// The key of an event log: its source environment and its id.
pub(super) type EventKey = (i64, Uuid);

pub(super) async fn load(
    connection: &mut sql::Connection<'_>,
    keys: &[EventKey],
    cut_above: i64,
) -> Result<HashMap<EventKey, StoredEvent>, sqlx::Error> {
    let mut events = HashMap::with_capacity(keys.len());
    let found = |chunk: &[EventKey], rows: Vec<sql::Row>| {
        for row in rows {
            let number: i64 = row.try_get(0)?;
            events.insert(chunk[number as usize], read(&row)?);
        }
        Ok(())
    };
    EVENTS
        .fetch(
            connection,
            keys,
            |row, (source_environment, id)| _ = row.int(*source_environment).blob(id.as_bytes()).int(cut_above),
            found,
        )
        .await?;
    Ok(events)
}

fn read(row: &sql::Row) -> Result<StoredEvent, sqlx::Error> {
    let (source_environment_id, fields, contents) = event_columns::read(Columns::from(row, FIRST_EVENT_COLUMN))?;
    Ok(StoredEvent {
        fields,
        source_environment_id,
        data: contents.data,
        data_at: contents.data_at,
        original: contents.original,
        original_kind: contents.original_kind,
        body_removed: contents.is_removed,
        rerun_of: uuids::read_optional(row, 1)?,
        rerun_as: parse_ids(row.try_get(2)?),
        needs_attention: row.try_get::<Option<i64>>(3)? == Some(1),
        retry_at_ms: row.try_get(4)?,
        resends: row.try_get::<Option<i64>>(5)?.unwrap_or_default().unsigned_abs(),
        actions: Vec::new(),
        deliveries: None,
    })
}

/// Counts the deliveries of events by status.
async fn count_deliveries(
    connection: &mut sql::Connection<'_>,
    keys: &[EventKey],
) -> Result<HashMap<Uuid, DeliveryCounts>, sqlx::Error> {
    let mut counts: HashMap<Uuid, DeliveryCounts> = HashMap::new();
    let found = |_: &[EventKey], rows: Vec<sql::Row>| {
        for row in rows {
            let counts = counts.entry(uuids::read(&row, 0)?).or_default();
            counts.add(status_of(row.try_get(1)?)?, row.try_get::<i64>(2)?.unsigned_abs());
        }
        Ok(())
    };
    DELIVERIES.fetch(connection, keys, |row, (_, id)| _ = row.blob(id.as_bytes()), found).await?;
    Ok(counts)
}

/// Parses ids in hexadecimal digits, separated by commas.
fn parse_ids(list: Option<&str>) -> Vec<Uuid> {
    list.into_iter().flat_map(|list| list.split(',')).filter_map(|id| Uuid::try_parse(id).ok()).collect()
}

pub(super) async fn load_actions(
    connection: &mut sql::Connection<'_>,
    keys: &[EventKey],
    cut_above: i64,
) -> Result<HashMap<Uuid, Vec<StoredAction>>, sqlx::Error> {
    let mut actions: HashMap<Uuid, Vec<StoredAction>> = HashMap::new();
    let found = |_: &[EventKey], rows: Vec<sql::Row>| {
        for row in rows {
            actions.entry(uuids::read(&row, 0)?).or_default().push(read_action(&row)?);
        }
        Ok(())
    };
    ACTIONS.fetch(connection, keys, |row, (_, id)| _ = row.blob(id.as_bytes()).int(cut_above), found).await?;
    Ok(actions)
}

fn read_action(row: &sql::Row) -> Result<StoredAction, sqlx::Error> {
    // A stored payload is never an empty text; a removed one is.
    let payload: Option<String> = row.try_get(10)?;
    let warnings: Option<&str> = row.try_get(11)?;
    Ok(StoredAction {
        id: uuids::read(row, 1)?,
        mapping: uuids::read_optional(row, 2)?,
        action_type: row.try_get(3)?,
        status: codes::status(row.try_get(4)?)?,
        reason: row.try_get(5)?,
        parameters: row.try_get(6)?,
        found_in: row.try_get(7)?,
        result: row.try_get(8)?,
        payload: Kept { size: row.try_get::<i64>(9)?.unsigned_abs(), content: payload.filter(|text| !text.is_empty()) },
        warnings: warnings.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default(),
    })
}
