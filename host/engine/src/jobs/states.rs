//! The states of background jobs, for operators.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// The states of the background jobs of this process, by name.
#[derive(Debug, Default)]
pub struct JobStates(Mutex<BTreeMap<&'static str, JobState>>);

/// The state of a background job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobState {
    /// The number of runs since the start.
    pub runs: u64,
    /// The outcome of the last run, as the metric `inlet_job_runs_total` names it.
    pub outcome: &'static str,
    /// The end of the last run, in milliseconds since 1970.
    pub ended_at_ms: i64,
    /// The time that the last run took.
    pub took: Duration,
    /// The end of the last run that succeeded, in milliseconds since 1970.
    pub succeeded_at_ms: Option<i64>,
}

impl JobStates {
    /// Records the end of a run.
    pub(super) fn record(
        &self,
        job: &'static str,
        outcome: &'static str,
        is_success: bool,
        at_ms: i64,
        took: Duration,
    ) {
        let mut states = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = states.get(job);
        let state = JobState {
            runs: before.map_or(0, |before| before.runs) + 1,
            outcome,
            ended_at_ms: at_ms,
            took,
            succeeded_at_ms: if is_success { Some(at_ms) } else { before.and_then(|before| before.succeeded_at_ms) },
        };
        states.insert(job, state);
    }

    /// Returns the states by name. A job that has not run yet is not among them.
    pub fn all(&self) -> Vec<(&'static str, JobState)> {
        let states = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        states.iter().map(|(name, state)| (*name, *state)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_keeps_the_last_success() {
        let states = JobStates::default();
        let took = Duration::from_millis(3);
        states.record("retention", "succeeded", true, 1000, took);
        states.record("retention", "failed", false, 2000, took);
        let expected = JobState { runs: 2, outcome: "failed", ended_at_ms: 2000, took, succeeded_at_ms: Some(1000) };
        assert_eq!(states.all(), [("retention", expected)]);
    }
}
