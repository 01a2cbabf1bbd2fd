//! The costs of a load on the server: CPU time from `/proc`, durations by stage from `/metrics`.

use std::time::Duration;

use anyhow::{Context as _, ensure};

use crate::{
    generator::Aim,
    metrics::{Change, Metrics},
    server::Server,
};

/// The stages of a request, in order, by the server's names.
pub const STAGES: [&str; 6] = ["receive", "verify", "translate", "plan", "commit", "total"];
/// The steps of a group commit, in order, by the server's names.
pub const WRITER: [&str; 3] = ["settle", "write", "commit"];

/// The costs of a load.
#[derive(Debug, Clone)]
pub struct Costs {
    events: f64,
    cpu: Duration,
    change: Change,
}

impl Costs {
    /// Returns the CPU time, in microseconds per event.
    pub fn cpu(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.events
    }

    /// Returns the wall time in the sandbox, in microseconds per event.
    pub fn sandbox(&self) -> Option<f64> {
        self.per_event(self.change.seconds("inlet_sandbox_seconds", None))
    }

    /// Returns the wall time in the sandbox relative to the CPU time, in percent.
    pub fn sandbox_share(&self) -> Option<f64> {
        Some(self.sandbox()? / self.cpu() * 100.0)
    }

    /// Returns the wall time of a stage, in microseconds per event.
    pub fn stage(&self, stage: &str) -> Option<f64> {
        self.per_event(self.change.seconds("inlet_stage_seconds", Some(("stage", stage))))
    }

    /// Returns the wall time of a step of the writer, in microseconds per event.
    pub fn writer(&self, what: &str) -> Option<f64> {
        self.per_event(self.change.seconds(&format!("inlet_writer_{what}_seconds"), None))
    }

    /// Returns the mean number of events in a group commit.
    pub fn group(&self) -> Option<f64> {
        let groups = self.change.of("inlet_writer_batch_size_count", None)?;
        Some(self.change.of("inlet_writer_batch_size_sum", None)? / groups)
    }

    fn per_event(&self, seconds: Option<f64>) -> Option<f64> {
        Some(seconds? * 1e6 / self.events)
    }
}

/// Runs a load on a server and checks that every event had the scenario's outcome. `requests` returns the number of
/// requests that were sent.
pub fn load<T>(
    server: &Server,
    load: impl FnOnce(&Aim) -> anyhow::Result<T>,
    requests: impl FnOnce(&T) -> u64,
) -> anyhow::Result<(T, Costs)> {
    let (aim, usage) = (server.aim(), server.process().usage());
    let before = Metrics::scrape(aim.address)?;
    let cpu_before = usage.cpu()?;
    let done = load(&aim).with_context(|| format!("{}:\n{}", server.scenario().key(), server.process().output()))?;
    let cpu = usage.cpu()?.saturating_sub(cpu_before);
    let change = Change { before, after: Metrics::scrape(aim.address)? };
    let events = (requests(&done) * server.scenario().events() as u64) as f64;
    let outcome = server.scenario().outcome();
    let counted = change.of("inlet_events_total", Some(("outcome", outcome))).unwrap_or_default();
    ensure!(counted == events, "{events} events were answered 200, and the server counted {counted} as {outcome}");
    Ok((done, Costs { events, cpu, change }))
}
