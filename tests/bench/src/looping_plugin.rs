//! Latency of one source while a plugin of another source never returns: the same load with and without the attack, in
//! alternation.
//!
//! The attack sends ten requests per second to the looping plugin, without waiting for answers. Each call is stopped by
//! the time limit, or refused because its source holds all the sandboxes that one source may have.

use std::{
    fs,
    net::SocketAddr,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, anyhow, ensure};
use serde_json::json;

use crate::{
    generator::open::{self, Schedule},
    http, interrupt,
    measure::{measure_maximum, progress},
    metrics::{Change, Metrics},
    observe,
    scenario::{self, Scenario},
    series::Series,
    server::{Program, Server},
    setup::Setup,
    table::{Line, Table, Target, number},
    template::Template,
};

/// Interval between two requests of the attack.
const EVERY: Duration = Duration::from_millis(100);
/// Time from the start of the attack to the measurement. By then it occupies all the sandboxes that it can get.
const LEAD: Duration = Duration::from_secs(2);
/// Number of maximum rates that are measured to determine the load.
const MAXIMA: usize = 3;

/// The results.
#[derive(Debug, Default)]
pub struct LoopingPlugin {
    /// Events per second sent to the other source.
    rate: f64,
    /// Median latency without the attack, in milliseconds.
    median_alone: Series,
    /// Median latency during the attack, in milliseconds.
    median_beside: Series,
    /// 99th percentile of the latency without the attack, in milliseconds.
    p99_alone: Series,
    /// 99th percentile of the latency during the attack, in milliseconds.
    p99_beside: Series,
    /// Calls of the looping plugin that the time limit stopped, per round.
    stopped: Series,
}

/// Measures latencies of a source, with and without an attack on another.
pub fn run(setup: &Setup) -> anyhow::Result<LoopingPlugin> {
    let plugins = tempfile::tempdir_in(&setup.program().data)?;
    fs::copy(&setup.hostile, plugins.path().join("hostile.wasm"))
        .with_context(|| format!("there is no {}; build it with `make test-plugins`", setup.hostile.display()))?;
    let program = Program { plugins: Some(plugins.path().to_owned()), ..setup.program().clone() };
    let server = Server::start(&program, Scenario::Logged)?;
    let source = scenario::source("looping", "inlet/hostile", json!({}), Vec::new());
    let path = format!("{}/loop", server.create_source("looping", &source)?);
    progress("beside a looping plugin, the maximum");
    let maxima = (0..MAXIMA).map(|_| Ok(measure_maximum(setup, &server)?.0)).collect::<anyhow::Result<Series>>()?;
    let rate = maxima.median().context("no maximum was measured")? / 2.0;
    let mut found = LoopingPlugin { rate, ..LoopingPlugin::default() };
    let schedule = Schedule { rate, time: setup.time, warm_up: setup.warm_up };
    for round in 1..=setup.rounds {
        progress(&format!("beside a looping plugin, round {round} of {}", setup.rounds));
        // The order alternates, so that neither always runs first.
        for is_attacked in [round % 2 == 0, round % 2 == 1] {
            let measure = || observe::load(&server, |aim| open::run(aim, schedule), |latencies| latencies.requests);
            let (latencies, _) = match is_attacked {
                true => found.beside(server.process().address, &path, measure)?,
                false => measure()?,
            };
            let (median, p99) = match is_attacked {
                true => (&mut found.median_beside, &mut found.p99_beside),
                false => (&mut found.median_alone, &mut found.p99_alone),
            };
            median.push(latencies.milliseconds(0.5));
            p99.push(latencies.milliseconds(0.99));
        }
    }
    server.stop()?;
    Ok(found)
}

impl LoopingPlugin {
    /// Measures during the attack, and checks that calls were stopped.
    fn beside<T>(
        &mut self,
        address: SocketAddr,
        path: &str,
        measure: impl FnOnce() -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let before = Metrics::scrape(address)?;
        let measured = measure_under_attack(address, path, measure)?;
        let change = Change { before, after: Metrics::scrape(address)? };
        let stopped = change.of("inlet_plugin_faults_total", Some(("cause", "time"))).unwrap_or_default();
        ensure!(stopped > 0.0, "no call of the looping plugin was stopped: there was no attack");
        self.stopped.push(stopped);
        Ok(measured)
    }

    /// Adds the results to the table.
    pub fn add_to(&self, table: &mut Table) {
        table.heading(
            &format!("Half of the maximum ({}/s) beside a plugin that loops", number(self.rate)),
            "÷ without it",
        );
        table.line(Line::new("p50 without it", "ms", self.median_alone.clone()));
        let median = Line::new("p50 beside it", "ms", self.median_beside.clone());
        table.line(median.ratio(self.median_beside.divided_by(&self.median_alone)));
        table.line(Line::new("p99 without it", "ms", self.p99_alone.clone()));
        let p99 = Line::new("p99 beside it", "ms", self.p99_beside.clone());
        table.line(p99.ratio(self.p99_beside.divided_by(&self.p99_alone)).target(Target::AtMost(3.0)));
        table.line(Line::new("calls that the time limit stopped", "", self.stopped.clone()));
    }
}

/// Runs `measure` during the attack. Returns after the last request of the attack is answered, so that no loop runs
/// into the next measurement.
fn measure_under_attack<T>(
    address: SocketAddr,
    path: &str,
    measure: impl FnOnce() -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let attacker = scope.spawn(|| {
            let start = Instant::now();
            let mut due = Duration::ZERO;
            while !is_over.load(Ordering::Relaxed) && !interrupt::requested() {
                scope.spawn(|| send_attack(address, path));
                due += EVERY;
                thread::sleep((start + due).saturating_duration_since(Instant::now()));
            }
        });
        thread::sleep(LEAD);
        let measured = measure();
        is_over.store(true, Ordering::Relaxed);
        attacker.join().map_err(|_| anyhow!("the attack panicked"))?;
        measured
    })
}

/// Sends one request of the attack. Its answer is an error: the call was stopped or refused.
fn send_attack(address: SocketAddr, path: &str) {
    let mut template = Template::same(path, "", "{}");
    if let Ok(mut stream) = http::connect(address) {
        let _ = http::exchange(&mut stream, template.next(), &mut http::ResponseBuffer::new());
    }
}
