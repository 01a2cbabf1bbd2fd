//! Replays of many events, in the background: at a bounded rate, behind live traffic, continued after a restart.
//!
//! A replay walks its events from the oldest to the newest. Its position is written in the transaction of a step, and only
//! if the replay still stands where the step began: no event is replayed twice for one replay. It never sees the events
//! that it writes itself, because their ids are greater than its own.

use std::time::{Duration, Instant};

use inlet_core::{Uuid, settle::Prepared};
use inlet_store::{
    ChangeError, CommitError, CommitExtras, ReadError, ReplayProgress, ReplayRecord, ReplayState, ReplayTally,
};

use super::{commit, endpoint, event_replayer::EventReplayer, give_way};
use crate::Engine;

/// The steps in a second, over which the rate is spread.
const STEPS: u32 = 10;
/// The most entries of one step.
const MAX_STEP: usize = 100;
/// The most bytes of one step. One entry is always taken.
const MAX_STEP_BYTES: usize = 4 << 20;
/// The pause after a step that could not be done.
const PAUSE: Duration = Duration::from_millis(500);

/// The reason why a replay does not continue now.
#[derive(Debug, thiserror::Error)]
enum Halt {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Change(#[from] ChangeError),
    #[error(transparent)]
    Commit(#[from] CommitError),
    #[error("{0}")]
    Passing(String),
}

/// Runs a replay to its end.
pub(crate) async fn run(engine: Engine, replay: ReplayRecord) {
    let Some(endpoint) = endpoint(&engine, replay.source_environment_id) else { return };
    let replayer = EventReplayer::new(engine.clone(), endpoint);
    let mut task = ReplayTask { engine, tally: replay.tally.clone(), replay, replayer, one_by_one: 0 };
    loop {
        let start = Instant::now();
        match task.step().await {
            Ok(Step::Did(entries)) => {
                let pace = Duration::from_secs_f64(entries as f64 / f64::from(task.replay.rate_per_second.max(1)));
                tokio::time::sleep(pace.saturating_sub(start.elapsed())).await;
            }
            Ok(Step::Ended) => return,
            Err(error) => {
                tracing::warn!(replay = %task.replay.id, %error, "a replay waits");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

enum Step {
    /// The number of entries done.
    Did(usize),
    Ended,
}

struct ReplayTask {
    engine: Engine,
    replay: ReplayRecord,
    tally: ReplayTally,
    replayer: EventReplayer,
    /// The number of entries that are taken one by one, because a step with them was not committed.
    one_by_one: usize,
}

impl ReplayTask {
    async fn step(&mut self) -> Result<Step, Halt> {
        give_way(&self.engine).await;
        let Some(endpoint) = endpoint(&self.engine, self.replay.source_environment_id) else { return Ok(Step::Ended) };
        self.replayer.refresh(endpoint);
        if self.replay.total.is_none() {
            self.replay.total = Some(self.engine.store.replay_count(&self.replay).await?);
        }
        let ids = self.next().await?;
        match ids.is_empty() {
            true => self.end().await,
            false => self.replay(&ids).await,
        }
    }

    /// Returns the entries of the next step.
    async fn next(&self) -> Result<Vec<Uuid>, ReadError> {
        let step = (self.replay.rate_per_second / STEPS) as usize;
        let limit = if self.one_by_one > 0 { 1 } else { step.clamp(1, MAX_STEP) };
        let filter = &self.replay.filter;
        if !filter.ids.is_empty() {
            let rest = filter.ids.iter().filter(|id| **id > self.tally.position);
            return Ok(rest.take(limit).copied().collect());
        }
        let between = (self.tally.position, self.replay.id);
        self.engine.store.replay_next(self.replay.source_environment_id, filter, between, limit).await
    }

    async fn end(&self) -> Result<Step, Halt> {
        let ended = self.engine.store.replay_end(self.replay.source_environment_id, self.replay.id, None).await?;
        let ReplayTally { done, failed, .. } = self.tally;
        tracing::info!(replay = %self.replay.id, done, failed, ended, "a replay came to its end");
        Ok(Step::Ended)
    }

    /// Prepares these entries, as many as one step takes, and commits them.
    async fn replay(&mut self, ids: &[Uuid]) -> Result<Step, Halt> {
        let mut tally = self.tally.clone();
        let (mut items, mut extras, mut bytes): (Vec<Prepared>, _, _) = (Vec::new(), CommitExtras::default(), 0);
        for id in ids {
            match self.replayer.prepare(*id, self.replay.filter.force).await {
                Ok(ready) => {
                    bytes += ready.bytes();
                    let (more, parts) = ready.into_parts();
                    items.extend(more);
                    extras.replayed.extend(parts.replayed);
                    extras.repairs.extend(parts.repairs);
                }
                // The prepared entries are committed; the rest comes with the next step.
                Err(error) if error.is_passing() && tally.position != self.tally.position => break,
                Err(error) if error.is_passing() => return Err(Halt::Passing(error.to_string())),
                Err(error) => {
                    tally.failed += 1;
                    tally.last_error = Some(format!("{id}: {error}"));
                }
            }
            tally.done += 1;
            tally.position = *id;
            if bytes > MAX_STEP_BYTES {
                break;
            }
        }
        self.commit(items, extras, tally).await
    }

    async fn commit(&mut self, items: Vec<Prepared>, extras: CommitExtras, tally: ReplayTally) -> Result<Step, Halt> {
        let entries = usize::try_from(tally.done - self.tally.done).unwrap_or(usize::MAX);
        let progress = ReplayProgress { replay_id: self.replay.id, from: self.tally.position, tally: tally.clone() };
        let extras = CommitExtras { progress: Some(progress), ..extras };
        match commit(&self.engine, self.replayer.endpoint(), items, None, extras).await {
            Ok(settled) => {
                self.tally = tally;
                for item in settled {
                    *self.tally.counts.entry(item.outcome.as_str().to_owned()).or_default() += 1;
                }
                self.one_by_one = self.one_by_one.saturating_sub(entries);
                Ok(Step::Did(entries))
            }
            Err(error @ (CommitError::Superseded { .. } | CommitError::Refused { .. })) => {
                let Some(stored) = self.stored_tally().await? else { return Ok(Step::Ended) };
                if stored.position != self.tally.position {
                    // An earlier step was committed after all, though its answer was lost.
                    self.tally = stored;
                    return Ok(Step::Did(0));
                }
                if entries > 1 {
                    // One entry was repaired meanwhile, or cannot be stored; the others can.
                    self.one_by_one = entries;
                    return Ok(Step::Did(0));
                }
                self.pass_over(tally, &error).await
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Leaves the one entry of this step as it is and continues behind it.
    async fn pass_over(&mut self, mut tally: ReplayTally, error: &CommitError) -> Result<Step, Halt> {
        if tally.failed == self.tally.failed {
            tally.failed += 1;
        }
        tally.last_error = Some(format!("{}: {error}", tally.position));
        let progress = ReplayProgress { replay_id: self.replay.id, from: self.tally.position, tally: tally.clone() };
        let extras = CommitExtras { progress: Some(progress), ..CommitExtras::default() };
        commit(&self.engine, self.replayer.endpoint(), Vec::new(), None, extras).await?;
        self.tally = tally;
        self.one_by_one = self.one_by_one.saturating_sub(1);
        Ok(Step::Did(1))
    }

    /// Returns the tally of the replay on disk. `None` if it has ended.
    async fn stored_tally(&self) -> Result<Option<ReplayTally>, ReadError> {
        let replay = self.engine.store.replay(self.replay.source_environment_id, self.replay.id).await?;
        Ok(replay.filter(|replay| replay.state == ReplayState::Running).map(|replay| replay.tally))
    }
}
