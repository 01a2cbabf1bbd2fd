//! Expands the object recipients of runs into their subscribers.
//!
//! The transaction of an event writes only that a run is to be expanded. This job adds the subscribers in chunks, each in a
//! transaction of its own, so that a million of them never hold the writer. Environments have equal shares of each chunk,
//! and so have the runs of one environment: neither a large run nor many runs keep those of others waiting.

use std::time::Duration;

use inlet_core::Uuid;
use inlet_store::{CommitError, ExpansionShare, ReadError};

use super::{
    job::{Job, RunsOn},
    source_tasks::LOOK_EVERY,
};
use crate::Engine;

/// The subscribers of one chunk, about.
const CHUNK: usize = 1000;
/// The most runs of one chunk.
const MAX_RUNS: usize = 50;
/// The pause between two chunks, in which waiting requests are committed.
const PAUSE: Duration = Duration::from_millis(20);

/// Expands runs.
pub(super) struct Expansions;

/// The reason why a run could not be expanded.
#[derive(Debug, thiserror::Error)]
pub(super) enum ExpansionError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Commit(#[from] CommitError),
}

impl Job for Expansions {
    const NAME: &'static str = "expansions";
    const RUNS_ON: RunsOn = RunsOn::OneNode;
    const FAILURE: &'static str = "the recipients of runs could not be expanded; it is tried again";
    type Error = ExpansionError;

    fn interval(&self) -> Duration {
        LOOK_EVERY
    }

    async fn is_due(&mut self, engine: &Engine) -> Result<bool, ExpansionError> {
        Ok(!engine.store.unfinished_expansions().await?.is_empty())
    }

    async fn run(&mut self, engine: &Engine) -> Result<(), ExpansionError> {
        loop {
            let unfinished = engine.store.unfinished_expansions().await?;
            if unfinished.is_empty() {
                return Ok(());
            }
            for chunk in shares(&unfinished).chunks(MAX_RUNS) {
                engine.store.expand_runs(chunk.to_vec()).await?;
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Returns the share of each run: those of an environment share what each environment has. The runs come by environment.
fn shares(unfinished: &[(i64, Uuid)]) -> Vec<ExpansionShare> {
    let environments: Vec<&[(i64, Uuid)]> = unfinished.chunk_by(|(one, _), (other, _)| one == other).collect();
    let of_environment = CHUNK / environments.len().max(1);
    environments
        .into_iter()
        .flat_map(|runs| {
            let limit = u32::try_from((of_environment / runs.len()).max(1)).unwrap_or(u32::MAX);
            runs.iter().map(move |(environment_id, run_id)| ExpansionShare {
                environment_id: *environment_id,
                run_id: *run_id,
                limit,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The limits of the runs of environments with so many runs.
    fn limits(environments: &[usize]) -> Vec<u32> {
        let runs = environments
            .iter()
            .zip(1..)
            .flat_map(|(runs, environment)| (0..*runs as u128).map(move |run| (environment, Uuid::from_u128(run))));
        shares(&runs.collect::<Vec<_>>()).iter().map(|share| share.limit).collect()
    }

    #[test]
    fn an_environment_with_one_run_has_as_much_as_one_with_many() {
        assert_eq!(limits(&[]), [] as [u32; 0]);
        assert_eq!(limits(&[1]), [1000]);
        assert_eq!(limits(&[4, 1]), [125, 125, 125, 125, 500]);
        assert_eq!(limits(&[1; 2000]), [1; 2000], "everybody goes on");
    }
}
