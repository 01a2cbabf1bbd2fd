//! Retries: the server tries requests again on which their plugin failed, from disk and later each time.
//!
//! A sender that was answered 200 will not send again. A retry that succeeds commits its items as new events in the
//! transaction that settles the entry, so that a crash executes nothing twice. After the last retry the entry waits for an
//! operator. Source of the rules: semantics.md §3, "Answers".

use std::time::{Duration, Instant};

use inlet_store::{AttentionRecord, CommitError};

use super::{
    commit, endpoint,
    event_replayer::{EventReplayError, EventReplayer},
    give_way,
};
use crate::{Engine, retry_schedule};

/// The pause after a retry, as a multiple of the retry's own time: a plugin that loops uses all its time in every retry.
const REST: u32 = 4;
/// The longest pause after a retry.
const MAX_REST: Duration = Duration::from_secs(30);

/// Retries what is due in a source environment, one entry after the other, until nothing is due.
pub(crate) async fn run(engine: Engine, source_environment: i64) {
    loop {
        give_way(&engine).await;
        let start = Instant::now();
        match retry_next(&engine, source_environment).await {
            Ok(true) => tokio::time::sleep((start.elapsed() * REST).min(MAX_REST)).await,
            Ok(false) => return,
            Err(error) => {
                tracing::warn!(%error, "a retry was put off");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

/// The reason why a retry is put off.
#[derive(Debug, thiserror::Error)]
enum PutOff {
    #[error(transparent)]
    Replay(#[from] EventReplayError),
    #[error(transparent)]
    Commit(#[from] CommitError),
}

/// Retries the next entry. Returns false if none is due.
async fn retry_next(engine: &Engine, source_environment: i64) -> Result<bool, PutOff> {
    let next = engine.store.next_retry(source_environment).await.map_err(EventReplayError::from)?;
    let Some(record) = next else { return Ok(false) };
    let endpoint = endpoint(engine, source_environment).filter(|endpoint| !endpoint.guard.is_quarantined());
    let Some(endpoint) = endpoint else { return Ok(false) };
    let mut replayer = EventReplayer::new(engine.clone(), endpoint);
    let ready = match replayer.prepare(record.event_id, false).await {
        Ok(ready) => ready,
        Err(error) if error.is_passing() => return Err(error.into()),
        Err(error) => {
            tracing::warn!(event = %record.event_id, %error, "a retry is not possible");
            failed(engine, source_environment, record).await?;
            return Ok(true);
        }
    };
    if ready.plugin_failed() {
        failed(engine, source_environment, record).await?;
        return Ok(true);
    }
    let (items, extras) = ready.into_parts();
    match commit(engine, replayer.endpoint(), items, None, extras).await {
        Ok(_) => tracing::info!(event = %record.event_id, retries = record.retries + 1, "a retry succeeded"),
        // An operator repaired or dismissed the entry.
        Err(CommitError::Superseded { .. }) => {}
        Err(CommitError::Refused { reason }) => {
            tracing::warn!(event = %record.event_id, reason, "a retry was refused by the storage");
            failed(engine, source_environment, record).await?;
        }
        Err(error) => return Err(error.into()),
    }
    Ok(true)
}

async fn failed(engine: &Engine, source_environment: i64, record: AttentionRecord) -> Result<(), CommitError> {
    let due_at_ms = retry_schedule::due_at_ms(engine, record.retries + 1);
    engine.store.retry_failed(source_environment, record, due_at_ms).await?;
    tracing::info!(
        event = %record.event_id,
        retries = record.retries + 1,
        is_last = due_at_ms.is_none(),
        "a retry failed"
    );
    Ok(())
}
