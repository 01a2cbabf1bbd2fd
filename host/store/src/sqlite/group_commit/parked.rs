//! Writing the effects on parked recipients.
//!
//! They are written in their order, because one transaction may park a recipient, release it, and park it again.

use std::{mem, sync::LazyLock};

use inlet_core::{
    effect::Effect,
    parked::{Park, ParkedRecipient, Release},
    recipient::RecipientKey,
    run::RunCancellation,
    settle::{Job, Settlement},
};

use super::rows::stored_targets;
use crate::sqlite::{
    caches::ParkedRecipients,
    error::SqliteError,
    statements::{multi_row::MultiRow, row::Row, runner::StatementRunner},
};

/// The states of a parked recipient.
pub(crate) mod state {
    /// It is not identified.
    pub(crate) const WAITING: i64 = 0;
    /// It is identified, and a background job creates its run.
    pub(crate) const IDENTIFIED: i64 = 1;
    /// Its run was created.
    pub(crate) const RELEASED: i64 = 2;
    /// It was deleted.
    pub(crate) const DROPPED: i64 = 3;
    /// Its trigger was canceled for it.
    pub(crate) const CANCELED: i64 = 4;
}

static TRIGGERS: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::insert(
        "parked_triggers",
        "environment_id, event_id, mapping, source_environment_id, recipients, workflow, actor, tenant, \
         cancellation_key, targets, data",
        "",
    )
});

static RECIPIENTS: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::insert(
        "parked_recipients",
        "environment_id, collection, id, event_id, mapping, state, expires_at_ms, trigger_data",
        "",
    )
});

static RELEASED: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::query(
        "WITH released (environment_id, collection, id, event_id, mapping, run_id) AS (VALUES",
        "(?, ?, ?, ?, ?, ?)",
        ") UPDATE parked_recipients AS parked SET state = 2, expires_at_ms = 0, run_id = released.run_id FROM released
           WHERE parked.environment_id = released.environment_id AND parked.collection = released.collection
             AND parked.id = released.id AND parked.event_id = released.event_id
             AND parked.mapping = released.mapping",
    )
});

// At most as many rows as triggers may wait for one recipient.
static ENDED: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::query(
        "WITH ended (environment_id, collection, id, state) AS (VALUES",
        "(?, ?, ?, ?)",
        ") UPDATE parked_recipients AS parked SET state = ended.state, expires_at_ms = 0 FROM ended
           WHERE parked.environment_id = ended.environment_id AND parked.collection = ended.collection
             AND parked.id = ended.id AND parked.state = 0",
    )
});

static CANCELED_TRIGGERS: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::query(
        "WITH wanted (environment_id, workflow, cancellation_key) AS (VALUES",
        "(?, ?, ?)",
        ") UPDATE parked_triggers SET canceled = 1 FROM wanted
           WHERE parked_triggers.environment_id = wanted.environment_id
             AND parked_triggers.workflow = wanted.workflow
             AND parked_triggers.cancellation_key = wanted.cancellation_key",
    )
});

static CANCELED_RECIPIENTS: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::query(
        "WITH wanted (environment_id, collection, id, workflow, cancellation_key) AS (VALUES",
        "(?, ?, ?, ?, ?)",
        ") UPDATE parked_recipients SET state = 4, expires_at_ms = 0 WHERE seq IN (
               SELECT seq FROM wanted CROSS JOIN parked_recipients USING (environment_id, collection, id)
                   CROSS JOIN parked_triggers USING (environment_id, event_id, mapping)
               WHERE state = 0 AND parked_triggers.workflow = wanted.workflow
                 AND parked_triggers.cancellation_key = wanted.cancellation_key)",
    )
});

/// Writes the effects of a settled group on parked recipients, and counts them in the index.
pub(super) async fn write(
    statements: &mut StatementRunner<'_>,
    index: &mut ParkedRecipients,
    jobs: &[Job],
    settlements: &[Vec<Settlement>],
) -> Result<(), SqliteError> {
    let effects: Vec<(&Job, &Effect)> = jobs
        .iter()
        .zip(settlements)
        .flat_map(|(job, settlements)| settlements.iter().map(move |settlement| (job, settlement)))
        .flat_map(|(job, settlement)| settlement.effects.iter().map(move |effect| (job, effect)))
        .filter(|(_, effect)| {
            matches!(
                effect,
                Effect::Park(_)
                    | Effect::Release(_)
                    | Effect::ReleaseRest(_)
                    | Effect::DropParked(_)
                    | Effect::CancelRuns(_)
            )
        })
        .collect();
    for group in effects.chunk_by(|(_, a), (_, b)| mem::discriminant(*a) == mem::discriminant(*b)) {
        let mut releases: Vec<(i64, &Release)> = Vec::new();
        let mut ends: Vec<(i64, &RecipientKey, i64)> = Vec::new();
        for (job, effect) in group {
            match effect {
                Effect::Park(park) => write_park(statements, index, job, park).await?,
                Effect::Release(release) => releases.push((job.environment, release)),
                Effect::ReleaseRest(key) => ends.push((job.environment, key, state::IDENTIFIED)),
                Effect::DropParked(key) => ends.push((job.environment, key, state::DROPPED)),
                // A cancellation with nobody parked before it in its transaction or in the store has nothing to do.
                Effect::CancelRuns(cancellation) if !index.is_unused() => {
                    cancel(statements, job.environment, cancellation).await?;
                }
                _ => {}
            }
        }
        for (environment, release) in &releases {
            index.remove(*environment, &release.recipient);
        }
        for (environment, key, _) in &ends {
            index.remove_all(*environment, key);
        }
        statements.write(&RELEASED, &releases, bind_release).await?;
        statements
            .write(&ENDED, &ends, |row, (environment, key, state)| {
                row.int(*environment).text(&key.collection).text(&key.id).int(*state);
            })
            .await?;
    }
    Ok(())
}

/// Cancels triggers that wait. Recipients who are canceled one by one stop waiting; a trigger that is canceled as a whole is
/// marked, because thousands may wait for it, and the job that ends waits reads the mark.
async fn cancel(
    statements: &mut StatementRunner<'_>,
    environment: i64,
    cancellation: &RunCancellation,
) -> Result<(), SqliteError> {
    let RunCancellation { workflow, cancellation_key, recipients, .. } = cancellation;
    let Some(recipients) = recipients else {
        let canceled = [(environment, workflow, cancellation_key)];
        return statements
            .write(&CANCELED_TRIGGERS, &canceled, |row, (environment, workflow, key)| {
                row.int(*environment).text(workflow).text(key);
            })
            .await;
    };
    statements
        .write(&CANCELED_RECIPIENTS, recipients, |row, key| {
            row.int(environment).text(&key.collection).text(&key.id).text(workflow).text(cancellation_key);
        })
        .await
}

async fn write_park(
    statements: &mut StatementRunner<'_>,
    index: &mut ParkedRecipients,
    job: &Job,
    park: &Park,
) -> Result<(), SqliteError> {
    let Park { trigger, recipients, expires_at_ms } = park;
    let environment = job.environment;
    statements
        .write(&TRIGGERS, &[trigger], |row, trigger| {
            row.int(environment).blob(trigger.event.as_bytes()).uuid(trigger.mapping.unwrap_or_default());
            row.int(job.source_environment).int(recipients.len() as i64).text(&trigger.workflow);
            row.optional_text(trigger.actor.as_deref()).optional_text(trigger.tenant.as_deref());
            row.optional_text(trigger.cancellation_key.as_deref());
            row.optional_owned_text(trigger.targets.as_deref().map(stored_targets)).text(&trigger.data);
        })
        .await?;
    statements
        .write(&RECIPIENTS, recipients, |row, ParkedRecipient { recipient, trigger_data }| {
            row.int(environment).text(&recipient.collection).text(&recipient.id);
            row.blob(trigger.event.as_bytes()).uuid(trigger.mapping.unwrap_or_default());
            row.int(state::WAITING).int(*expires_at_ms).optional_text(trigger_data.as_deref());
        })
        .await?;
    recipients.iter().for_each(|parked| index.add(environment, &parked.recipient));
    Ok(())
}

fn bind_release<'v>(row: &mut Row<'v>, (environment, release): &'v (i64, &Release)) {
    row.int(*environment).text(&release.recipient.collection).text(&release.recipient.id);
    row.blob(release.event.as_bytes()).uuid(release.mapping.unwrap_or_default());
    row.blob(release.run.as_bytes());
}
