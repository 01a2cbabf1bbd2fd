//! The columns of a logged event. Each is named once, with the value that is written and the way back to its fields.
//!
//! A new column takes a field in [`EventFields`], a migration, and an entry in this table.

use std::{sync::Arc, time::Instant};

use inlet_core::{
    ByteString,
    hints::Hints,
    log::{ACTION_FAILED, EventFields, EventLog, Original, Outcome, PluginRef, StageTimes},
    settle::{Job, Settlement},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::statements::{codes, row::Row, uuids};
use crate::records::{Kept, OriginalKind};
use crate::sql;

/// A logged event to write.
pub(crate) struct EventRow<'a> {
    pub(crate) job: &'a Job,
    pub(crate) log: &'a EventLog,
    pub(crate) settlement: &'a Settlement,
    pub(crate) plugin_id: i64,
    /// The time at which its group was settled.
    pub(crate) settled_at: Instant,
}

/// Each entry: the fields, the column that is written, the expressions that are read where they differ, a function that
/// binds the column, and a function that reads the fields.
macro_rules! event_columns {
    ($($field:ident $(, $more:ident)*: $columns:literal $(as $selected:literal)?, $write:expr, $read:expr;)+) => {
        const INSERTED: &[&str] = &[$($columns),+];
        const SELECTED: &[&str] = &[$(event_columns!(@selected $columns $(, $selected)?)),+];

        fn write_fields<'v>(row: &mut Row<'v>, event: &'v EventRow<'v>) {
            $(
                let write: fn(&mut Row<'v>, &'v EventRow<'v>) = $write;
                write(row, event);
            )+
        }

        fn read_fields(columns: &mut Columns<'_>) -> Result<EventFields, sqlx::Error> {
            $(
                let read: fn(&mut Columns<'_>) -> Result<_, sqlx::Error> = $read;
                let event_columns!(@pattern $field $($more)*) = read(columns)?;
            )+
            Ok(EventFields { $($field, $($more,)*)+ })
        }
    };
    (@pattern $field:ident) => { $field };
    (@pattern $($field:ident)+) => { ($($field),+) };
    (@selected $columns:literal) => { $columns };
    (@selected $columns:literal, $selected:literal) => { $selected };
}

event_columns! {
    id: "id" as "event_logs.id",
        |row, event| _ = row.blob(event.log.id.as_bytes()),
        |columns| columns.uuid();
    outcome: "outcome",
        |row, event| _ = row.int(codes::of_outcome(event.settlement.outcome)),
        |columns| codes::outcome(columns.get()?);
    event_type: "event_type",
        |row, event| _ = row.text(&event.log.event_type),
        |columns| columns.get();
    user_id: "user_id",
        |row, event| _ = row.optional_text(event.log.user_id.as_deref()),
        |columns| columns.get();
    received_at_ms: "received_at_ms",
        |row, event| _ = row.int(event.log.received_at_ms),
        |columns| columns.get();
    occurred_at_us: "occurred_at_us",
        |row, event| _ = row.int(event.log.occurred_at_us),
        |columns| columns.get();
    plugin: "plugin_id" as "plugins.key, plugins.version, plugins.digest",
        |row, event| _ = row.int(event.plugin_id),
        |columns| {
            let plugin = PluginRef { key: columns.get()?, version: columns.get()?, digest: columns.get()? };
            Ok(Arc::new(plugin))
        };
    verification_status: "verification_status",
        |row, event| _ = row.text(&event.log.verification_status),
        |columns| columns.get();
    idempotency_key: "idempotency_key",
        |row, event| _ = row.optional_text(event.log.idempotency_key.as_deref()),
        |columns| columns.get();
    replay_of: "replay_of",
        |row, event| _ = row.optional_uuid(event.settlement.replay_of.or(event.log.replay_of)),
        |columns| columns.optional_uuid();
    resumes: "resumes",
        |row, event| _ = row.optional_uuid(event.settlement.resumes.or(event.log.resumes)),
        |columns| columns.optional_uuid();
    skipped_recipients: "skipped_recipients",
        |row, event| {
            let count = i64::try_from(event.settlement.skipped_recipients).unwrap_or(i64::MAX);
            _ = row.optional_int((count > 0).then_some(count));
        },
        |columns| Ok(usize::try_from(columns.get::<Option<i64>>()?.unwrap_or_default()).unwrap_or_default());
    code: "code",
        |row, event| _ = row.optional_text(code(event)),
        |columns| columns.get();
    reason: "reason",
        |row, event| _ = row.optional_text(event.settlement.reason.as_deref()),
        |columns| columns.get();
    warnings, redacted, hints: "notes",
        |row, event| _ = row.optional_owned_text(notes(event)),
        |columns| {
            let notes: Option<String> = columns.get()?;
            let notes: ReadNotes = notes.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
            Ok((notes.warnings, notes.redacted, notes.hints))
        };
    headers: "headers",
        |row, event| _ = row.optional_text(event.log.headers.as_deref()),
        |columns| columns.shared();
    guest_logs: "guest_logs",
        |row, event| _ = row.optional_text(event.log.guest_logs.as_deref()),
        |columns| columns.shared();
    stage_times: "stage_times",
        |row, event| _ = row.optional_int(event.log.stage_times.map(|times| times.stored(event.settled_at))),
        |columns| Ok(columns.get::<Option<i64>>()?.map(StageTimes::from_stored));
}

/// The columns of the contents: `data` and `original`, which a query leaves out when they are long. Nearly always `data` is
/// a slice of `original`; then `data_at` and `data_len` say where it lies, and it is stored once.
const INSERTED_CONTENTS: &str = "data_at, data_len, data, original_kind, original";

/// The expressions for the contents. `cut_above` is the size in bytes above which a value is left out unread. `data` is either a
/// text of its own or the bytes of a slice.
const SELECTED_CONTENTS: &str = "
    data_at,
    coalesce(data_len, octet_length(data)),
    CASE WHEN data_at IS NULL AND coalesce(data_len, octet_length(data)) <= cut_above THEN data END,
    CASE
        WHEN data_at IS NOT NULL AND coalesce(data_len, octet_length(data)) <= cut_above
        THEN substr(original, data_at + 1, data_len)
    END,
    original_kind,
    octet_length(original),
    CASE WHEN octet_length(original) <= cut_above THEN original END";

/// The contents of an event as they are read back.
pub(crate) struct Contents {
    pub(crate) data_at: Option<usize>,
    pub(crate) data: Option<Kept<String>>,
    pub(crate) original: Kept<Original>,
    pub(crate) original_kind: OriginalKind,
    /// True if the retention of bodies removed them.
    pub(crate) is_removed: bool,
}

fn write_contents<'v>(row: &mut Row<'v>, log: &'v EventLog) {
    let (kind, original): (i64, &[u8]) = match &log.original {
        Original::Json(text) => (codes::ORIGINAL_JSON, text.as_bytes()),
        Original::Text(text) => (codes::ORIGINAL_TEXT, text.as_bytes()),
        Original::Bytes(bytes) => (codes::ORIGINAL_BYTES, bytes),
    };
    let data = log.data.as_deref();
    match data.and_then(|data| offset_within(original, data.as_bytes()).map(|at| (at, data.len()))) {
        Some((at, length)) => row.int(at as i64).int(length as i64).optional_text(None),
        None => row.optional_int(None).optional_int(None).optional_text(data),
    };
    row.int(kind).blob(original);
}

fn read_contents(columns: &mut Columns<'_>) -> Result<Contents, sqlx::Error> {
    let data_at: Option<i64> = columns.get()?;
    let (data_size, data): (Option<i64>, Option<String>) = (columns.get()?, columns.get()?);
    let slice: Option<Vec<u8>> = columns.get()?;
    let slice = slice.map(String::from_utf8).transpose().map_err(|problem| sqlx::Error::Decode(Box::new(problem)))?;
    let (kind, size): (i64, i64) = (columns.get()?, columns.get()?);
    Ok(Contents {
        data_at: data_at.and_then(|at| usize::try_from(at).ok()),
        data: data_size.map(|size| Kept { content: data.or(slice), size: size.unsigned_abs() }),
        original: Kept { content: read_original(kind, columns.get()?)?, size: size.unsigned_abs() },
        original_kind: match kind {
            codes::ORIGINAL_JSON => OriginalKind::Json,
            codes::ORIGINAL_TEXT => OriginalKind::Text,
            _ => OriginalKind::Bytes,
        },
        is_removed: kind == codes::ORIGINAL_REMOVED,
    })
}

/// Returns the columns of an insert.
pub(crate) fn inserted() -> String {
    format!("source_environment_id, {}, {INSERTED_CONTENTS}", INSERTED.join(", "))
}

/// Returns the expressions of a query over `event_logs` and `plugins`.
pub(crate) fn selected() -> String {
    format!("source_environment_id, {}, {SELECTED_CONTENTS}", SELECTED.join(", "))
}

/// Binds the columns of [`inserted`].
pub(crate) fn write<'v>(row: &mut Row<'v>, event: &'v EventRow<'v>) {
    row.int(event.job.source_environment);
    write_fields(row, event);
    write_contents(row, event.log);
}

/// Reads the expressions of [`selected`]: the source environment, the fields and the contents.
pub(crate) fn read(mut columns: Columns<'_>) -> Result<(i64, EventFields, Contents), sqlx::Error> {
    Ok((columns.get()?, read_fields(&mut columns)?, read_contents(&mut columns)?))
}

/// The values of a found row, read one after the other.
pub(crate) struct Columns<'r> {
    row: &'r sql::Row,
    at: usize,
}

impl<'r> Columns<'r> {
    /// Starts at the column with this index.
    pub(crate) fn from(row: &'r sql::Row, at: usize) -> Self {
        Self { row, at }
    }

    pub(crate) fn get<T: sql::Column<'r>>(&mut self) -> Result<T, sqlx::Error> {
        let at = self.advance();
        self.row.try_get(at)
    }

    pub(crate) fn uuid(&mut self) -> Result<Uuid, sqlx::Error> {
        let at = self.advance();
        uuids::read(self.row, at)
    }

    pub(crate) fn optional_uuid(&mut self) -> Result<Option<Uuid>, sqlx::Error> {
        let at = self.advance();
        uuids::read_optional(self.row, at)
    }

    fn shared(&mut self) -> Result<Option<Arc<str>>, sqlx::Error> {
        Ok(self.get::<Option<&str>>()?.map(Arc::from))
    }

    fn advance(&mut self) -> usize {
        let at = self.at;
        self.at += 1;
        at
    }
}

/// Returns the machine-readable reason. A failed action has one code, whatever the action.
fn code<'a>(event: &EventRow<'a>) -> Option<&'a str> {
    let is_failed = event.settlement.outcome == Outcome::Failed;
    event.log.code.as_deref().or(is_failed.then_some(ACTION_FAILED))
}

/// The warnings, the redacted paths and the hints in their stored form.
#[derive(Serialize)]
struct Notes<'a> {
    warnings: Vec<&'a str>,
    redacted: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    hints: Option<&'a Hints>,
}

#[derive(Deserialize, Default)]
struct ReadNotes {
    warnings: Vec<String>,
    redacted: Vec<String>,
    #[serde(default)]
    hints: Option<Box<Hints>>,
}

fn notes(event: &EventRow<'_>) -> Option<String> {
    let EventRow { log, settlement, .. } = event;
    let warnings: Vec<&str> = log.warnings.iter().chain(&settlement.warnings).map(String::as_str).collect();
    if warnings.is_empty() && log.redacted.is_empty() && log.hints.is_none() {
        return None;
    }
    serde_json::to_string(&Notes { warnings, redacted: &log.redacted, hints: log.hints.as_deref() }).ok()
}

/// Returns the offset of `part` in `whole` if it is a slice of the same memory.
fn offset_within(whole: &[u8], part: &[u8]) -> Option<usize> {
    let at = part.as_ptr().addr().checked_sub(whole.as_ptr().addr())?;
    (!part.is_empty() && at + part.len() <= whole.len()).then_some(at)
}

fn read_original(kind: i64, content: Option<Vec<u8>>) -> Result<Option<Original>, sqlx::Error> {
    let text = |bytes: Vec<u8>| {
        String::from_utf8(bytes).map(ByteString::from).map_err(|problem| sqlx::Error::Decode(Box::new(problem)))
    };
    Ok(match (content, kind) {
        (None, _) | (Some(_), codes::ORIGINAL_REMOVED) => None,
        (Some(bytes), codes::ORIGINAL_JSON) => Some(Original::Json(text(bytes)?)),
        (Some(bytes), codes::ORIGINAL_TEXT) => Some(Original::Text(text(bytes)?)),
        (Some(bytes), codes::ORIGINAL_BYTES) => Some(Original::Bytes(bytes.into())),
        (Some(_), kind) => return Err(codes::unknown("original_kind", kind)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_is_told_from_an_equal_copy() {
        let whole = br#"{"properties":{"a":1}}"#.to_vec();
        let part = &whole[14..21];
        assert_eq!(offset_within(&whole, part), Some(14));
        let copy = part.to_vec();
        assert_eq!(offset_within(&whole, &copy), None);
        assert_eq!(offset_within(&whole, &whole), Some(0));
        assert_eq!(offset_within(part, &whole), None);
        assert_eq!(offset_within(&whole, &whole[3..3]), None);
    }
}
