//! Making a segment of the event logs that follow the last one.

use futures_util::TryStreamExt as _;
use inlet_core::{idempotency::HashKey, json};
use uuid::Uuid;

use super::attribute::Attribute;
use crate::{
    records::{LogSearchEntry, LogSegment},
    sql,
    sqlite::statements::{codes, uuids},
};

/// Events of a segment. A search scans at most so many events that no segment holds yet, which takes about 6 ms.
const EVENTS: usize = 8192;
/// Entries at which a segment ends early: a trigger has up to a thousand recipients.
const MAX_ENTRIES: usize = 1 << 16;
/// Events of a segment with one value above which the segment is scanned for it.
const MAX_EVENTS_OF_VALUE: usize = 128;

/// The range of the logs that follow the last segment of `?1`, up to `?2`.
macro_rules! unindexed {
    () => {
        "source_environment_id = ?1 AND event_logs.id < ?2 AND event_logs.id > coalesce(
             (SELECT max(last_id) FROM log_segments WHERE source_environment_id = ?1), x'')"
    };
}

/// Reads the actions of the next event logs.
macro_rules! actions {
    ($database:ident) => {
        concat!(
            "SELECT logs.id, status, result, action_type, mapping, ",
            workflow!($database),
            " FROM (SELECT id FROM event_logs WHERE ",
            unindexed!(),
            " ORDER BY event_logs.id LIMIT ?3) AS logs
             CROSS JOIN action_logs ON event_id = logs.id ORDER BY logs.id"
        )
    };
}

/// Returns true if there are enough event logs for a segment before an id.
pub(crate) async fn is_due(readers: &sql::Pool, source_environment: i64, before: Uuid) -> Result<bool, sqlx::Error> {
    let found: Option<i64> = sql::query_scalar(concat!(
        "SELECT 1 FROM event_logs WHERE ",
        unindexed!(),
        " ORDER BY event_logs.id LIMIT 1 OFFSET ?3"
    ))
    .bind(source_environment)
    .bind(before.as_bytes().as_slice())
    .bind(EVENTS as i64 - 1)
    .fetch_optional(readers)
    .await?;
    Ok(found.is_some())
}

/// Makes a segment of the next event logs before an id; returns none if there are too few.
pub(crate) async fn segment(
    readers: &sql::Pool,
    source_environment: i64,
    before: Uuid,
    key: &HashKey,
) -> Result<Option<LogSegment>, sqlx::Error> {
    if !is_due(readers, source_environment, before).await? {
        return Ok(None);
    }
    let mut reader = readers.acquire().await?;
    let mut transaction = reader.begin().await?;
    let mut snapshot = transaction.connection();
    let mut entries = Entries { key, entries: Vec::new() };
    let mut ids = add_events(&mut snapshot, source_environment, before, &mut entries).await?;
    if let Some(complete) = add_actions(&mut snapshot, source_environment, before, &mut entries).await? {
        // The segment ends early, and what was added of later events is left out.
        ids.retain(|id| *id <= complete);
        entries.entries.retain(|(_, event)| *event <= prefix(complete));
    }
    let (Some(first_id), Some(last_id)) = (ids.first().copied(), ids.last().copied()) else { return Ok(None) };
    let entries = condense(entries.entries);
    Ok(Some(LogSegment { source_environment_id: source_environment, first_id, last_id, entries }))
}

/// The entries of a segment, not yet sorted.
struct Entries<'k> {
    key: &'k HashKey,
    entries: Vec<(u32, [u8; 8])>,
}

impl Entries<'_> {
    fn add(&mut self, event: Uuid, attribute: Attribute<'_>) {
        self.entries.push((attribute.hash(self.key), prefix(event)));
    }
}

fn prefix(id: Uuid) -> [u8; 8] {
    ((id.as_u128() >> 64) as u64).to_be_bytes()
}

async fn add_events(
    connection: &mut sql::Connection<'_>,
    source_environment: i64,
    before: Uuid,
    entries: &mut Entries<'_>,
) -> Result<Vec<Uuid>, sqlx::Error> {
    let mut ids = Vec::with_capacity(EVENTS);
    let mut rows = sql::query(concat!(
        "SELECT id, outcome, event_type, user_id, idempotency_key, code FROM event_logs WHERE ",
        unindexed!(),
        " ORDER BY event_logs.id LIMIT ?3"
    ))
    .bind(source_environment)
    .bind(before.as_bytes().to_vec())
    .bind(EVENTS as i64)
    .fetch(connection)?;
    while let Some(row) = rows.try_next().await? {
        let id = uuids::read(&row, 0)?;
        ids.push(id);
        entries.add(id, Attribute::Outcome(codes::outcome(row.try_get(1)?)?));
        entries.add(id, Attribute::EventType(row.try_get(2)?));
        let texts: [Option<&str>; 3] = [row.try_get(3)?, row.try_get(4)?, row.try_get(5)?];
        let attributes = [Attribute::UserId, Attribute::IdempotencyKey, Attribute::Code];
        for (text, attribute) in texts.into_iter().zip(attributes) {
            if let Some(text) = text {
                entries.add(id, attribute(text));
            }
        }
    }
    Ok(ids)
}

/// Adds the actions of the events. Returns the last event whose actions were all added, if there are too many to go on.
async fn add_actions(
    connection: &mut sql::Connection<'_>,
    source_environment: i64,
    before: Uuid,
    entries: &mut Entries<'_>,
) -> Result<Option<Uuid>, sqlx::Error> {
    let mut rows = sql::query(sql::each(actions!(sqlite), actions!(postgres)))
        .bind(source_environment)
        .bind(before.as_bytes().to_vec())
        .bind(EVENTS as i64)
        .fetch(connection)?;
    let mut current = None;
    while let Some(row) = rows.try_next().await? {
        let id = uuids::read(&row, 0)?;
        if current != Some(id) {
            let complete = current.replace(id);
            if complete.is_some() && entries.entries.len() >= MAX_ENTRIES {
                return Ok(complete);
            }
        }
        entries.add(id, Attribute::AnyAction);
        entries.add(id, Attribute::ActionStatus(codes::status(row.try_get(1)?)?));
        entries.add(id, Attribute::ActionType(row.try_get(3)?));
        if let Some(mapping) = uuids::read_optional(&row, 4)? {
            entries.add(id, Attribute::Mapping(mapping));
        }
        if let Some(workflow) = row.try_get(5)? {
            entries.add(id, Attribute::Workflow(workflow));
        }
        if let Some(result) = row.try_get::<Option<&str>>(2)? {
            add_recipients(id, result, entries);
        }
    }
    Ok(None)
}

/// Adds the recipients in the result of a trigger. [`super::query`] compares the same members in SQL.
fn add_recipients(event: Uuid, result: &str, entries: &mut Entries<'_>) {
    for member in ["recipients", "skipped_recipients", "waiting_recipients", "released_recipients"] {
        for recipient in json::member(result, member).and_then(json::items).unwrap_or_default() {
            let text = |name| json::member(recipient, name).and_then(json::string);
            if let Some(id) = text("id") {
                let collection = text("collection");
                entries.add(event, Attribute::Recipient { collection: collection.as_deref(), id: &id });
            }
        }
    }
}

/// Sorts entries, each once, and replaces those of a frequent value by a single one.
fn condense(mut entries: Vec<(u32, [u8; 8])>) -> Vec<LogSearchEntry> {
    entries.sort_unstable();
    entries.dedup();
    let mut condensed = Vec::with_capacity(entries.len());
    for of_value in entries.chunk_by(|a, b| a.0 == b.0) {
        let entry = |(hash, event): &(u32, [u8; 8])| LogSearchEntry { hash: *hash, event: Some(*event) };
        match of_value {
            [(hash, _), ..] if of_value.len() > MAX_EVENTS_OF_VALUE => {
                condensed.push(LogSearchEntry { hash: *hash, event: None });
            }
            _ => condensed.extend(of_value.iter().map(entry)),
        }
    }
    condensed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frequent_value_has_a_single_entry() {
        let event = |number: u64| number.to_be_bytes();
        let frequent = (0..=MAX_EVENTS_OF_VALUE as u64).map(|number| (9, event(number)));
        let rare = [(7, event(2)), (7, event(1)), (7, event(2))];
        let condensed = condense(frequent.chain(rare).collect());
        let expected = [(7, Some(event(1))), (7, Some(event(2))), (9, None)];
        assert_eq!(condensed, expected.map(|(hash, event)| LogSearchEntry { hash, event }));
    }
}
