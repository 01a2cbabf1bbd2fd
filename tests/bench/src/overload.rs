//! Overload: requests come at three times the rate that the server can store.

use std::{thread, time::Duration};

use anyhow::{Context as _, anyhow, ensure};

use crate::{
    generator::{
        Aim,
        closed::{self, Bounds},
        overload,
    },
    measure::progress,
    metrics::{Change, Metrics},
    scenario::Scenario,
    series::Series,
    server::Server,
    setup::Setup,
    table::{Line, Table, Target, number},
    usage::Usage,
};

/// The rate of the requests as a multiple of the capacity.
pub const TIMES: f64 = 3.0;
/// The time between two looks at the memory.
const SAMPLE: Duration = Duration::from_millis(100);
/// Maximum number of rounds. They differ little, and the answers of a round may be long in coming.
const ROUNDS: usize = 3;

/// A kind of request.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// Name in the table.
    pub what: &'static str,
    /// Number of events in one request.
    pub events: usize,
    /// Number of connections of the senders.
    pub connections: usize,
}

/// The kinds of requests that are measured.
pub const KINDS: [Kind; 2] = [
    Kind { what: "single events", events: 1, connections: 2048 },
    Kind { what: "batches of 1,000", events: 1000, connections: 512 },
];

/// The results of one kind of request.
#[derive(Debug)]
pub struct Overload {
    kind: Kind,
    /// Events per second that the server takes from as many connections as are waited for.
    capacity: f64,
    /// Events per second that were answered 200.
    accepted: Series,
    /// Median latency of the answers 200, in milliseconds.
    median: Series,
    /// 99th percentile of the same.
    p99: Series,
    /// 99th percentile of the latency of the answers 503, in milliseconds.
    refused_p99: Series,
    /// Shares of all due requests, in percent: answered 503, and neither 200 nor 503.
    refused: Series,
    other: Series,
    /// Peak memory in bytes.
    peak: u64,
    idle: u64,
    /// Mean memory of the last quarter of a round, divided by that of the second.
    growth: Series,
    /// The last round in words.
    summary: String,
}

/// Measures every kind of request.
pub fn run(setup: &Setup) -> anyhow::Result<Vec<Overload>> {
    KINDS.into_iter().map(|kind| measure(setup, kind)).collect()
}

fn measure(setup: &Setup, kind: Kind) -> anyhow::Result<Overload> {
    let server = Server::start(setup.program(), Scenario::Logged)?;
    let aim = server.aim_with(kind.events);
    progress(&format!("overload with {}, the capacity", kind.what));
    let capacity = capacity(setup, kind, &aim)? * kind.events as f64;
    let series = Series::default;
    let mut found = Overload {
        kind,
        capacity,
        accepted: series(),
        median: series(),
        p99: series(),
        refused_p99: series(),
        refused: series(),
        other: series(),
        peak: 0,
        idle: server.idle,
        growth: series(),
        summary: String::new(),
    };
    let rate = TIMES * capacity / kind.events as f64;
    for round in 1..=setup.rounds.min(ROUNDS) {
        progress(&format!("overload with {}, round {round} of {}", kind.what, setup.rounds.min(ROUNDS)));
        let before = Metrics::scrape(aim.address)?;
        let (answers, growth) = with_growth(server.process().usage(), || {
            overload::run(&aim, rate, setup.overload_time, setup.warm_up, kind.connections)
        })?;
        let answers = answers.with_context(|| server.process().output())?;
        found.growth.push(growth);
        let change = Change { before, after: Metrics::scrape(aim.address)? };
        let accepted = answers.count(200) as f64 * kind.events as f64;
        let counted = change.of("inlet_events_total", Some(("outcome", "logged"))).unwrap_or_default();
        ensure!(counted >= accepted, "{accepted} events were answered 200, and the server counted {counted}");
        let due = answers.due() as f64;
        found.accepted.push(accepted / setup.overload_time.as_secs_f64());
        answers.milliseconds(200, 0.5).into_iter().for_each(|value| found.median.push(value));
        answers.milliseconds(200, 0.99).into_iter().for_each(|value| found.p99.push(value));
        answers.milliseconds(503, 0.99).into_iter().for_each(|value| found.refused_p99.push(value));
        found.refused.push(answers.count(503) as f64 / due * 100.0);
        found.other.push((due - (answers.count(200) + answers.count(503)) as f64) / due * 100.0);
        found.summary = answers.summary();
    }
    found.peak = server.process().usage().peak()?;
    server.stop()?;
    Ok(found)
}

/// Runs a load; returns its result, and how much the resident memory grew in it: the mean of the last quarter divided by that of the
/// second.
fn with_growth<T: Send>(usage: Usage, load: impl FnOnce() -> T + Send) -> anyhow::Result<(T, f64)> {
    let (result, samples) = thread::scope(|scope| {
        let loading = scope.spawn(load);
        let mut samples = Vec::new();
        while !loading.is_finished() {
            samples.push(usage.resident()? as f64);
            thread::sleep(SAMPLE);
        }
        let result = loading.join().map_err(|_| anyhow!("the generator panicked"))?;
        anyhow::Ok((result, samples))
    })?;
    let quarter = samples.len().div_ceil(4).max(1);
    let mean = |samples: &[f64]| samples.iter().sum::<f64>() / samples.len().max(1) as f64;
    let quarters: Vec<f64> = samples.chunks(quarter).map(mean).collect();
    let second = quarters.get(1).or(quarters.first()).copied().unwrap_or_default();
    Ok((result, quarters.last().copied().unwrap_or_default() / second))
}

/// Returns the requests per second that are stored if their number does not exceed what may wait.
pub fn capacity(setup: &Setup, kind: Kind, aim: &Aim) -> anyhow::Result<f64> {
    // As many as keep the server busy. More than eight large batches would be refused, because one source may hold half of the
    // memory.
    let connections = if kind.events == 1 { 64 } else { 8 };
    closed::run(aim, connections, Bounds::time(setup.warm_up))?;
    let done = closed::run(aim, connections, Bounds::time(setup.time))?;
    Ok(done.requests_per_second())
}

impl Overload {
    /// Adds the results to the table.
    pub fn add_to(&self, table: &mut Table) {
        let Kind { what, connections, .. } = self.kind;
        let heading = format!(
            "Overload with {what}: {TIMES} × {} events/s over {connections} connections",
            number(self.capacity)
        );
        table.heading(&heading, "÷ capacity");
        let capacity = Series::from_iter(std::iter::repeat_n(self.capacity, self.accepted.count()));
        let accepted = Line::new("answered 200", "events/s", self.accepted.clone());
        table.line(accepted.ratio(self.accepted.divided_by(&capacity)));
        table.line(Line::new("answered 200, p50 from when it was due", "ms", self.median.clone()));
        table.line(Line::new("answered 200, p99", "ms", self.p99.clone()).target(Target::AtMost(2500.0)));
        table.line(Line::new("answered 503, share of what was due", "%", self.refused.clone()));
        table.line(Line::new("answered 503, p99", "ms", self.refused_p99.clone()));
        table.line(Line::new("neither 200 nor 503, share", "%", self.other.clone()));
        let megabytes = self.peak.saturating_sub(self.idle) as f64 / 1e6;
        table.line(Line::new("most memory above rest", "MB", Series::from_iter([megabytes])));
        let growth = Line::new("memory, last quarter of a round ÷ second quarter", "", self.growth.clone());
        table.line(growth.target(Target::AtMost(1.1)));
        table.note(format!("Overload with {what}, last round: {}.", self.summary));
    }
}
