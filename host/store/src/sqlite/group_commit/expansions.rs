//! Beginning the expansion of runs that have objects with subscribers among their recipients, and cancellations that
//! concern expansions under way.

use std::{collections::HashSet, sync::LazyLock};

use inlet_core::{
    effect::Effect,
    json,
    recipient::{RecipientKey, USERS},
    run::{Run, RunCancellation},
    settle::{Job, Settlement},
};

use crate::sqlite::{
    error::SqliteError,
    statements::{multi_row::MultiRow, row::Row, runner::StatementRunner},
};

static SUBSCRIBED_OBJECTS: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::query(
        "WITH wanted (number, environment_id, collection, id) AS (VALUES",
        "(#, ?, ?, ?)",
        ") SELECT number FROM wanted CROSS JOIN recipients USING (environment_id, collection, id)
           WHERE EXISTS (SELECT 1 FROM subscriptions
               WHERE subscriptions.environment_id = wanted.environment_id AND object_seq = seq)",
    )
});

static EXPANSIONS: LazyLock<MultiRow> =
    LazyLock::new(|| MultiRow::insert("expansions", "environment_id, run_id, state, actor_collection, actor_id", ""));

// A recipient that is canceled before the run has it must not become one. `+ 0` keeps PostgreSQL from joining the recipients by the
// environment of the runs.
static CANCELED: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::query(
        "WITH canceled (environment_id, collection, id, workflow, cancellation_key) AS (VALUES",
        "(?, ?, ?, ?, ?)",
        ") INSERT INTO expansion_recipients (run_id, recipient_seq)
           SELECT expansions.run_id, recipients.seq
           FROM canceled CROSS JOIN expansions USING (environment_id)
               CROSS JOIN workflow_runs AS runs
                   ON runs.environment_id = expansions.environment_id AND runs.id = expansions.run_id
                   AND runs.workflow = canceled.workflow AND runs.cancellation_key = canceled.cancellation_key
               CROSS JOIN recipients ON recipients.environment_id = canceled.environment_id + 0
                   AND recipients.collection = canceled.collection AND recipients.id = canceled.id
           WHERE true ON CONFLICT DO NOTHING",
    )
});

/// Writes what the effects of a settled group mean for expansions, in their order: a cancellation concerns the runs before
/// it.
pub(super) async fn write(
    statements: &mut StatementRunner<'_>,
    jobs: &[Job],
    settlements: &[Vec<Settlement>],
) -> Result<(), SqliteError> {
    let mut runs: Vec<(i64, &Run)> = Vec::new();
    for (job, settlements) in jobs.iter().zip(settlements) {
        for effect in settlements.iter().flat_map(|settlement| &settlement.effects) {
            match effect {
                Effect::CreateRun(run) if run.objects().next().is_some() => runs.push((job.environment, run)),
                Effect::CancelRuns(cancellation) => {
                    begin(statements, &std::mem::take(&mut runs)).await?;
                    cancel(statements, job.environment, cancellation).await?;
                }
                _ => {}
            }
        }
    }
    begin(statements, &runs).await
}

/// Begins the expansion of the runs, each with its environment's database id, that have objects with subscribers.
pub(crate) async fn begin(statements: &mut StatementRunner<'_>, runs: &[(i64, &Run)]) -> Result<(), SqliteError> {
    let objects: Vec<(usize, i64, RecipientKey)> = runs
        .iter()
        .enumerate()
        .flat_map(|(at, (environment, run))| run.objects().map(move |object| (at, *environment, object.key())))
        .collect();
    let mut subscribed: HashSet<usize> = HashSet::new();
    statements
        .find(&SUBSCRIBED_OBJECTS, &objects, bind_object, |offset, row| {
            let number = offset + usize::try_from(row.int(0)?).unwrap_or_default();
            subscribed.extend(objects.get(number).map(|(run, ..)| *run));
            Ok(())
        })
        .await?;
    let expanded: Vec<(i64, &Run)> =
        runs.iter().enumerate().filter(|(at, _)| subscribed.contains(at)).map(|(_, run)| *run).collect();
    statements
        .write(&EXPANSIONS, &expanded, |row, (environment, run)| {
            let (collection, id) = run.actor.as_deref().map(actor).unwrap_or_default();
            row.int(*environment).blob(run.id.as_bytes()).int(0);
            row.optional_owned_text(collection).optional_owned_text(id);
        })
        .await
}

/// Returns the collection and the id of an actor as a run has it.
fn actor(text: &str) -> (Option<String>, Option<String>) {
    match json::string(text) {
        Some(id) => (Some(USERS.to_owned()), Some(id)),
        None => {
            let member = |name| json::member(text, name).and_then(json::string);
            (member("collection"), member("id"))
        }
    }
}

async fn cancel(
    statements: &mut StatementRunner<'_>,
    environment: i64,
    cancellation: &RunCancellation,
) -> Result<(), SqliteError> {
    let RunCancellation { workflow, cancellation_key, recipients, .. } = cancellation;
    // A run that is canceled as a whole says so itself.
    let recipients = recipients.as_deref().unwrap_or_default();
    statements
        .write(&CANCELED, recipients, |row, key| {
            row.int(environment).text(&key.collection).text(&key.id).text(workflow).text(cancellation_key);
        })
        .await
}

fn bind_object<'v>(row: &mut Row<'v>, (_, environment, key): &'v (usize, i64, RecipientKey)) {
    row.int(*environment).text(&key.collection).text(&key.id);
}
