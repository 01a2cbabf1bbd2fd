//! Reading event logs: first the ids of a page from the index, then the rows.

use std::{collections::HashMap, sync::LazyLock};

use inlet_core::{
    ByteString,
    log::{Original, PluginRef},
};
use serde::Deserialize;
use sqlx::{Acquire, Row, SqliteConnection, SqlitePool, sqlite::SqliteRow};
use uuid::Uuid;

use super::{codes, ids, multi_row::MultiRow};
use crate::{
    event::{EventQuery, Kept, StoredAction, StoredEvent},
    page::{Cursor, Page},
};

macro_rules! select_ids {
    ($order:literal) => {
        concat!(
            "SELECT id FROM event_logs
             WHERE source_environment_id = ?1 AND id >= ?2 AND id < ?3
               AND (?4 IS NULL OR event_type = ?4) AND (?5 = 0 OR ?5 & (1 << outcome))
               AND (?7 IS NULL OR code = ?7)
             ORDER BY id ",
            $order,
            " LIMIT ?6"
        )
    };
}

// `data` is a slice of `original` if `data_at` says so. `cut_above` leaves long values out without reading them.
static EVENTS: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::query(
        "WITH wanted (number, source_environment_id, id, cut_above) AS (VALUES",
        "(#, ?, ?, ?)",
        ") SELECT
               number, event_logs.id, source_environment_id, event_type, user_id,
               outcome, reason, code, verification_status, idempotency_key,
               replay_of, resumes, occurred_at_us, received_at_ms, headers, guest_logs, notes,
               plugins.key, plugins.version, plugins.digest,
               original_kind, octet_length(original),
               CASE WHEN octet_length(original) <= cut_above THEN original END,
               coalesce(data_len, octet_length(data)),
               CASE
                   WHEN coalesce(data_len, octet_length(data)) > cut_above THEN NULL
                   WHEN data_at IS NULL THEN data
                   ELSE CAST(substr(original, data_at + 1, data_len) AS TEXT)
               END,
               data_at,
               (SELECT rerun_of FROM reruns
                WHERE reruns.source_environment_id = event_logs.source_environment_id AND event_id = event_logs.id),
               (SELECT group_concat(hex(event_id), ',') FROM (
                    SELECT event_id FROM reruns
                    WHERE reruns.source_environment_id = event_logs.source_environment_id
                      AND reruns.rerun_of = event_logs.id
                    ORDER BY event_id LIMIT 100)),
               (SELECT open FROM attention
                WHERE attention.source_environment_id = event_logs.source_environment_id
                  AND event_id = event_logs.id),
               (SELECT due_at_ms FROM attention
                WHERE attention.source_environment_id = event_logs.source_environment_id
                  AND event_id = event_logs.id)
           FROM wanted
               CROSS JOIN event_logs USING (source_environment_id, id)
               CROSS JOIN plugins ON plugins.id = plugin_id",
    )
});

static ACTIONS: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::query(
        "WITH wanted (event_id, cut_above) AS (VALUES",
        "(?, ?)",
        ") SELECT
               event_id, action_logs.id, mapping, action_type, status, reason, parameters, found_in, result,
               octet_length(payload),
               CASE WHEN octet_length(payload) <= cut_above THEN payload END
           FROM wanted CROSS JOIN action_logs USING (event_id)
           ORDER BY event_id, ordinal",
    )
});

/// Event logs, the newest first.
pub(crate) async fn events(readers: &SqlitePool, query: &EventQuery) -> Result<Page<StoredEvent>, sqlx::Error> {
    let mut reader = readers.acquire().await?;
    // One snapshot: what is pruned meanwhile does not vanish between the two looks.
    let mut snapshot = reader.begin().await?;
    let page = find(&mut snapshot, query).await?;
    let cut_above = if query.cut { EventQuery::CUT_ABOVE as i64 } else { i64::MAX };
    let mut events = load(&mut snapshot, &page.items, cut_above).await?;
    let mut actions = match query.include_actions {
        true => load_actions(&mut snapshot, &page.items, cut_above).await?,
        false => HashMap::new(),
    };
    for event in events.values_mut() {
        event.actions = actions.remove(&event.id).unwrap_or_default();
    }
    let items = page.items.iter().filter_map(|place| events.remove(place)).collect();
    Ok(Page { items, has_before: page.has_before, has_after: page.has_after })
}

/// Which event logs are on the page: their source environments and ids.
async fn find(connection: &mut SqliteConnection, query: &EventQuery) -> Result<Page<Place>, sqlx::Error> {
    let range = range(query);
    let outcomes = query.outcomes.iter().fold(0, |mask, outcome| mask | 1_i64 << codes::of_outcome(*outcome));
    let newer = matches!(query.cursor, Cursor::Before(_));
    let mut found: Vec<Place> = Vec::new();
    for source_environment in &query.source_environment_ids {
        let rows = sqlx::query(if newer { select_ids!("ASC") } else { select_ids!("DESC") })
            .bind(source_environment)
            .bind(range.from())
            .bind(range.to())
            .bind(&query.event_type)
            .bind(outcomes)
            .bind(query.limit as i64 + 1)
            .bind(&query.code)
            .fetch_all(&mut *connection)
            .await?;
        for row in rows {
            found.push((*source_environment, ids::read(&row, 0)?));
        }
    }
    found.sort_unstable_by_key(|(_, id)| *id);
    if !newer {
        found.reverse();
    }
    found.truncate(query.limit + 1);
    Ok(Page::of_found(found, query.limit, &query.cursor))
}

type Place = (i64, Uuid);

fn range(query: &EventQuery) -> ids::Range {
    let mut range = ids::Range::of(&query.cursor);
    if let Some(id) = query.id {
        range = range.only(id);
    }
    if let Some(ms) = query.starting_at_ms {
        range = range.not_before(ids::floor(ms));
    }
    if let Some(ms) = query.ending_at_ms {
        range = range.before(ids::floor(ms));
    }
    range
}

async fn load(
    connection: &mut SqliteConnection,
    places: &[Place],
    cut_above: i64,
) -> Result<HashMap<Place, StoredEvent>, sqlx::Error> {
    let mut events = HashMap::with_capacity(places.len());
    let bind = |row: &mut super::multi_row::Row, (source_environment, id): &Place| {
        row.int(*source_environment).blob(id.as_bytes()).int(cut_above);
    };
    let found = |chunk: &[Place], rows: Vec<SqliteRow>| {
        for row in rows {
            let number: i64 = row.try_get(0)?;
            events.insert(chunk[number as usize], read(&row)?);
        }
        Ok(())
    };
    EVENTS.fetch(connection, places, bind, found).await?;
    Ok(events)
}

fn read(row: &SqliteRow) -> Result<StoredEvent, sqlx::Error> {
    let notes: Option<&str> = row.try_get(16)?;
    let notes: Notes = notes.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let data_size: Option<i64> = row.try_get(23)?;
    let data: Option<String> = row.try_get(24)?;
    Ok(StoredEvent {
        id: ids::read(row, 1)?,
        source_environment_id: row.try_get(2)?,
        event_type: row.try_get(3)?,
        user_id: row.try_get(4)?,
        data: data_size.map(|size| Kept { content: data, size: size.unsigned_abs() }),
        original: read_original(row)?,
        outcome: codes::outcome(row.try_get(5)?)?,
        reason: row.try_get(6)?,
        code: row.try_get(7)?,
        verification_status: row.try_get(8)?,
        idempotency_key: row.try_get(9)?,
        replay_of: ids::read_optional(row, 10)?,
        resumes: ids::read_optional(row, 11)?,
        occurred_at_us: row.try_get(12)?,
        received_at_ms: row.try_get(13)?,
        headers: row.try_get(14)?,
        guest_logs: row.try_get(15)?,
        plugin: PluginRef { key: row.try_get(17)?, version: row.try_get(18)?, digest: row.try_get(19)? },
        warnings: notes.warnings,
        redacted: notes.redacted,
        data_at: row.try_get::<Option<i64>, _>(25)?.and_then(|at| usize::try_from(at).ok()),
        rerun_of: ids::read_optional(row, 26)?,
        rerun_as: read_reruns(row.try_get(27)?),
        needs_attention: row.try_get::<Option<i64>, _>(28)? == Some(1),
        retry_at_ms: row.try_get(29)?,
        body_removed: row.try_get::<i64, _>(20)? == codes::ORIGINAL_REMOVED,
        actions: Vec::new(),
    })
}

/// Ids in hexadecimal digits, separated by commas.
fn read_reruns(list: Option<&str>) -> Vec<Uuid> {
    list.into_iter().flat_map(|list| list.split(',')).filter_map(|id| Uuid::try_parse(id).ok()).collect()
}

#[derive(Deserialize, Default)]
struct Notes {
    warnings: Vec<String>,
    redacted: Vec<String>,
}

fn read_original(row: &SqliteRow) -> Result<Kept<Original>, sqlx::Error> {
    let (kind, size): (i64, i64) = (row.try_get(20)?, row.try_get(21)?);
    let content: Option<Vec<u8>> = row.try_get(22)?;
    let text = |bytes: Vec<u8>| {
        String::from_utf8(bytes).map(ByteString::from).map_err(|problem| sqlx::Error::Decode(Box::new(problem)))
    };
    let content = match (content, kind) {
        (None, _) | (Some(_), codes::ORIGINAL_REMOVED) => None,
        (Some(bytes), codes::ORIGINAL_JSON) => Some(Original::Json(text(bytes)?)),
        (Some(bytes), codes::ORIGINAL_TEXT) => Some(Original::Text(text(bytes)?)),
        (Some(bytes), codes::ORIGINAL_BYTES) => Some(Original::Bytes(bytes.into())),
        (Some(_), kind) => return Err(codes::unknown("original_kind", kind)),
    };
    Ok(Kept { content, size: size.unsigned_abs() })
}

async fn load_actions(
    connection: &mut SqliteConnection,
    places: &[Place],
    cut_above: i64,
) -> Result<HashMap<Uuid, Vec<StoredAction>>, sqlx::Error> {
    let mut actions: HashMap<Uuid, Vec<StoredAction>> = HashMap::new();
    let bind = |row: &mut super::multi_row::Row, (_, id): &Place| {
        row.blob(id.as_bytes()).int(cut_above);
    };
    let found = |_: &[Place], rows: Vec<SqliteRow>| {
        for row in rows {
            actions.entry(ids::read(&row, 0)?).or_default().push(read_action(&row)?);
        }
        Ok(())
    };
    ACTIONS.fetch(connection, places, bind, found).await?;
    Ok(actions)
}

fn read_action(row: &SqliteRow) -> Result<StoredAction, sqlx::Error> {
    // No payload is an empty text; only one that was removed is.
    let payload: Option<String> = row.try_get(10)?;
    Ok(StoredAction {
        id: ids::read(row, 1)?,
        mapping: ids::read_optional(row, 2)?,
        action_type: row.try_get(3)?,
        status: codes::status(row.try_get(4)?)?,
        reason: row.try_get(5)?,
        parameters: row.try_get(6)?,
        found_in: row.try_get(7)?,
        result: row.try_get(8)?,
        payload: Kept {
            size: row.try_get::<i64, _>(9)?.unsigned_abs(),
            content: payload.filter(|text| !text.is_empty()),
        },
    })
}
