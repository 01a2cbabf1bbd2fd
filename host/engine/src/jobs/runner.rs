//! Running a job: waiting, the lease, the metrics, and the log of failures and panics.

use std::{
    panic::AssertUnwindSafe,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use futures_util::FutureExt as _;
use inlet_store::{CommitError, fenced};
use metrics::{counter, gauge, histogram};

use super::{
    job::{Job, RunsOn},
    lease::Lease,
};
use crate::{Engine, clock::now_ms};

/// The further wait after a run that failed.
const AFTER_FAILURE: Duration = Duration::from_secs(2);

/// The outcome of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RunOutcome {
    Succeeded,
    Failed,
    Panicked,
    /// Another node holds the lease.
    HeldElsewhere,
    /// The lease was lost during the run, which was stopped.
    LeaseLost,
}

impl RunOutcome {
    fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Panicked => "panicked",
            Self::HeldElsewhere => "held_elsewhere",
            Self::LeaseLost => "lease_lost",
        }
    }
}

/// Runs a job for ever. A panic ends one run, not the job.
pub(super) async fn run_for_ever<J: Job>(mut job: J, engine: Engine, lease: Lease) {
    loop {
        let started = Instant::now();
        let mut has_failed = false;
        let run = AssertUnwindSafe(run_once(&mut job, &engine, &lease)).catch_unwind().await;
        let outcome = match run {
            Ok(outcome) => outcome,
            Err(_) => {
                lease.release().await;
                tracing::error!(
                    job = J::NAME,
                    "a background job panicked; it goes on with its next run; please report it"
                );
                Some(RunOutcome::Panicked)
            }
        };
        if let Some(outcome) = outcome {
            record(&engine, J::NAME, outcome, started);
            has_failed = outcome == RunOutcome::Failed;
        }
        job.wait(&engine).await;
        // A database that is away stays away for a while, and each failure is a line of the log.
        if has_failed {
            tokio::time::sleep(AFTER_FAILURE).await;
        }
    }
}

/// Returns `None` if there was nothing to do.
async fn run_once<J: Job>(job: &mut J, engine: &Engine, lease: &Lease) -> Option<RunOutcome> {
    match job.is_due(engine).await {
        Ok(true) => {}
        Ok(false) => return None,
        Err(error) => return Some(failed::<J>(&error)),
    }
    if J::RUNS_ON == RunsOn::EveryNode {
        return Some(outcome_of::<J>(job.run(engine).await));
    }
    match lease.acquire().await {
        Ok(true) => {}
        Ok(false) => return Some(RunOutcome::HeldElsewhere),
        Err(error) => return Some(failed_to_acquire::<J>(&error)),
    }
    let outcome = tokio::select! {
        result = fenced(lease.fence(), job.run(engine)) => outcome_of::<J>(result),
        () = lease.keep() => {
            tracing::warn!(job = J::NAME, "a background job lost its lease and was stopped; it is tried again");
            RunOutcome::LeaseLost
        }
    };
    lease.release().await;
    Some(outcome)
}

fn outcome_of<J: Job>(result: Result<(), J::Error>) -> RunOutcome {
    match result {
        Ok(()) => RunOutcome::Succeeded,
        Err(error) => failed::<J>(&error),
    }
}

fn failed<J: Job>(error: &J::Error) -> RunOutcome {
    tracing::warn!(job = J::NAME, %error, "{}", J::FAILURE);
    RunOutcome::Failed
}

fn failed_to_acquire<J: Job>(error: &CommitError) -> RunOutcome {
    tracing::warn!(job = J::NAME, %error, "{}", J::FAILURE);
    RunOutcome::Failed
}

fn record(engine: &Engine, job: &'static str, outcome: RunOutcome, started: Instant) {
    let is_success = outcome == RunOutcome::Succeeded;
    engine.job_states.record(job, outcome.as_str(), is_success, now_ms(), started.elapsed());
    counter!("inlet_job_runs_total", "job" => job, "outcome" => outcome.as_str()).increment(1);
    histogram!("inlet_job_seconds", "job" => job).record(started.elapsed());
    if is_success {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        gauge!("inlet_job_last_success_timestamp_seconds", "job" => job).set(now.as_secs_f64());
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
        time::Duration,
    };

    use super::*;
    use crate::{jobs::BackgroundJobs, test_engine::TestEngine};

    /// Panics in its first run and fails in its second.
    struct Unsteady(Arc<AtomicUsize>);

    impl Job for Unsteady {
        const NAME: &'static str = "unsteady";
        const RUNS_ON: RunsOn = RunsOn::EveryNode;
        const FAILURE: &'static str = "the job failed";
        type Error = &'static str;

        fn interval(&self) -> Duration {
            Duration::from_millis(1)
        }

        async fn run(&mut self, _: &Engine) -> Result<(), &'static str> {
            match self.0.fetch_add(1, Ordering::Relaxed) {
                0 => panic!("a bug"),
                1 => Err("an error"),
                _ => Ok(()),
            }
        }
    }

    /// Counts its runs.
    struct Shared(Arc<AtomicUsize>);

    impl Job for Shared {
        const NAME: &'static str = "shared";
        const RUNS_ON: RunsOn = RunsOn::OneNode;
        const FAILURE: &'static str = "the job failed";
        type Error = &'static str;

        fn interval(&self) -> Duration {
            Duration::from_millis(1)
        }

        async fn run(&mut self, _: &Engine) -> Result<(), &'static str> {
            self.0.fetch_add(1, Ordering::Relaxed);
            Ok(())
        }
    }

    async fn reaches(count: &AtomicUsize, wanted: usize) -> bool {
        for _ in 0..500 {
            if count.load(Ordering::Relaxed) >= wanted {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        false
    }

    #[tokio::test]
    async fn a_job_goes_on_after_a_panic_and_after_a_failure() {
        let test = TestEngine::start().await;
        let mut jobs = BackgroundJobs::start(&test.engine);
        let count = Arc::<AtomicUsize>::default();
        jobs.add(Unsteady(count.clone()));
        assert!(reaches(&count, 4).await);
        jobs.stop().await;
    }

    #[tokio::test]
    async fn a_job_of_one_node_runs_only_while_no_other_process_holds_its_lease() {
        let test = TestEngine::start().await;
        let other = Lease::new(test.engine.clone(), Shared::NAME, "another process".into());
        assert!(other.acquire().await.unwrap());
        let mut jobs = BackgroundJobs::start(&test.engine);
        let count = Arc::<AtomicUsize>::default();
        jobs.add(Shared(count.clone()));
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(count.load(Ordering::Relaxed), 0);
        other.release().await;
        assert!(reaches(&count, 2).await);
        jobs.stop().await;
        assert!(other.acquire().await.unwrap(), "a stop releases the lease");
    }
}
