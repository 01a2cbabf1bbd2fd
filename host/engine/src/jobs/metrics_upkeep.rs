//! Keeps the metrics: sets those that are set rather than counted, and folds histograms.

use std::time::Duration;

use inlet_store::ReadError;

use super::{
    attention_gauges::AttentionGauges,
    delivery_gauges::DeliveryGauges,
    job::{Job, RunsOn},
};
use crate::{Engine, metrics};

/// Keeps the metrics of this process.
#[derive(Default)]
pub(super) struct MetricsUpkeep {
    attention: AttentionGauges,
    deliveries: DeliveryGauges,
}

impl Job for MetricsUpkeep {
    const NAME: &'static str = "metrics";
    const RUNS_ON: RunsOn = RunsOn::EveryNode;
    const FAILURE: &'static str = "what needs attention and the open deliveries could not be counted";
    type Error = ReadError;

    fn interval(&self) -> Duration {
        Duration::from_secs(5)
    }

    async fn run(&mut self, engine: &Engine) -> Result<(), ReadError> {
        metrics::upkeep();
        engine.log_due_notices();
        set_gauges(engine);
        self.attention.set(engine).await?;
        self.deliveries.set(engine).await
    }
}

/// Sets the gauges of what the engine has free and in use now.
pub fn set_gauges(engine: &Engine) {
    let held = engine.ledger.held();
    metrics::set_gauge("inlet_in_flight_bytes", held.bytes as f64);
    metrics::set_gauge("inlet_in_flight_largest_source_bytes", held.largest_source as f64);
    metrics::set_gauge("inlet_in_flight_requests", held.inside as f64);
    metrics::set_gauge("inlet_sandboxes_free", engine.gate.free() as f64);
    let behind_ms = engine.store.clock().state().behind_ms();
    metrics::set_gauge("inlet_store_time_behind_seconds", behind_ms as f64 / 1000.0);
    metrics::set_gauge("inlet_writer_queue", engine.store.stats().queued as f64);
}
