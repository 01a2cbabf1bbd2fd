//! Settling a job as the writer would, on a connection that cannot write, without keeping the result.
//!
//! The same statements load and the same rules settle, so that a rehearsal shows the outcome of a commit.

use std::{collections::HashMap, slice};

use inlet_core::{
    effect::recipient_changes,
    log::Outcome,
    recipient::RecipientKey,
    settle::{Job, Settlement},
    world::{Needs, World},
};
use uuid::Uuid;

use super::{
    Readers,
    error::SqliteError,
    group_commit::{
        load::{self, Wanted},
        load_parked, nonces, resends,
        settle::settle_job,
    },
    statements::runner::StatementRunner,
};
use crate::{
    clock::StoreClock,
    records::{Rehearsal, RehearsedRecipient, Settled},
    resend::{self, FirstEvent, Recognized},
};

pub(crate) async fn rehearse(readers: &Readers, clock: &StoreClock, job: &Job) -> Result<Rehearsal, SqliteError> {
    let mut needs = Needs::default();
    job.add_needs(&mut needs);
    let (mut world, recognized) = load(readers, job, &needs).await?;
    let known = known(&world, &needs);
    let (refused_for, resent) = match recognized {
        Recognized::New => (None, Vec::new()),
        Recognized::Again(first) => (None, resent(first, job)),
        Recognized::Reused => (Some("reused"), Vec::new()),
        Recognized::Forgotten(_) => (Some("stale"), Vec::new()),
    };
    let runs = |at: usize| resent.get(at).is_none_or(Option::is_none);
    let settled = settle_job(&mut world, job, runs, clock.transaction_time(), &mut Uuid::now_v7)?;
    let settlements: Vec<_> = settled
        .into_iter()
        .enumerate()
        .map(|(at, settlement)| settlement.unwrap_or_else(|| as_before(resent.get(at).and_then(Option::as_ref))))
        .collect();
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
    Ok(Rehearsal { refused_for, resent, settlements, recipients, records: world.changed_records().count() })
}

/// Returns the results of the items of a resend that do not run.
fn resent(first: Vec<FirstEvent>, job: &Job) -> Vec<Option<Settled>> {
    let runs = resend::runs(&first, job.items.len());
    let mut first = first.into_iter().map(Some).collect::<Vec<_>>();
    let whole = first.first().and_then(Option::as_ref).map(|event| event.id).unwrap_or_default();
    let mut event = |at: usize| first.get_mut(at).and_then(Option::take);
    runs.into_iter()
        .zip(&job.items)
        .enumerate()
        .map(|(at, (runs, item))| {
            let event = event(at).unwrap_or(FirstEvent { id: whole, logged: None });
            (!runs).then(|| event.settled(|| Some(item)))
        })
        .collect()
}

/// Returns the settlement of an item that does not run.
fn as_before(settled: Option<&Settled>) -> Settlement {
    Settlement {
        outcome: settled.map_or(Outcome::Replayed, |settled| settled.outcome),
        reason: settled.and_then(|settled| settled.reason.clone()),
        replay_of: settled.map(|settled| settled.id),
        replay_differs: false,
        resumes: None,
        skipped_recipients: 0,
        warnings: Vec::new(),
        actions: Vec::new(),
        effects: Vec::new(),
    }
}

/// Loads the job's needs as of one moment, and whether its request was taken already.
async fn load(readers: &Readers, job: &Job, needs: &Needs<'_>) -> Result<(World, Recognized), SqliteError> {
    // Before the snapshot, which then holds all that the index names.
    let wanted = Wanted::of(needs, |ids| readers.records.probe(ids));
    if wanted.is_empty() && job.nonce.is_none() {
        return Ok((World::default(), Recognized::New));
    }
    let mut reader = readers.acquire().await?;
    let mut transaction = reader.begin().await?;
    let mut snapshot = transaction.connection();
    let horizon_ms = nonces::horizon_ms(&mut snapshot).await?;
    let mut statements = StatementRunner::Plain(snapshot.lend());
    let recognized = resends::recognize(&mut statements, slice::from_ref(job), horizon_ms).await?.pop();
    let mut world = load::load(&mut statements, wanted).await?;
    load_parked::load_all(&mut statements, needs, &mut world).await?;
    Ok((world, recognized.unwrap_or(Recognized::New)))
}

/// Copies the properties before anything is settled. Every recipient that may change was loaded with them.
fn known<'n>(world: &World, needs: &Needs<'n>) -> HashMap<&'n RecipientKey, String> {
    let keys = needs.recipients.keys();
    keys.filter_map(|(environment, key)| Some((*key, world.properties(*environment, key)?.to_owned()))).collect()
}
