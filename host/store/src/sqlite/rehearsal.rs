//! Settling a job as the writer would, on a connection that cannot write, without keeping the result.
//!
//! The same statements load and the same rules settle, so that a rehearsal shows the outcome of a commit.

use std::{collections::HashMap, slice};

use inlet_core::{
    effect::recipient_changes,
    recipient::RecipientKey,
    settle::Job,
    world::{Needs, World},
};
use sqlx::Acquire;
use uuid::Uuid;

use super::{
    Readers,
    error::SqliteError,
    group_commit::{
        load::{self, Wanted},
        nonces,
        settle::settle_all,
    },
    statements::runner::StatementRunner,
};
use crate::{
    clock::{StoreClock, now_ms},
    records::{Rehearsal, RehearsedRecipient},
};

pub(crate) async fn rehearse(readers: &Readers, clock: &StoreClock, job: &Job) -> Result<Rehearsal, SqliteError> {
    let mut needs = Needs::default();
    job.add_needs(&mut needs);
    let (mut world, seen) = load(readers, job, &needs).await?;
    let known = known(&world, &needs);
    let settlements = settle_all(&mut world, slice::from_ref(job), clock.transaction_time(), &mut Uuid::now_v7)?;
    let settlements: Vec<_> = settlements.into_iter().flatten().collect();
    let effects = settlements.iter().flat_map(|settlement| &settlement.effects);
    let recipients = recipient_changes(effects.map(|effect| (job.environment, effect)))
        .into_iter()
        .map(|change| RehearsedRecipient {
            key: change.key.clone(),
            before: known.get(change.key).cloned(),
            after: change.upsert.map(|upsert| upsert.properties.to_string()),
        })
        .filter(|recipient| recipient.before.is_some() || recipient.after.is_some())
        .collect();
    Ok(Rehearsal { seen, settlements, recipients, records: world.changed_records().count() })
}

/// Loads the job's needs as of one moment, and whether its request was taken already.
async fn load(readers: &Readers, job: &Job, needs: &Needs<'_>) -> Result<(World, bool), SqliteError> {
    // Before the snapshot, which then holds all that the index names.
    let wanted = Wanted::of(needs, &readers.records);
    if wanted.is_empty() && job.nonce.is_none() {
        return Ok((World::default(), false));
    }
    let mut reader = readers.acquire().await?;
    let mut snapshot = reader.begin().await?;
    let mut statements = StatementRunner::Plain(&mut snapshot);
    let seen = match &job.nonce {
        Some(nonce) => !nonces::taken(&mut statements, slice::from_ref(nonce), now_ms()).await?.is_empty(),
        None => false,
    };
    Ok((load::load(&mut statements, wanted).await?, seen))
}

/// Copies the properties before anything is settled. Every recipient that may change was loaded with them.
fn known<'n>(world: &World, needs: &Needs<'n>) -> HashMap<&'n RecipientKey, String> {
    let keys = needs.recipients.keys();
    keys.filter_map(|(environment, key)| Some((*key, world.properties(*environment, key)?.to_owned()))).collect()
}
