//! Writing the extras of a job in the transaction of its events.

use std::sync::LazyLock;

use inlet_core::settle::{Job, Settlement};
use uuid::Uuid;

use crate::{
    backend::GroupError,
    records::CommitExtras,
    sqlite::{
        error::SqliteError,
        statements::{multi_row::MultiRow, runner::StatementRunner},
        tables::{attention, bulk_operations, change_log, kept_requests, refused_requests, replays},
    },
};

static REPLAYED: LazyLock<MultiRow> =
    LazyLock::new(|| MultiRow::insert("reruns", "source_environment_id, event_id, rerun_of, replay_id", ""));

/// Writes the extras of a job. Fails if somebody else has already done what the job was to do.
pub(super) async fn write(
    statements: &mut StatementRunner<'_>,
    job: &Job,
    extras: &CommitExtras,
    settlements: &[Settlement],
) -> Result<(), SqliteError> {
    let source_environment = job.source_environment;
    if attention::close(statements, source_environment, &extras.repairs).await? != extras.repairs.len() {
        return Err(superseded("the entry was repaired or dismissed in the meantime"));
    }
    if let Some(id) = extras.takes_refused
        && !refused_requests::remove(&mut statements.connection().await?, source_environment, id).await?
    {
        return Err(superseded("the refused request was let in, or left its ring, in the meantime"));
    }
    // Nothing of a resend runs whose items are all answered like the first time.
    if let Some(request) = extras.keep.as_ref().filter(|_| !job.items.is_empty()) {
        kept_requests::insert(&mut statements.connection().await?, source_environment, request).await?;
    }
    let replay_id = extras.progress.as_ref().map(|progress| progress.replay_id);
    let replayed: Vec<(Uuid, Uuid)> =
        job.items.iter().zip(&extras.replayed).map(|(item, replayed)| (item.log.id, replayed.of)).collect();
    statements
        .write(&REPLAYED, &replayed, |row, (event, of)| {
            row.int(source_environment).blob(event.as_bytes()).blob(of.as_bytes());
            row.optional_uuid(replay_id);
        })
        .await?;
    if let Some(progress) = &extras.progress
        && !replays::step(&mut statements.connection().await?, source_environment, progress, settlements).await?
    {
        return Err(superseded("the replay was ended in the meantime"));
    }
    if let Some(progress) = &extras.bulk
        && !bulk_operations::step(&mut statements.connection().await?, progress, settlements).await?
    {
        return Err(superseded(
            "the chunk was worked off in the meantime, a user of it is to be forgotten, or the bulk operation has ended",
        ));
    }
    if let Some(change) = &extras.change {
        change_log::record(&mut statements.connection().await?, change).await?;
    }
    Ok(())
}

fn superseded(what: &'static str) -> SqliteError {
    GroupError::Superseded(what).into()
}
