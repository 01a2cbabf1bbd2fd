//! Forgets users: walks everything that may name one, and overwrites what was deleted.
//!
//! The walks pass what was stored before the request, and then what replays and retries have stored meanwhile. An event that
//! its sender sends after that is a new one. What other jobs work off and names the user (waits that ended, cancellations, bulk
//! operations) is waited for.

use std::time::Duration;

use inlet_core::subject::Subject;
use inlet_store::{CommitError, ForgetRecord, ReadError};

use super::{
    job::{Job, RunsOn},
    settled_ids::SettledIds,
};
use crate::Engine;

/// The time between two looks at the store. The answer comes from an index that is nearly empty.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// The pause between two slices, in which waiting requests are committed.
const PAUSE: Duration = Duration::from_millis(20);
/// Subscriptions and memberships of one slice.
const RELATIONS: u32 = 500;
/// Free pages that one slice overwrites.
const PAGES: u32 = 256;
/// The pause before the write-ahead log is tried to be cut again.
const TRUNCATE_EVERY: Duration = Duration::from_millis(200);

/// Carries out requests to forget a user. A run ends when none is open.
#[derive(Default)]
pub(super) struct Forget {
    ids: SettledIds,
}

impl Job for Forget {
    const NAME: &'static str = "forget";
    const RUNS_ON: RunsOn = RunsOn::OneNode;
    const FAILURE: &'static str = "users could not be forgotten; it is tried again";
    type Error = ForgetError;

    fn interval(&self) -> Duration {
        LOOK_EVERY
    }

    async fn is_due(&mut self, engine: &Engine) -> Result<bool, ForgetError> {
        // Takes the samples by which ids settle.
        self.ids.settled(engine);
        Ok(!engine.store.open_forgets().await?.is_empty())
    }

    async fn run(&mut self, engine: &Engine) -> Result<(), ForgetError> {
        loop {
            let open = engine.store.open_forgets().await?;
            if open.is_empty() {
                return Ok(());
            }
            for record in &open {
                if let Some(subject) = &record.subject {
                    self.walk(engine, record, subject).await?;
                }
            }
            // What is deleted by requests that are not walked yet is overwritten with theirs.
            let walked: Vec<ForgetRecord> =
                engine.store.open_forgets().await?.into_iter().filter(|record| record.subject.is_none()).collect();
            if walked.is_empty() {
                tokio::time::sleep(LOOK_EVERY).await;
                continue;
            }
            erase(engine).await?;
            for record in walked {
                engine.store.forget_complete(record.environment_id, record.id).await?;
                tracing::info!(request = %record.id, "a user was forgotten");
            }
        }
    }
}

impl Forget {
    /// Walks as far as ids are settled, and ends the walks if that is all.
    async fn walk(&mut self, engine: &Engine, record: &ForgetRecord, subject: &Subject) -> Result<(), ForgetError> {
        let (store, environment) = (&engine.store, record.environment_id);
        let Some(settled) = self.ids.settled(engine) else { return Ok(()) };
        let before = record.goal.map_or(settled, |goal| goal.min(settled));
        store.forget_waits(environment, record.id, before).await?;
        if store.forget_is_awaited(environment, before, subject).await? {
            return Ok(());
        }
        for walk in store.forget_walks(environment).await? {
            let mut after = record.position(walk);
            while after < before
                && let Some(slice) = store.forget_find(environment, walk, (after, before), subject).await?
            {
                after = slice.last;
                store.forget_rows(environment, record.id, slice).await?;
                tokio::time::sleep(PAUSE).await;
            }
        }
        while !engine.store.forget_relations(environment, record.id, RELATIONS).await?.is_empty() {
            tokio::time::sleep(PAUSE).await;
        }
        match record.goal {
            None => store.forget_set_goal(environment, record.id, store.clock().new_id()).await?,
            Some(goal) if goal <= settled => store.forget_end_walks(environment, record.id, goal).await?,
            Some(_) => {}
        }
        Ok(())
    }
}

/// The reason why forgetting stopped.
#[derive(Debug, thiserror::Error)]
pub(super) enum ForgetError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Commit(#[from] CommitError),
}

/// Overwrites what was deleted.
async fn erase(engine: &Engine) -> Result<(), ForgetError> {
    while !engine.store.overwrite_free_pages(PAGES).await? {
        tokio::time::sleep(PAUSE).await;
    }
    while !engine.store.truncate_log().await? {
        tokio::time::sleep(TRUNCATE_EVERY).await;
    }
    Ok(())
}
