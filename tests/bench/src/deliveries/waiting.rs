//! Very many deliveries that wait: memory, turns, and another target's latency, beside a store where few wait.
//!
//! The backlog is made by triggers with a thousand recipients, each with a delivery of its own, to a paused target. It is
//! measured in a new process.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use super::{
    receiver::{TimedReceiver, received, refusing, url, wait_for},
    target::WebhookTarget,
};
use crate::{
    generator::{
        Aim,
        answers::Durations,
        closed::{self, Bounds},
    },
    http,
    measure::progress,
    metrics::{Change, Metrics},
    process::Process,
    recipients::{Kind, RECIPIENTS},
    scenario::Scenario,
    series::Series,
    server::Server,
    setup::Setup,
    table::{Line, Table, Target, number},
};

const TARGET: WebhookTarget = WebhookTarget::named("crm");
const HEALTHY: WebhookTarget = WebhookTarget::named("healthy");
/// Deliveries of one trigger.
const EACH: u64 = RECIPIENTS as u64;
/// Open connections while the backlog is made.
const CONNECTIONS: usize = 8;
/// The longest time that the deliveries of a round take.
const PATIENCE: Duration = Duration::from_secs(60);
/// The fewest triggers in a second that are acceptable while the backlog is made.
const SLOWEST: u64 = 5;
/// The time in which what is under way ends after a pause.
const SETTLE: Duration = Duration::from_millis(300);
/// Events whose deliveries are timed in a round.
const TIMED: usize = 50;

/// The results.
#[derive(Debug)]
pub struct Waiting {
    /// The number that waits.
    many: u64,
    without_order: Pair,
    by_user: Pair,
    /// The latency of a healthy target beside a dead one for which deliveries wait, in milliseconds.
    healthy: [Series; 2],
}

/// A store where a thousand deliveries wait, and one where very many do.
#[derive(Debug, Default)]
struct Pair {
    few: Found,
    many: Found,
}

/// The results of one store.
#[derive(Debug, Default)]
struct Found {
    /// Deliveries per second while a thousand of those that wait are sent.
    rate: Series,
    /// Time in turns, in microseconds for each delivery.
    turns: Series,
    /// Resident memory after a round, in megabytes.
    memory: Series,
}

/// A server with deliveries that wait.
struct Backlog {
    server: Server,
    /// The number that shall wait after a round.
    base: u64,
    waiting: u64,
}

/// Measures backlogs without order and with one order key for each user, then a healthy target beside a dead one.
pub fn run(setup: &Setup, bare: &Process) -> anyhow::Result<Waiting> {
    let (without_order, mut backlogs) = pair(setup, bare, &json!({"chunk": 1}))?;
    let healthy = beside_a_dead_target(setup, &mut backlogs)?;
    backlogs.into_iter().try_for_each(|backlog| backlog.server.stop())?;
    let (by_user, backlogs) = pair(setup, bare, &json!({"order": "user"}))?;
    backlogs.into_iter().try_for_each(|backlog| backlog.server.stop())?;
    Ok(Waiting { many: setup.waiting, without_order, by_user, healthy })
}

/// Makes two backlogs and measures them in turns.
fn pair(setup: &Setup, bare: &Process, options: &Value) -> anyhow::Result<(Pair, [Backlog; 2])> {
    progress(&format!("storing {} deliveries, {options}", setup.waiting));
    let mut backlogs =
        [Backlog::make(setup, bare, EACH, options)?, Backlog::make(setup, bare, setup.waiting, options)?];
    let mut found = Pair::default();
    for round in 1..=setup.rounds {
        progress(&format!("{} deliveries wait, {options}, round {round} of {}", setup.waiting, setup.rounds));
        // The order alternates, so that neither always runs first.
        for is_many in [round % 2 == 0, round % 2 == 1] {
            let found = if is_many { &mut found.many } else { &mut found.few };
            backlogs[usize::from(is_many)].measure(bare, found)?;
        }
    }
    Ok((found, backlogs))
}

impl Backlog {
    /// Fills a store, and serves it with a new process.
    fn make(setup: &Setup, bare: &Process, base: u64, options: &Value) -> anyhow::Result<Self> {
        let server = Server::start(setup.program(), Scenario::Recipients(Kind::Known))?;
        TARGET.put(&server, &url(bare), false, options)?;
        let mut backlog = Self { server, base, waiting: 0 };
        backlog.add(base.div_ceil(EACH))?;
        backlog.server = backlog.server.restart()?;
        Ok(backlog)
    }

    /// Adds the deliveries of so many triggers.
    fn add(&mut self, triggers: u64) -> anyhow::Result<()> {
        let bounds = Bounds::stored(triggers, PATIENCE + Duration::from_secs(triggers / SLOWEST));
        let done = closed::run(&self.server.aim(), CONNECTIONS, bounds)?;
        ensure!(done.requests == triggers, "only {} of {triggers} triggers were stored", done.requests);
        self.waiting += triggers * EACH;
        Ok(())
    }

    /// Sends a thousand of those that wait.
    fn measure(&mut self, bare: &Process, found: &mut Found) -> anyhow::Result<()> {
        self.add((self.base + EACH).saturating_sub(self.waiting).div_ceil(EACH))?;
        let address = self.server.process().address;
        let (before, metrics, started) = (received(bare)?, Metrics::scrape(address)?, Instant::now());
        let server = &self.server;
        // The answer to the call is not waited for.
        let ended = thread::scope(|scope| {
            let resumed = scope.spawn(|| TARGET.resume(server));
            let ended = wait_for(bare, before + EACH, PATIENCE);
            resumed.join().map_err(|_| anyhow::anyhow!("a call panicked"))??;
            ended
        })?;
        TARGET.pause(server)?;
        thread::sleep(SETTLE);
        let delivered = received(bare)? - before;
        let change = Change { before: metrics, after: Metrics::scrape(address)? };
        let turns = change.seconds("inlet_delivery_turn_seconds", None);
        found.rate.push(EACH as f64 / (ended - started).as_secs_f64());
        if let Some(turns) = turns {
            found.turns.push(turns * 1e6 / delivered as f64);
        }
        found.memory.push(server.process().usage().resident()? as f64 / 1e6);
        self.waiting = self.waiting.saturating_sub(delivered);
        Ok(())
    }
}

/// Lets the receiver of both backlogs be dead, and returns the latencies of a healthy target beside it.
fn beside_a_dead_target(setup: &Setup, backlogs: &mut [Backlog; 2]) -> anyhow::Result<[Series; 2]> {
    let receiver = TimedReceiver::start()?;
    let dead = refusing()?;
    let mut aims = Vec::new();
    for backlog in backlogs.iter() {
        TARGET.put(&backlog.server, &dead, true, &json!({"chunk": 1}))?;
        HEALTHY.put(&backlog.server, &receiver.url, true, &json!({}))?;
        let path = backlog.server.create_source("healthy", &Scenario::Executed.source())?;
        let address = backlog.server.process().address;
        aims.push(Aim { address, template: Scenario::Executed.template(&path) });
    }
    let mut found = [Series::default(), Series::default()];
    for round in 1..=setup.rounds {
        progress(&format!("a healthy target beside a dead one, round {round} of {}", setup.rounds));
        for index in [round % 2, (round + 1) % 2] {
            found[index].push(latency(&mut aims[index], &receiver)?);
        }
    }
    Ok(found)
}

/// Returns the median time from sending an event to the arrival of its delivery, in milliseconds.
fn latency(aim: &mut Aim, receiver: &TimedReceiver) -> anyhow::Result<f64> {
    let mut stream = http::connect(aim.address)?;
    let (mut buffer, mut latencies) = (http::ResponseBuffer::new(), Durations::new()?);
    for _ in 0..TIMED {
        let sent = Instant::now();
        http::exchange(&mut stream, aim.template.next(), &mut buffer)?;
        latencies.record(receiver.next()?.saturating_duration_since(sent));
    }
    latencies.milliseconds(0.5).context("nothing was delivered")
}

impl Waiting {
    /// Adds the results to the table.
    pub fn add_to(&self, table: &mut Table) {
        let many = number(self.many as f64);
        for (pair, how) in [(&self.without_order, "without order"), (&self.by_user, "ordered by user")] {
            table.heading(&format!("With {many} waiting deliveries, {how}"), "÷ 1,000 waiting");
            let Pair { few, many } = pair;
            table.line(Line::new("turns, 1,000 waiting", "µs/delivery", few.turns.clone()));
            let line = Line::new("turns", "µs/delivery", many.turns.clone());
            table.line(line.ratio(many.turns.divided_by(&few.turns)).target(Target::AtMost(1.25)));
            table.line(Line::new("a thousand delivered, 1,000 waiting", "deliveries/s", few.rate.clone()));
            let line = Line::new("a thousand delivered", "deliveries/s", many.rate.clone());
            table.line(line.ratio(many.rate.divided_by(&few.rate)).target(Target::AtLeast(0.8)));
            table.line(Line::new("memory, 1,000 waiting", "MB", few.memory.clone()));
            table.line(Line::new("memory", "MB", many.memory.clone()));
            let line = Line::new("memory, difference", "MB", many.memory.minus(&few.memory));
            table.line(line.target(Target::AtMost(16.0)));
        }
        table.heading("A healthy target beside a dead one", "÷ 1,000 waiting");
        let [few, beside_many] = &self.healthy;
        table.line(Line::new("event to delivery, 1,000 wait for the dead one", "ms", few.clone()));
        let line = Line::new(format!("event to delivery, {many} wait"), "ms", beside_many.clone());
        table.line(line.ratio(beside_many.divided_by(few)).target(Target::AtMost(1.25)));
    }
}
