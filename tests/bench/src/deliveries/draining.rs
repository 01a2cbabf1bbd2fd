//! Draining a backlog: alone, and while executed events come in.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::{anyhow, ensure};
use serde_json::json;

use super::{
    receiver::{received, url, wait_for},
    target::WebhookTarget,
};
use crate::{
    bare_handler,
    generator::{
        Aim,
        closed::{self, Bounds, CONNECTIONS},
        open::{self, Schedule},
    },
    measure::progress,
    metrics::{Change, Metrics},
    process::Process,
    scenario::Scenario,
    series::Series,
    server::Server,
    setup::Setup,
    table::{Line, Table, Target},
    template::Template,
};

const TARGET: WebhookTarget = WebhookTarget::named("crm");
/// The share of the bare handler's rate at which events come in meanwhile.
const INCOMING: f64 = 0.05;
/// The share of the bare handler's rate that no draining exceeds.
const FASTEST: f64 = 0.5;
/// Events in a request that adds to the backlog.
const BATCH: usize = 100;
/// The time in which what is under way ends after a pause.
const SETTLE: Duration = Duration::from_millis(300);
/// The longest time that a backlog takes.
const PATIENCE: Duration = Duration::from_secs(120);

/// The results.
#[derive(Debug, Default)]
pub struct Draining {
    /// Requests per second of the bare handler.
    bare: Series,
    /// Deliveries per second.
    alone: Series,
    /// CPU time of the server, in microseconds per delivery.
    cpu: Series,
    /// Events per second that came in meanwhile.
    incoming: Series,
    /// Deliveries per second meanwhile.
    beside: Series,
}

/// Measures both.
pub fn run(setup: &Setup, bare: &Process) -> anyhow::Result<Draining> {
    let server = Server::start(setup.program(), Scenario::Executed)?;
    TARGET.put(&server, &url(bare), false, &json!({}))?;
    let mut found = Draining::default();
    for round in 1..=setup.rounds {
        progress(&format!("draining a backlog, round {round} of {}", setup.rounds));
        let requests = measure_bare(setup, bare)?;
        found.bare.push(requests);
        let (rate, cpu) = drain(setup, &server, bare)?;
        found.alone.push(rate);
        found.cpu.push(cpu);
        let (incoming, rate) = drain_beside_events(setup, &server, bare, requests)?;
        found.incoming.push(incoming);
        found.beside.push(rate);
    }
    server.stop()?;
    Ok(found)
}

/// Returns the requests per second of the bare handler.
fn measure_bare(setup: &Setup, bare: &Process) -> anyhow::Result<f64> {
    let aim = Aim { address: bare.address, template: Template::new(bare_handler::PATH, 1) };
    closed::run(&aim, CONNECTIONS[0], Bounds::time(setup.warm_up))?;
    let done = closed::run(&aim, CONNECTIONS[0], Bounds::time(setup.time))?;
    Ok(done.requests_per_second())
}

/// Stores events whose deliveries wait; returns their number.
fn fill(server: &Server, events: u64) -> anyhow::Result<u64> {
    let requests = events.div_ceil(BATCH as u64);
    let done = closed::run(&server.aim_with(BATCH), CONNECTIONS[0], Bounds::stored(requests, PATIENCE))?;
    ensure!(done.requests == requests, "only {} of {requests} requests were done", done.requests);
    Ok(requests * BATCH as u64)
}

/// Drains a backlog from its first delivery to its last; returns the deliveries per second, and the server's CPU time.
fn drain(setup: &Setup, server: &Server, bare: &Process) -> anyhow::Result<(f64, f64)> {
    let count = fill(server, setup.backlog)?;
    let (before, metrics) = (received(bare)?, Metrics::scrape(server.process().address)?);
    let (started, cpu) = (Instant::now(), server.process().usage().cpu()?);
    TARGET.resume(server)?;
    let ended = wait_for(bare, before + count, PATIENCE)?;
    let cpu = server.process().usage().cpu()?.saturating_sub(cpu);
    TARGET.pause(server)?;
    // Each arrived once, and the server knows it.
    thread::sleep(SETTLE);
    let change = Change { before: metrics, after: Metrics::scrape(server.process().address)? };
    let delivered = change.of("inlet_delivery_attempts_total", Some(("outcome", "delivered"))).unwrap_or_default();
    let arrived = received(bare)? - before;
    ensure!(
        arrived == count && delivered == count as f64,
        "{count} waited, {arrived} arrived, {delivered} are recorded"
    );
    Ok((count as f64 / (ended - started).as_secs_f64(), cpu.as_secs_f64() * 1e6 / count as f64))
}

/// Drains a backlog while executed events come in; returns the events and the deliveries per second.
fn drain_beside_events(setup: &Setup, server: &Server, bare: &Process, requests: f64) -> anyhow::Result<(f64, f64)> {
    let rate = requests * INCOMING;
    let time = setup.warm_up + setup.time;
    let before = received(bare)?;
    // More than can be delivered meanwhile.
    let waiting = fill(server, (requests * FASTEST * time.as_secs_f64()) as u64)?;
    TARGET.resume(server)?;
    let (events, first, last) = thread::scope(|scope| {
        let schedule = Schedule { rate, time: time + setup.warm_up, warm_up: setup.warm_up };
        let load = scope.spawn(move || open::run(&server.aim(), schedule));
        thread::sleep(setup.warm_up);
        let first = (received(bare)?, Instant::now());
        thread::sleep(setup.time);
        let last = (received(bare)?, Instant::now());
        let latencies = load.join().map_err(|_| anyhow!("the generator panicked"))??;
        anyhow::Ok((latencies.requests, first, last))
    })?;
    let is_waiting = last.0 - before < waiting;
    wait_for(bare, before + waiting + events, PATIENCE)?;
    TARGET.pause(server)?;
    ensure!(is_waiting, "the backlog of {waiting} deliveries was too small");
    let seconds = (last.1 - first.1).as_secs_f64();
    Ok((events as f64 / (time + setup.warm_up).as_secs_f64(), (last.0 - first.0) as f64 / seconds))
}

impl Draining {
    /// Adds the results to the table.
    pub fn add_to(&self, table: &mut Table) {
        table.heading("Draining a backlog of deliveries to a bare handler", "÷ bare");
        table.line(Line::new("bare handler, 64 connections", "requests/s", self.bare.clone()));
        let line = Line::new("deliveries", "deliveries/s", self.alone.clone());
        table.line(line.ratio(self.alone.divided_by(&self.bare)).target(Target::AtLeast(0.12)));
        table.line(Line::new("server CPU", "µs/delivery", self.cpu.clone()));
        let line = Line::new("executed events that come in meanwhile", "events/s", self.incoming.clone());
        table.line(line.ratio(self.incoming.divided_by(&self.bare)));
        let line = Line::new("deliveries meanwhile", "deliveries/s", self.beside.clone());
        table.line(line.ratio(self.beside.divided_by(&self.bare)).target(Target::AtLeast(0.05)));
    }
}
