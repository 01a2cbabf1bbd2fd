//! An older server beside the present one: both run at once, and each round measures one after the other.
//!
//! A burst is short and the order alternates, so that a machine that is slow for a while is slow for both. Latencies
//! are measured at one rate for both, half of what the older one reached.

use anyhow::Context as _;

use crate::{
    findings::Maximum,
    generator::{
        closed::CONNECTIONS,
        open::{self, Schedule},
    },
    measure::{measure_maximum_over, progress},
    observe::{self, Costs},
    scenario::Scenario,
    series::Series,
    server::{Program, Server},
    setup::Setup,
    table::{Table, Target, number},
};

/// The results of both servers in one scenario.
#[derive(Debug)]
struct Pair {
    scenario: Scenario,
    old: Side,
    new: Side,
    /// Events per second of the latencies.
    half: f64,
}

/// A server, and its results.
#[derive(Debug)]
struct Side {
    server: Server,
    maxima: Vec<Maximum>,
    median: Series,
    p99: Series,
    /// The server's CPU time at the lower rate, in microseconds per event.
    cpu: Series,
}

impl Side {
    fn start(program: &Program, scenario: Scenario) -> anyhow::Result<Self> {
        let maxima = CONNECTIONS.into_iter().map(Maximum::new).collect();
        let (median, p99, cpu) = (Series::default(), Series::default(), Series::default());
        Ok(Self { server: Server::start(program, scenario)?, maxima, median, p99, cpu })
    }

    fn measure_maxima(&mut self, setup: &Setup) -> anyhow::Result<()> {
        for maximum in &mut self.maxima {
            let (rate, costs) = measure_maximum_over(setup, &self.server, maximum.connections)?;
            maximum.rate.push(rate);
            maximum.costs.push(costs);
        }
        Ok(())
    }

    fn measure_latency(&mut self, schedule: Schedule) -> anyhow::Result<()> {
        let (latencies, costs) =
            observe::load(&self.server, |aim| open::run(aim, schedule), |latencies| latencies.requests)?;
        self.median.push(latencies.milliseconds(0.5));
        self.p99.push(latencies.milliseconds(0.99));
        self.cpu.push(Costs::cpu(&costs));
        Ok(())
    }
}

impl Pair {
    /// Runs `measure` on both servers. The order alternates, so that neither always runs first.
    fn both(&mut self, round: usize, measure: impl Fn(&mut Side) -> anyhow::Result<()>) -> anyhow::Result<()> {
        let (first, second) = match round % 2 {
            0 => (&mut self.new, &mut self.old),
            _ => (&mut self.old, &mut self.new),
        };
        measure(first)?;
        measure(second)
    }
}

/// Measures both servers, and returns the table.
pub fn run(setup: &Setup, baseline: &Program) -> anyhow::Result<Table> {
    let mut pairs = Vec::new();
    for scenario in [Scenario::Logged, Scenario::Executed] {
        let (old, new) = (Side::start(baseline, scenario)?, Side::start(setup.program(), scenario)?);
        pairs.push(Pair { scenario, old, new, half: 0.0 });
    }
    for round in 1..=setup.rounds {
        progress(&format!("maxima, round {round} of {}", setup.rounds));
        for pair in &mut pairs {
            pair.both(round, |side| side.measure_maxima(setup))?;
        }
    }
    for pair in &mut pairs {
        pair.half = pair.old.maxima[0].rate.median().context("no maximum was measured")? / 2.0;
    }
    for round in 1..=setup.rounds {
        progress(&format!("half load, round {round} of {}", setup.rounds));
        for pair in &mut pairs {
            let schedule = Schedule { rate: pair.half, time: setup.time, warm_up: setup.warm_up };
            pair.both(round, |side| side.measure_latency(schedule))?;
        }
    }
    let mut table = Table::default();
    for pair in pairs {
        pair.add_to(&mut table);
        pair.old.server.stop()?;
        pair.new.server.stop()?;
    }
    table.note(format!(
        "{} rounds of {:?} bursts, both servers in turns on one machine; medians, and the ratio of the medians with the \
         spread of the ratios of the rounds; old is {}.",
        setup.rounds,
        setup.time,
        baseline.file.display()
    ));
    Ok(table)
}

impl Pair {
    fn add_to(&self, table: &mut Table) {
        let (key, half) = (self.scenario.key(), number(self.half));
        let (maximum_cpu, half_cpu, p99) = match self.scenario {
            Scenario::Executed => (50.0, 90.0, 8.0),
            _ => (28.0, 45.0, 2.5),
        };
        table.comparison_heading(key);
        for (old, new) in self.old.maxima.iter().zip(&self.new.maxima) {
            let what = |what: &str| format!("{what}, {} connections", old.connections);
            table.comparison(&what("maximum"), "events/s", &old.rate, &new.rate, None);
            let most = Some(Target::AtMost(maximum_cpu));
            table.comparison(&what("server CPU at the maximum"), "µs/event", &old.cpu(), &new.cpu(), most);
        }
        let what = |what: &str| format!("{what} at {half}/s");
        let most = Some(Target::AtMost(half_cpu));
        table.comparison(&what("server CPU"), "µs/event", &self.old.cpu, &self.new.cpu, most);
        table.comparison(&what("p50"), "ms", &self.old.median, &self.new.median, None);
        table.comparison(&what("p99"), "ms", &self.old.p99, &self.new.p99, Some(Target::AtMost(p99)));
    }
}
