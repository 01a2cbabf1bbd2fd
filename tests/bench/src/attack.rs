//! Does a plugin that never returns slow other sources down? The same load, beside an attack and without one, in turns.
//!
//! The attack is a request to the looping plugin ten times a second, whatever becomes of those before: each is stopped by
//! the time limit, or refused because its source has all the sandboxes that one source may have.

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
    measure::{Setup, measure_maximum, progress},
    metrics::{Change, Metrics},
    observe,
    scenario::{self, Scenario},
    series::Series,
    server::{Program, Server},
    table::{Line, Table, Target, number},
    template::Template,
};

/// Between two requests of the attack.
const EVERY: Duration = Duration::from_millis(100);
/// How long the attack goes on before anything is measured: by then all sandboxes that it can have are looping.
const LEAD: Duration = Duration::from_secs(2);
/// Maxima that are measured to know what half is.
const MAXIMA: usize = 3;

/// What was found.
#[derive(Debug, Default)]
pub struct Attack {
    /// Events per second that were sent to the other source.
    rate: f64,
    /// Half of the answers took at most so long without the attack, in milliseconds.
    median_alone: Series,
    /// The same, with it.
    median_beside: Series,
    /// 99 of 100 answers took at most so long without the attack, in milliseconds.
    p99_alone: Series,
    /// The same, with it.
    p99_beside: Series,
    /// Calls of the looping plugin that the time limit stopped, in each round.
    stopped: Series,
}

/// Measures latencies of a source, with and without an attack on another.
pub fn run(setup: &Setup) -> anyhow::Result<Attack> {
    let plugins = tempfile::tempdir_in(&setup.program().data)?;
    fs::copy(&setup.hostile, plugins.path().join("hostile.wasm"))
        .with_context(|| format!("there is no {}; build it with `make test-plugins`", setup.hostile.display()))?;
    let program = Program { plugins: Some(plugins.path().to_owned()), ..setup.program().clone() };
    let server = Server::start(&program, Scenario::Logged)?;
    let source = scenario::source("looping", "inlet/hostile", json!({}), Vec::new());
    let path = format!("{}/loop", server.create_source("looping", &source)?);
    progress("attack, the maximum");
    let maxima = (0..MAXIMA).map(|_| Ok(measure_maximum(setup, &server)?.0)).collect::<anyhow::Result<Series>>()?;
    let rate = maxima.median().context("no maximum was measured")? / 2.0;
    let mut found = Attack { rate, ..Attack::default() };
    let schedule = Schedule { rate, time: setup.time, warm_up: setup.warm_up };
    for round in 1..=setup.rounds {
        progress(&format!("attack, round {round} of {}", setup.rounds));
        // Neither is always the one that goes first.
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

impl Attack {
    /// Measures while the attack goes on, and sees that it took place.
    fn beside<T>(
        &mut self,
        address: SocketAddr,
        path: &str,
        measure: impl FnOnce() -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let before = Metrics::scrape(address)?;
        let measured = under_attack(address, path, measure)?;
        let change = Change { before, after: Metrics::scrape(address)? };
        let stopped = change.of("inlet_plugin_faults_total", Some(("cause", "time"))).unwrap_or_default();
        ensure!(stopped > 0.0, "no call of the looping plugin was stopped: there was no attack");
        self.stopped.push(stopped);
        Ok(measured)
    }

    /// Says what was found.
    pub fn lines(&self, table: &mut Table) {
        table.heading(
            &format!("Half of the maximum ({}/s) beside a plugin that loops", number(self.rate)),
            "÷ without it",
        );
        table.line(Line::new("p50 without it", "ms", self.median_alone.clone()));
        let median = Line::new("p50 beside it", "ms", self.median_beside.clone());
        table.line(median.ratio(self.median_beside.over(&self.median_alone)));
        table.line(Line::new("p99 without it", "ms", self.p99_alone.clone()));
        let p99 = Line::new("p99 beside it", "ms", self.p99_beside.clone());
        table.line(p99.ratio(self.p99_beside.over(&self.p99_alone)).target(Target::AtMost(3.0)));
        table.line(Line::new("calls that the time limit stopped", "", self.stopped.clone()));
    }
}

/// Does something while the attack goes on. Returns when the last request of the attack has its answer, so that nothing
/// loops any more when the next is measured.
fn under_attack<T>(address: SocketAddr, path: &str, measure: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let attacker = scope.spawn(|| {
            let start = Instant::now();
            let mut due = Duration::ZERO;
            while !is_over.load(Ordering::Relaxed) && !interrupt::requested() {
                scope.spawn(|| loop_once(address, path));
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

/// One request of the attack. Its answer is an error, whichever: it was stopped, or not let in.
fn loop_once(address: SocketAddr, path: &str) {
    let mut template = Template::same(path, "", "{}");
    if let Ok(mut stream) = http::connect(address) {
        let _ = http::exchange(&mut stream, template.next(), &mut http::Inbox::new());
    }
}
