//! What is done every few seconds: metrics that are set rather than counted, the folding of histograms, and giving memory
//! back.

use std::time::Duration;

use crate::{
    app::{App, BODY_UNIT},
    memory,
    repair::gauges::Gauges,
    telemetry,
};

/// Keeps the house, every few seconds.
pub async fn run(app: App) {
    let mut tick = tokio::time::interval(Duration::from_secs(5));
    let mut attention = Gauges::default();
    loop {
        tick.tick().await;
        telemetry::upkeep();
        memory::give_back();
        set_gauges(&app);
        if let Err(error) = attention.set(&app).await {
            tracing::warn!(%error, "what needs attention could not be counted");
        }
    }
}

/// Sets the gauges to what they are now.
pub fn set_gauges(app: &App) {
    let free = app.body_budget.available_permits() * BODY_UNIT;
    telemetry::set_gauge("inlet_in_flight_bytes", app.config.max_in_flight_bytes.saturating_sub(free) as f64);
    telemetry::set_gauge("inlet_sandboxes_free", app.gate.free() as f64);
    telemetry::set_gauge("inlet_writer_queue", app.store.stats().queued as f64);
}
