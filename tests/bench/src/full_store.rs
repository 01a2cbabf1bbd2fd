//! Throughput on a full store: the same load on a million stored events and on none, in alternation.
//!
//! Each measurement runs in a new process, and the empty store is a new one, so earlier measurements favour neither.

use anyhow::ensure;

use crate::{
    generator::closed::{self, Bounds},
    measure::{Setup, measure_maximum, progress},
    scenario::Scenario,
    series::Series,
    server::Server,
};

/// The results.
#[derive(Debug)]
pub struct FullStore {
    /// Number of events stored before the first round.
    pub stored: u64,
    /// Events per second while they were stored.
    pub filling: f64,
    /// Events per second on an empty store.
    pub empty: Series,
    /// Events per second on the full store.
    pub full: Series,
    /// Peak memory in bytes.
    pub peak: u64,
}

/// Fills a store, then measures.
pub fn run(setup: &Setup) -> anyhow::Result<FullStore> {
    let mut full = Server::start(setup.program(), Scenario::Logged)?;
    progress(&format!("storing {} events", setup.stored));
    let filling = fill(&full, setup.stored)?;
    let mut aged =
        FullStore { stored: setup.stored, filling, empty: Series::default(), full: Series::default(), peak: 0 };
    for round in 1..=setup.rounds {
        progress(&format!("after {} events, round {round} of {}", setup.stored, setup.rounds));
        aged.peak = aged.peak.max(full.process().usage().peak()?);
        full = full.restart()?;
        let empty = Server::start(setup.program(), Scenario::Logged)?;
        // The order alternates, so that neither always runs first.
        if round % 2 == 1 {
            aged.empty.push(measure_maximum(setup, &empty)?.0);
            aged.full.push(measure_maximum(setup, &full)?.0);
        } else {
            aged.full.push(measure_maximum(setup, &full)?.0);
            aged.empty.push(measure_maximum(setup, &empty)?.0);
        }
        empty.stop()?;
    }
    aged.peak = aged.peak.max(full.process().usage().peak()?);
    full.stop()?;
    Ok(aged)
}

/// Stores this number of events, and returns the rate per second.
fn fill(server: &Server, events: u64) -> anyhow::Result<f64> {
    let batch = Scenario::Batch.events();
    let requests = events.div_ceil(batch as u64);
    let bounds = Bounds { time: std::time::Duration::from_secs(600), requests };
    let done = closed::run(&server.aim_with(batch), bounds)?;
    ensure!(done.requests == requests, "only {} of {requests} requests were done in {:?}", done.requests, bounds.time);
    Ok(events as f64 / done.time.as_secs_f64())
}
