//! Writing the entries of items that were rejected or failed, with their event logs.

use std::sync::LazyLock;

use inlet_core::{
    log::Outcome,
    settle::{Job, Settlement},
};
use uuid::Uuid;

use crate::{
    records::{CommitExtras, Origin},
    sqlite::{
        error::SqliteError,
        statements::{codes, multi_row::MultiRow, runner::StatementRunner},
    },
};

/// The longest code that is stored. Codes are short words; a plugin may write a novel.
const MAX_CODE_CHARS: usize = 64;

static INSERT: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::insert(
        "attention",
        "source_environment_id, event_id, open, outcome, code, request_id, item, items, retries, due_at_ms",
        "",
    )
});

/// A row to write.
struct Entry<'a> {
    source_environment: i64,
    event: Uuid,
    outcome: Outcome,
    code: &'a str,
    origin: Origin,
    due_at_ms: Option<i64>,
}

/// Writes an entry for every item that was rejected or failed. Nothing is written for a group in which all is well.
pub(super) async fn write(
    statements: &mut StatementRunner<'_>,
    jobs: &[Job],
    extras: &[Option<Box<CommitExtras>>],
    settlements: &[Vec<Settlement>],
) -> Result<(), SqliteError> {
    let mut entries = Vec::new();
    for ((job, extras), settlements) in jobs.iter().zip(extras).zip(settlements) {
        let extras = extras.as_deref();
        if extras.is_some_and(|extras| extras.is_told) {
            continue;
        }
        for (index, (item, settlement)) in job.items.iter().zip(settlements).enumerate() {
            if settlement.outcome.is_accepted() {
                continue;
            }
            let new = Origin {
                request_id: extras.and_then(|extras| Some(extras.keep.as_ref()?.id)),
                item: u32::try_from(index).unwrap_or(u32::MAX),
                items: u32::try_from(job.items.len()).unwrap_or(u32::MAX),
            };
            let replayed = extras.and_then(|extras| extras.replayed.get(index));
            // Only a failure in the plugin can end otherwise without a change of the configuration.
            let is_retried = settlement.outcome == Outcome::Failed && item.plan.is_none();
            entries.push(Entry {
                source_environment: job.source_environment,
                event: item.log.id,
                outcome: settlement.outcome,
                code: cut(item.log.code.as_deref().unwrap_or(inlet_core::log::ACTION_FAILED)),
                origin: replayed.map_or(new, |replayed| replayed.origin),
                due_at_ms: extras.and_then(|extras| extras.retry_at_ms).filter(|_| is_retried),
            });
        }
    }
    if entries.is_empty() {
        return Ok(());
    }
    statements
        .write(&INSERT, &entries, |row, entry| {
            row.int(entry.source_environment)
                .blob(entry.event.as_bytes())
                .int(1)
                .int(codes::of_outcome(entry.outcome))
                .text(entry.code)
                .optional_uuid(entry.origin.request_id)
                .int(entry.origin.item.into())
                .int(entry.origin.items.into())
                .int(0)
                .optional_int(entry.due_at_ms);
        })
        .await
}

fn cut(code: &str) -> &str {
    code.char_indices().nth(MAX_CODE_CHARS).map_or(code, |(end, _)| &code[..end])
}
