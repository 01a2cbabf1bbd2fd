//! Throughput on a full store: the same load on many stored events and on none, in alternation.
//!
//! Each measurement runs in a new process, and the empty store is a new one, so earlier measurements favour neither.

use std::time::Duration;

use anyhow::ensure;

use crate::{
    generator::closed::{self, Bounds},
    measure::{measure_maximum, progress},
    scenario::Scenario,
    series::Series,
    server::Server,
    setup::Setup,
    table::{Line, Table, Target, number},
};

/// Slowest acceptable filling, in events per second.
const SLOWEST: u64 = 2_000;

/// Number of connections over which events are stored: enough to keep the server busy. What waits over more is refused where a
/// database takes a while.
const CONNECTIONS: usize = 16;

/// The results of one scenario.
#[derive(Debug)]
pub struct FullStore {
    scenario: Scenario,
    /// Number of events stored before the first round.
    stored: u64,
    /// Events per second while they were stored.
    filling: f64,
    /// Events per second on an empty store.
    empty: Series,
    /// Events per second on the full store.
    full: Series,
    /// Peak memory in bytes.
    peak: u64,
}

/// Fills a store with the scenario's events, then measures.
pub fn run(setup: &Setup, scenario: Scenario) -> anyhow::Result<FullStore> {
    let key = scenario.key();
    let mut full = Server::start(setup.program(), scenario)?;
    progress(&format!("storing {} {key} events", setup.stored));
    let filling = fill(&full, setup.stored)?;
    full.vacuum();
    let (empty, peak) = (Series::default(), 0);
    let mut found = FullStore { scenario, stored: setup.stored, filling, empty, full: Series::default(), peak };
    for round in 1..=setup.rounds {
        progress(&format!("after {} {key} events, round {round} of {}", setup.stored, setup.rounds));
        found.peak = found.peak.max(full.process().usage().peak()?);
        full = full.restart()?;
        let empty = Server::start(setup.program(), scenario)?;
        // The order alternates, so that neither always runs first.
        if round % 2 == 1 {
            found.empty.push(measure_maximum(setup, &empty)?.0);
            found.full.push(measure_maximum(setup, &full)?.0);
        } else {
            found.full.push(measure_maximum(setup, &full)?.0);
            found.empty.push(measure_maximum(setup, &empty)?.0);
        }
        empty.stop()?;
    }
    found.peak = found.peak.max(full.process().usage().peak()?);
    full.stop()?;
    Ok(found)
}

/// Stores this number of events, and returns the rate per second.
pub fn fill(server: &Server, events: u64) -> anyhow::Result<f64> {
    let batch = Scenario::Batch.events();
    let requests = events.div_ceil(batch as u64);
    let bounds = Bounds::stored(requests, Duration::from_secs(60 + events / SLOWEST));
    let done = closed::run(&server.aim_with(batch), CONNECTIONS, bounds)?;
    ensure!(done.requests == requests, "only {} of {requests} requests were done in {:?}", done.requests, bounds.time);
    Ok(events as f64 / done.time.as_secs_f64())
}

impl FullStore {
    /// Adds the results to the table.
    pub fn add_to(&self, table: &mut Table) {
        let (key, stored) = (self.scenario.key(), number(self.stored as f64));
        let least = if self.scenario == Scenario::Executed { 0.95 } else { 0.9 };
        table.heading(&format!("With {stored} stored events, {key}"), "÷ empty");
        table.line(Line::new(format!("{key}, on an empty store"), "events/s", self.empty.clone()));
        let line = Line::new(format!("{key}, after {stored} events"), "events/s", self.full.clone());
        table.line(line.ratio(self.full.divided_by(&self.empty)).target(Target::AtLeast(least)));
        table.line(Line::new("while it was filled, in batches of 100", "events/s", Series::from_iter([self.filling])));
        let peak = Line::new("most memory, filling and after", "MB", Series::from_iter([self.peak as f64 / 1e6]));
        table.line(peak.target(Target::AtMost(300.0)));
    }
}
