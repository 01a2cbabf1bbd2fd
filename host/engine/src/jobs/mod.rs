//! Background jobs.
//!
//! A job is one file that implements [`Job`], and one line in [`BackgroundJobs::start`]. The runner waits for a job's
//! interval or wake-up, holds the lease of a job that runs on one node, records the metrics `inlet_job_*`, and logs
//! failures and panics.
//!
//! | job | runs on | runs |
//! |---|---|---|
//! | `retention` | one node | every minute, and when a retention changed or a source was deleted |
//! | `retries` | one node | when a retry is due; looked up twice a second |
//! | `replays` | one node | when a replay was created; looked up twice a second |
//! | `parked_recipients` | one node | when a wait for a recipient has ended; looked up twice a second |
//! | `expansions` | one node | when a run has objects with subscribers among its recipients; looked up twice a second |
//! | `bulk_operations` | one node | when a bulk operation was created; looked up twice a second |
//! | `cancellations` | one node | when a cancellation found more runs than its transaction took; looked up twice a second |
//! | `deleted_recipients` | one node | when a deleted recipient had subscriptions or memberships; looked up twice a second |
//! | `forget` | one node | when a user is to be forgotten; looked up twice a second |
//! | `known_issues` | one node | when failures of a known issue need attention; looked up twice a second |
//! | `log_index` | one node | when a source environment has enough new event logs; looked up every 10 seconds |
//! | `idempotency_generations` | one node | when a generation of idempotency records has grown or ended; looked up every 10 seconds, where servers share the database |
//! | `operational_watch` | one node | when something that an operator should know began or ended; looked up every 10 seconds |
//! | `statistics` | every node | every 5 seconds |
//! | `last_used` | every node | every minute |
//! | `plugin_directory` | every node | when the directory changed |
//! | `metrics` | every node | every 5 seconds |
//! | `idempotency_filters` | every node | every 10 seconds, where servers share the database |
//! | `nodes` | every node | every 10 seconds, where servers share the database |
//! | `shared_configuration` | every node | when another server announced a change; looked up three times a second |
//!
//! The server adds its own with [`BackgroundJobs::add`]. The checkpoint of SQLite's write-ahead log is none of them: it
//! belongs to the store's writer, which wakes it after commits, paces it between them, and owns its connection.

mod attention_gauges;
mod bulk_operations;
mod cancellations;
mod deleted_recipients;
mod delivery_gauges;
mod expansions;
mod forget;
mod idempotency_filters;
mod idempotency_generations;
mod job;
mod known_issues;
mod last_used;
mod lease;
mod log_index;
mod metrics_upkeep;
mod nodes;
mod operational_watch;
mod parked_recipients;
mod plugin_watch;
mod replays;
mod retention;
mod retries;
mod runner;
mod settled_ids;
mod shared_configuration;
mod source_tasks;
mod states;
mod statistics;

use std::sync::Arc;

use tokio::task::JoinHandle;

use self::{
    bulk_operations::BulkOperations, cancellations::Cancellations, deleted_recipients::DeletedRecipients,
    expansions::Expansions, forget::Forget, idempotency_filters::IdempotencyFilters,
    idempotency_generations::IdempotencyGenerations, known_issues::KnownIssues, last_used::LastUsedJob, lease::Lease,
    log_index::LogIndex, metrics_upkeep::MetricsUpkeep, nodes::Nodes, parked_recipients::ParkedRecipients,
    plugin_watch::PluginWatch, replays::Replays, retention::Retention, retries::Retries,
    shared_configuration::SharedConfiguration, statistics::Statistics,
};
pub use self::{
    job::{Job, RunsOn},
    metrics_upkeep::set_gauges,
    operational_watch::{OperationalWatch, TargetHealthOf},
    states::{JobState, JobStates},
};
use crate::Engine;

/// The running background jobs.
pub struct BackgroundJobs {
    engine: Engine,
    /// The owner of this process's leases.
    owner: Arc<str>,
    running: Vec<(JoinHandle<()>, Lease)>,
}

impl BackgroundJobs {
    /// Starts the engine's jobs.
    pub fn start(engine: &Engine) -> Self {
        let owner = engine.node_id.to_string().into();
        let mut jobs = Self { engine: engine.clone(), owner, running: Vec::new() };
        jobs.add(Retention);
        jobs.add(Retries);
        jobs.add(Replays);
        jobs.add(BulkOperations);
        jobs.add(ParkedRecipients);
        jobs.add(Expansions);
        jobs.add(Cancellations);
        jobs.add(DeletedRecipients);
        jobs.add(Forget::default());
        jobs.add(KnownIssues);
        jobs.add(LogIndex::default());
        jobs.add(IdempotencyGenerations);
        jobs.add(IdempotencyFilters);
        jobs.add(Statistics);
        jobs.add(LastUsedJob);
        jobs.add(MetricsUpkeep::default());
        jobs.add(Nodes);
        jobs.add(SharedConfiguration::of(engine));
        if let Some(directory) = &engine.options.plugins_dir {
            jobs.add(PluginWatch::new(directory.clone()));
        }
        jobs
    }

    /// Starts a further job.
    pub fn add<J: Job>(&mut self, job: J) {
        let lease = Lease::new(self.engine.clone(), J::NAME, self.owner.clone());
        let task = tokio::spawn(runner::run_for_ever(job, self.engine.clone(), lease.clone()));
        self.running.push((task, lease));
    }

    /// Stops all jobs, releases their leases, and writes what must not wait for a next run. The store must still be open.
    pub async fn stop(self) {
        for (task, _) in &self.running {
            task.abort();
        }
        for (task, lease) in self.running {
            // An aborted task has no result.
            let _ = task.await;
            lease.release().await;
        }
        last_used::write_at_stop(&self.engine).await;
        statistics::write_at_stop(&self.engine).await;
        nodes::remove_at_stop(&self.engine).await;
    }
}
