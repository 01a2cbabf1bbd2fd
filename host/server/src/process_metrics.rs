//! The background job that sets the metrics of the process, the build and the database's files.

use std::time::Duration;

use inlet_engine::{
    Engine,
    jobs::{Job, RunsOn},
};
use inlet_store::ReadError;
use metrics::{describe_gauge, gauge};
use metrics_process::Collector;

/// Sets `process_…`, `inlet_build_info`, `inlet_database_bytes` and `inlet_database_log_bytes`.
pub struct ProcessMetrics {
    collector: Collector,
}

impl Default for ProcessMetrics {
    fn default() -> Self {
        let collector = Collector::default();
        collector.describe();
        describe_gauge!("inlet_build_info", "Always 1. The labels tell the version and the schema of the database.");
        describe_gauge!("inlet_database_bytes", "Size of the database file.");
        describe_gauge!("inlet_database_log_bytes", "Size of the database's write-ahead log.");
        Self { collector }
    }
}

impl Job for ProcessMetrics {
    const NAME: &'static str = "process_metrics";
    const RUNS_ON: RunsOn = RunsOn::EveryNode;
    const FAILURE: &'static str = "the metrics of the process were not set";
    type Error = ReadError;

    fn interval(&self) -> Duration {
        Duration::from_secs(5)
    }

    async fn run(&mut self, engine: &Engine) -> Result<(), ReadError> {
        self.collector.collect();
        let schema = engine.store.schema_version().to_string();
        gauge!("inlet_build_info", "version" => env!("CARGO_PKG_VERSION"), "schema" => schema).set(1.0);
        let sizes = engine.store.sizes().await?;
        gauge!("inlet_database_bytes").set(sizes.database as f64);
        gauge!("inlet_database_log_bytes").set(sizes.log as f64);
        Ok(())
    }
}
