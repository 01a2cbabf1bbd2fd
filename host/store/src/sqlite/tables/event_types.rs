//! Reading the number of received events by type.

use crate::{
    records::{EventTypeActivity, EventTypeCount, SourceStatus, uuid_time},
    sql,
    sqlite::statements::uuids,
};

/// Returns the counts of a source environment, by type.
pub(crate) async fn counts(readers: &sql::Pool, source_environment: i64) -> Result<Vec<EventTypeCount>, sqlx::Error> {
    let rows = sql::query(
        "SELECT event_type, count, last_received_at_ms FROM event_types
         WHERE source_environment_id = ? AND event_type <> '' ORDER BY event_type",
    )
    .bind(source_environment)
    .fetch_all(readers)
    .await?;
    let read = |row: &sql::Row| {
        Ok(EventTypeCount { event_type: row.try_get(0)?, count: row.try_get(1)?, last_received_at_ms: row.try_get(2)? })
    };
    rows.iter().map(read).collect()
}

/// Returns the totals of a source environment, items without a type included.
pub(crate) async fn status(readers: &sql::Pool, source_environment: i64) -> Result<SourceStatus, sqlx::Error> {
    let row = sql::query(
        "SELECT CAST(coalesce(sum(count), 0) AS INTEGER), max(last_received_at_ms) FROM event_types
         WHERE source_environment_id = ?",
    )
    .bind(source_environment)
    .fetch_one(readers)
    .await?;
    Ok(SourceStatus { events_count: row.try_get(0)?, last_event_received_ms: row.try_get(1)? })
}

/// Returns the totals of every source environment with events, with its id.
pub(crate) async fn all_status(readers: &sql::Pool) -> Result<Vec<(i64, SourceStatus)>, sqlx::Error> {
    let rows = sql::query(
        "SELECT source_environment_id, CAST(sum(count) AS INTEGER), max(last_received_at_ms) FROM event_types
         GROUP BY source_environment_id",
    )
    .fetch_all(readers)
    .await?;
    let read = |row: &sql::Row| {
        let status = SourceStatus { events_count: row.try_get(1)?, last_event_received_ms: row.try_get(2)? };
        Ok((row.try_get(0)?, status))
    };
    rows.iter().map(read).collect()
}

// PostgreSQL has no min() of bytes before 18; their hexadecimal digits have the same order.
macro_rules! newest_by_type {
    ($first:literal) => {
        concat!(
            "SELECT event_type, substr(id, 1, 4), count(*), ",
            $first,
            " FROM (
                 SELECT event_type, id FROM event_logs
                 WHERE source_environment_id = ? AND id >= ? ORDER BY id DESC LIMIT ?) AS newest
             GROUP BY 1, 2"
        )
    };
}

/// Counts the newest events of a source environment since a time by type and time, at most `limit` of them.
///
/// Nothing is written for this when an event comes: the log itself is scanned.
pub(crate) async fn activity(
    readers: &sql::Pool,
    source_environment: i64,
    from_ms: i64,
    limit: u64,
) -> Result<EventTypeActivity, sqlx::Error> {
    // The first 4 bytes of an id are its time in units of 65.5 s.
    let rows = sql::query(sql::each(
        newest_by_type!("min(id)"),
        newest_by_type!("decode(min(encode(id, 'hex') COLLATE \"C\"), 'hex')"),
    ))
    .bind(source_environment)
    .bind(uuid_time::floor(from_ms).as_bytes().as_slice())
    .bind(limit.cast_signed())
    .fetch_all(readers)
    .await?;
    let mut activity = EventTypeActivity::default();
    for row in rows {
        let at: [u8; 4] = row.try_get::<Vec<u8>>(1)?.try_into().unwrap_or_default();
        let count = row.try_get::<i64>(2)?.unsigned_abs();
        let oldest_ms = uuid_time::time_of(uuids::read(&row, 3)?);
        activity.counted += count;
        activity.oldest_ms = Some(activity.oldest_ms.map_or(oldest_ms, |known| known.min(oldest_ms)));
        activity.counts.push((row.try_get(0)?, i64::from(u32::from_be_bytes(at)) << 16, count));
    }
    Ok(activity)
}
