//! Writing the entries of items that were rejected or failed, with their event logs.

use std::sync::LazyLock;

use inlet_core::{
    issues::keys_of_event,
    log::Outcome,
    settle::{Job, Settlement},
};
use uuid::Uuid;

use crate::{
    records::{CommitExtras, Origin},
    sqlite::{
        error::SqliteError,
        statements::{codes, multi_row::MultiRow, runner::StatementRunner},
        tables::issues::{self, Failure},
    },
};

/// The longest code that is stored. Codes are short words; a plugin may write a novel.
const MAX_CODE_CHARS: usize = 64;
/// The most issues that one event belongs to.
const MAX_ISSUES: usize = 20;

static INSERT: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::insert(
        "attention",
        "source_environment_id, event_id, open, outcome, code, request_id, item, items, retries, due_at_ms, issue_id",
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
    /// The index of the decisive one among the failures.
    failure: Option<usize>,
}

/// Writes an entry for every item that was rejected or failed, and counts the failures among the issues. Nothing is written for
/// a group in which all is well. `plugins` has the plugin's id for every item, job by job.
pub(super) async fn write(
    statements: &mut StatementRunner<'_>,
    jobs: &[Job],
    extras: &[Option<Box<CommitExtras>>],
    settlements: &[Vec<Settlement>],
    plugins: &[i64],
    now_ms: i64,
) -> Result<(), SqliteError> {
    let (mut entries, mut failures, mut before) = (Vec::new(), Vec::new(), 0);
    for ((job, extras), settlements) in jobs.iter().zip(extras).zip(settlements) {
        let extras = extras.as_deref();
        let plugins_of_job = plugins.get(before..).unwrap_or_default();
        before += job.items.len();
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
            let plugin = plugins_of_job.get(index).copied();
            let keys = keys_of_event(job.source_environment, item, settlement, plugin.unwrap_or_default(), MAX_ISSUES);
            let failure = (!keys.is_empty()).then_some(failures.len());
            let of_key = |key| Failure { environment: job.environment, key, entry: item.log.id, plugin };
            failures.extend(keys.into_iter().map(of_key));
            entries.push(Entry {
                source_environment: job.source_environment,
                event: item.log.id,
                outcome: settlement.outcome,
                code: cut(item.log.code.as_deref().unwrap_or(inlet_core::log::ACTION_FAILED)),
                origin: replayed.map_or(new, |replayed| replayed.origin),
                due_at_ms: extras.and_then(|extras| extras.retry_at_ms).filter(|_| is_retried),
                failure,
            });
        }
    }
    if entries.is_empty() {
        return Ok(());
    }
    let issues = issues::record(&mut statements.connection().await?, &failures, now_ms).await?;
    let issue_of = |entry: &Entry<'_>| entry.failure.and_then(|failure| issues.get(failure).copied());
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
                .optional_int(entry.due_at_ms)
                .optional_uuid(issue_of(entry));
        })
        .await
}

fn cut(code: &str) -> &str {
    code.char_indices().nth(MAX_CODE_CHARS).map_or(code, |(end, _)| &code[..end])
}
