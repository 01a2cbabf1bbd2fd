//! Reading one value of a logged event by itself, however long it is.

use uuid::Uuid;

use crate::{
    records::{EventValue, ReadMemory},
    sql,
    sqlite::statements::codes,
};

/// The bytes that reading takes, and the value. SQLite reads the whole original for a part of it.
struct Statements {
    bytes: sql::Text,
    value: sql::Text,
}

const ORIGINAL: Statements = Statements {
    bytes: sql::Text::Static(
        "SELECT octet_length(original) FROM event_logs WHERE source_environment_id = ? AND id = ?",
    ),
    value: sql::Text::Static(
        "SELECT original_kind, original FROM event_logs WHERE source_environment_id = ? AND id = ?",
    ),
};

const DATA: Statements = Statements {
    bytes: sql::Text::Static(
        "SELECT CASE WHEN data_at IS NULL THEN octet_length(data) ELSE octet_length(original) END
         FROM event_logs WHERE source_environment_id = ? AND id = ?",
    ),
    value: sql::each(
        "SELECT original_kind,
             CASE WHEN data_at IS NULL THEN CAST(data AS BLOB) ELSE substr(original, data_at + 1, data_len) END
         FROM event_logs WHERE source_environment_id = ? AND id = ?",
        "SELECT original_kind,
             CASE WHEN data_at IS NULL THEN convert_to(data, 'UTF8') ELSE substr(original, data_at + 1, data_len) END
         FROM event_logs WHERE source_environment_id = ? AND id = ?",
    ),
};

const PAYLOAD: Statements = Statements {
    bytes: sql::Text::Static(
        "SELECT octet_length(payload) FROM event_logs CROSS JOIN action_logs ON event_id = event_logs.id
         WHERE source_environment_id = ? AND event_logs.id = ? AND action_logs.id = ?",
    ),
    value: sql::each(
        "SELECT original_kind, CAST(payload AS BLOB)
         FROM event_logs CROSS JOIN action_logs ON event_id = event_logs.id
         WHERE source_environment_id = ? AND event_logs.id = ? AND action_logs.id = ?",
        "SELECT original_kind, convert_to(payload, 'UTF8')
         FROM event_logs CROSS JOIN action_logs ON event_id = event_logs.id
         WHERE source_environment_id = ? AND event_logs.id = ? AND action_logs.id = ?",
    ),
};

/// Returns the bytes of a value; none, outermost, if there is no memory for it, and none within if it is gone.
pub(crate) async fn one(
    readers: &sql::Pool,
    source_environment: i64,
    event: Uuid,
    value: EventValue,
    memory: &dyn ReadMemory,
) -> Result<Option<Option<Vec<u8>>>, sqlx::Error> {
    let (statements, action) = match value {
        EventValue::Original => (ORIGINAL, None),
        EventValue::Data => (DATA, None),
        EventValue::Payload(action) => (PAYLOAD, Some(action)),
    };
    let query = |text: sql::Text| {
        let query = sql::query(text).bind(source_environment).bind(event.as_bytes().to_vec());
        match action {
            Some(action) => query.bind(action.as_bytes().to_vec()),
            None => query,
        }
    };
    let mut reader = readers.acquire().await?;
    // One snapshot, so that what is read is not longer than what was reserved.
    let mut transaction = reader.begin().await?;
    let mut snapshot = transaction.connection();
    let Some(bytes) = query(statements.bytes).fetch_optional(&mut snapshot).await? else { return Ok(Some(None)) };
    let bytes: Option<i64> = bytes.try_get(0)?;
    if !memory.reserve(bytes.unwrap_or_default().unsigned_abs()) {
        return Ok(None);
    }
    let Some(row) = query(statements.value).fetch_optional(&mut snapshot).await? else { return Ok(Some(None)) };
    let is_removed = row.try_get::<i64>(0)? == codes::ORIGINAL_REMOVED;
    Ok(Some(row.try_get::<Option<Vec<u8>>>(1)?.filter(|_| !is_removed)))
}
