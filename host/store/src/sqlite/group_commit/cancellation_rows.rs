//! Writing the cancellation of runs and of recipients of runs.

use std::{collections::BTreeMap, sync::LazyLock};

use inlet_core::{
    json,
    recipient::RecipientKey,
    run::{CanceledRun, RunCancellation, RunRange},
};
use uuid::Uuid;

use crate::sqlite::{
    caches::Targets,
    error::SqliteError,
    outbox::{self, cancel::CanceledDeliveries},
    statements::{multi_row::MultiRow, runner::StatementRunner},
};

static CANCELED_RUNS: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::query(
        "WITH canceled (environment_id, id, at_ms, event) AS (VALUES",
        "(?, ?, ?, ?)",
        ") UPDATE workflow_runs SET canceled_at_ms = at_ms, canceled_by = event FROM canceled
           WHERE workflow_runs.environment_id = canceled.environment_id AND workflow_runs.id = canceled.id",
    )
});

static PARTLY_CANCELED_RUNS: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::query(
        "WITH canceled (environment_id, id, recipients) AS (VALUES",
        "(?, ?, ?)",
        ") UPDATE workflow_runs SET canceled_recipients = canceled_recipients + recipients FROM canceled
           WHERE workflow_runs.environment_id = canceled.environment_id AND workflow_runs.id = canceled.id",
    )
});

static CANCELED_RECIPIENTS: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::query(
        "WITH canceled (run_id, ordinal, at_ms, event) AS (VALUES",
        "(?, ?, ?, ?)",
        ") UPDATE workflow_run_recipients SET canceled_at_ms = at_ms, canceled_by = event FROM canceled
           WHERE workflow_run_recipients.run_id = canceled.run_id
               AND workflow_run_recipients.ordinal = canceled.ordinal",
    )
});

static CANCELLATIONS: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::insert(
        "cancellations",
        "environment_id, workflow, cancellation_key, recipients, event, after_run, before_run",
        "",
    )
});

/// Runs, each with its environment's database id and the event that cancels it.
type Runs<'a> = Vec<(i64, Uuid, &'a CanceledRun)>;

/// Writes cancellations, each with its environment's database id. Runs are inserted before: one may be canceled in the
/// transaction that creates it.
pub(super) async fn write(
    statements: &mut StatementRunner<'_>,
    targets: &mut Targets,
    cancellations: &[(i64, &RunCancellation)],
    now_ms: i64,
    new_id: &mut dyn FnMut() -> Uuid,
) -> Result<(), SqliteError> {
    // Most groups have none.
    if cancellations.is_empty() {
        return Ok(());
    }
    let runs: Runs<'_> = cancellations
        .iter()
        .flat_map(|(environment, cancellation)| {
            cancellation.runs.iter().map(|run| (*environment, cancellation.event, run))
        })
        .collect();
    let deliveries: Vec<CanceledDeliveries<'_>> = runs
        .iter()
        .map(|(environment, event, run)| CanceledDeliveries {
            environment: *environment,
            run: run.id,
            event: *event,
            recipients: run.recipients.as_deref(),
        })
        .collect();
    let (wholly, partly): (Runs<'_>, Runs<'_>) = runs.into_iter().partition(|(_, _, run)| run.recipients.is_none());
    statements
        .write(&CANCELED_RUNS, &wholly, |row, (environment, event, run)| {
            row.int(*environment).blob(run.id.as_bytes()).int(now_ms).blob(event.as_bytes());
        })
        .await?;
    // A group can cancel some recipients of a run twice, and one statement updates a row once.
    let mut counts: BTreeMap<(i64, Uuid), usize> = BTreeMap::new();
    for (environment, _, run) in &partly {
        *counts.entry((*environment, run.id)).or_default() += run.recipients.as_ref().map_or(0, Vec::len);
    }
    let counts: Vec<_> = counts.into_iter().collect();
    statements
        .write(&PARTLY_CANCELED_RUNS, &counts, |row, ((environment, run), recipients)| {
            row.int(*environment).blob(run.as_bytes()).int(*recipients as i64);
        })
        .await?;
    let recipients: Vec<(Uuid, Uuid, i64)> = partly
        .iter()
        .flat_map(|(_, event, run)| run.recipients.iter().flatten().map(|ordinal| (run.id, *event, *ordinal)))
        .collect();
    statements
        .write(&CANCELED_RECIPIENTS, &recipients, |row, (run, event, ordinal)| {
            row.blob(run.as_bytes()).int(*ordinal).int(now_ms).blob(event.as_bytes());
        })
        .await?;
    let mut budget = outbox::cancel_rest::MAX_DELIVERIES;
    outbox::cancel::cancel(statements, targets, &deliveries, &mut budget, new_id).await?;
    let unfinished: Vec<(i64, &RunCancellation, RunRange)> = cancellations
        .iter()
        .filter_map(|(environment, cancellation)| Some((*environment, *cancellation, cancellation.rest?)))
        .collect();
    statements
        .write(&CANCELLATIONS, &unfinished, |row, (environment, cancellation, range)| {
            row.int(*environment)
                .text(&cancellation.workflow)
                .text(&cancellation.cancellation_key)
                .optional_owned_text(cancellation.recipients.as_deref().map(stored_recipients))
                .blob(cancellation.event.as_bytes())
                .blob(range.after.as_bytes())
                .blob(range.before.as_bytes());
        })
        .await
}

/// Returns recipients as they are stored: a JSON array of `[collection, id]`, the collection null for a user, as in
/// `workflow_run_recipients`.
fn stored_recipients(recipients: &[RecipientKey]) -> String {
    json::array(recipients.iter().map(|key| {
        let collection = key.shown_collection().map_or_else(|| "null".to_owned(), json::quote);
        json::array([collection, json::quote(&key.id)])
    }))
}
