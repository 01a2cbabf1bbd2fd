//! What is done every few seconds: metrics that are set rather than counted, the folding of histograms, and giving memory
//! back.

use std::time::Duration;

use crate::{BODY_UNIT, Engine, memory, metrics, replay::gauges::Gauges};

/// Keeps the house, every few seconds.
pub async fn run(engine: Engine) {
    let mut tick = tokio::time::interval(Duration::from_secs(5));
    let mut attention = Gauges::default();
    loop {
        tick.tick().await;
        metrics::upkeep();
        memory::give_back();
        set_gauges(&engine);
        if let Err(error) = attention.set(&engine).await {
            tracing::warn!(%error, "what needs attention could not be counted");
        }
    }
}

/// Sets the gauges to what they are now.
pub fn set_gauges(engine: &Engine) {
    let free = engine.body_budget.available_permits() * BODY_UNIT;
    metrics::set_gauge("inlet_in_flight_bytes", engine.options.max_in_flight_bytes.saturating_sub(free) as f64);
    metrics::set_gauge("inlet_sandboxes_free", engine.gate.free() as f64);
    metrics::set_gauge("inlet_writer_queue", engine.store.stats().queued as f64);
}
