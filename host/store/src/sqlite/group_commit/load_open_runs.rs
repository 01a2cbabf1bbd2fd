//! Loading the runs that the cancellations of a group may cancel. The number of rows is bounded; a job does the rest.

use std::{collections::HashMap, sync::LazyLock};

use inlet_core::{
    recipient::RecipientKey,
    world::{Needs, OpenRun, OpenRuns, World},
};

use uuid::Uuid;

use crate::sqlite::{
    error::SqliteError,
    statements::{
        multi_row::MultiRow,
        row::Row,
        runner::{FoundRow, StatementRunner},
        uuids,
    },
};

// One more than a transaction cancels, so that it is known whether there are more.
static RUNS: LazyLock<MultiRow> = LazyLock::new(|| {
    let limit = OpenRuns::MAX_RUNS + 1;
    let tail = format!(
        ") SELECT number, workflow_runs.id, recipients_count - canceled_recipients
           FROM wanted CROSS JOIN workflow_runs ON workflow_runs.rowid IN (
               SELECT open.rowid FROM workflow_runs AS open
               WHERE open.environment_id = wanted.environment_id AND open.workflow = wanted.workflow
                   AND open.cancellation_key = wanted.cancellation_key AND open.canceled_at_ms IS NULL
               ORDER BY open.id LIMIT {limit})"
    );
    // PostgreSQL has no rowid, and would compare every run with the subquery.
    let postgres_tail = format!(
        ") SELECT number, open.id, open.recipients
           FROM wanted JOIN LATERAL (
               SELECT runs.id, runs.recipients_count - runs.canceled_recipients AS recipients
               FROM workflow_runs AS runs
               WHERE runs.environment_id = wanted.environment_id AND runs.workflow = wanted.workflow
                   AND runs.cancellation_key = wanted.cancellation_key AND runs.canceled_at_ms IS NULL
               ORDER BY runs.id LIMIT {limit}) AS open ON true"
    );
    MultiRow::query_each(
        "WITH wanted (number, environment_id, workflow, cancellation_key) AS (VALUES",
        "(#, ?, ?, ?)",
        &tail,
        &postgres_tail,
    )
});

static RECIPIENTS: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::query_each(
        "WITH wanted (number, run_id, collection, id) AS (VALUES",
        "(#, ?, ?, ?)",
        ") SELECT number, ordinal FROM wanted CROSS JOIN workflow_run_recipients AS open
               INDEXED BY workflow_run_recipients_open
               ON open.run_id = wanted.run_id AND open.id = wanted.id
                   AND open.collection IS NOT DISTINCT FROM wanted.collection
           WHERE is_cancelable IS NOT NULL AND canceled_at_ms IS NULL",
        // OFFSET 0 keeps PostgreSQL from beginning at the open recipients of all runs, of which it expects few.
        ") SELECT number, open.ordinal FROM wanted JOIN LATERAL (
               SELECT ordinal FROM workflow_run_recipients AS recipients
               WHERE recipients.run_id = wanted.run_id AND recipients.id = wanted.id
                   AND recipients.collection IS NOT DISTINCT FROM wanted.collection
                   AND is_cancelable IS NOT NULL AND canceled_at_ms IS NULL OFFSET 0) AS open ON true",
    )
});

// No EXISTS: PostgreSQL would look both up in a hash of the whole table, if it takes that for small.
static WAITS: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::query(
        "WITH wanted (number, environment_id, workflow, cancellation_key) AS (VALUES",
        "(#, ?, ?, ?)",
        ") SELECT number FROM wanted WHERE (
               SELECT 1 FROM parked_triggers
               WHERE parked_triggers.environment_id = wanted.environment_id
                   AND parked_triggers.workflow = wanted.workflow
                   AND parked_triggers.cancellation_key = wanted.cancellation_key AND canceled = 0 LIMIT 1) = 1
           OR (SELECT 1 FROM expansions CROSS JOIN workflow_runs
                   ON workflow_runs.environment_id = expansions.environment_id AND workflow_runs.id = run_id
               WHERE expansions.environment_id = wanted.environment_id
                   AND workflow_runs.workflow = wanted.workflow
                   AND workflow_runs.cancellation_key = wanted.cancellation_key AND canceled_at_ms IS NULL LIMIT 1) = 1",
    )
});

/// The runs to load.
pub(super) struct WantedRuns<'n> {
    keys: Vec<(i64, &'n str, &'n str)>,
    /// The recipients for which the cancellations of each key look.
    recipients: Vec<Vec<&'n RecipientKey>>,
}

impl<'n> WantedRuns<'n> {
    pub(super) fn of(needs: &Needs<'n>) -> Self {
        Self {
            keys: needs.open_runs.keys().copied().collect(),
            recipients: needs.open_runs.values().map(|recipients| recipients.iter().copied().collect()).collect(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }
}

pub(super) async fn load(
    statements: &mut StatementRunner<'_>,
    wanted: &WantedRuns<'_>,
    world: &mut World,
) -> Result<(), SqliteError> {
    // Most groups have none.
    if wanted.is_empty() {
        return Ok(());
    }
    let mut open: Vec<OpenRuns> = wanted.keys.iter().map(|_| OpenRuns::default()).collect();
    let found = |offset: usize, row: &FoundRow<'_>| {
        let number = offset + usize::try_from(row.int(0)?).unwrap_or_default();
        let (id, recipients_count) = (uuids::parse(1, row.blob(1)?)?, row.int(2)?);
        open[number].runs.push(OpenRun { id, recipients_count, recipients: None, may_grow: false });
        Ok(())
    };
    statements.find(&RUNS, &wanted.keys, bind_runs, found).await?;
    for runs in &mut open {
        runs.runs.sort_unstable_by_key(|run| run.id);
        if runs.runs.len() > OpenRuns::MAX_RUNS {
            runs.runs.truncate(OpenRuns::MAX_RUNS);
            runs.cut_after = runs.runs.last().map(|run| run.id);
        }
    }
    let found = |offset: usize, row: &FoundRow<'_>| {
        open[offset + usize::try_from(row.int(0)?).unwrap_or_default()].is_waited = true;
        Ok(())
    };
    statements.find(&WAITS, &wanted.keys, bind_runs, found).await?;
    load_recipients(statements, wanted, &mut open).await?;
    for ((environment, workflow, key), runs) in wanted.keys.iter().zip(open) {
        world.load_open_runs(*environment, workflow, key, runs);
    }
    Ok(())
}

/// Looks the wanted recipients up in the runs, the oldest run first, as long as there are look-ups left.
async fn load_recipients(
    statements: &mut StatementRunner<'_>,
    wanted: &WantedRuns<'_>,
    open: &mut [OpenRuns],
) -> Result<(), SqliteError> {
    let mut left = OpenRuns::MAX_LOOK_UPS;
    let mut look_ups = Vec::new();
    for (number, (runs, recipients)) in open.iter_mut().zip(&wanted.recipients).enumerate() {
        for (at, run) in runs.runs.iter_mut().enumerate() {
            if recipients.is_empty() || left < recipients.len() {
                break;
            }
            left -= recipients.len();
            run.recipients = Some(HashMap::new());
            look_ups.extend(recipients.iter().map(|key| (number, at, run.id, *key)));
        }
    }
    let found = |offset: usize, row: &FoundRow<'_>| {
        let (number, at, _, key) = look_ups[offset + usize::try_from(row.int(0)?).unwrap_or_default()];
        let ordinal = row.int(1)?;
        if let Some(recipients) = &mut open[number].runs[at].recipients {
            recipients.insert(key.clone(), ordinal);
        }
        Ok(())
    };
    statements.find(&RECIPIENTS, &look_ups, bind_look_up, found).await
}

fn bind_runs<'v>(row: &mut Row<'v>, (environment, workflow, key): &'v (i64, &str, &str)) {
    row.int(*environment).text(workflow).text(key);
}

fn bind_look_up<'v>(row: &mut Row<'v>, (_, _, run, key): &'v (usize, usize, Uuid, &RecipientKey)) {
    row.blob(run.as_bytes()).optional_text(key.shown_collection()).text(&key.id);
}
