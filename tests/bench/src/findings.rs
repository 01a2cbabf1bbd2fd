//! What was found, and what the table says about it.

use crate::{
    aged::Aged,
    measure::Setup,
    observe::{Costs, STAGES, WRITER},
    scenario::Scenario,
    series::Series,
    table::{Line, Table, Target},
};

const MIB: f64 = 1024.0 * 1024.0;

/// Everything that was measured.
#[derive(Debug, Default)]
pub struct Findings {
    /// Requests per second of the bare handler.
    pub bare: Series,
    /// Its CPU time, in microseconds per request.
    pub bare_cpu: Series,
    /// What the server does.
    pub throughput: Vec<Throughput>,
    /// What it does with a full store.
    pub aged: Option<Aged>,
    /// What the disk takes to make 4 KiB durable, in milliseconds.
    pub sync: Series,
}

/// What a server does with one scenario.
#[derive(Debug)]
pub struct Throughput {
    /// Which.
    pub scenario: Scenario,
    /// Events per second at most.
    pub rate: Series,
    /// What they cost.
    pub costs: Vec<Costs>,
    /// How long answers take at lower rates.
    pub paced: Vec<Paced>,
    /// Memory after the start, in bytes.
    pub idle: u64,
    /// The most memory held under load, in bytes.
    pub peak: u64,
}

impl Throughput {
    /// Nothing found yet.
    pub fn new(scenario: Scenario, idle: u64) -> Self {
        Self { scenario, rate: Series::default(), costs: Vec::new(), paced: Vec::new(), idle, peak: 0 }
    }
}

/// How long answers take at one rate.
#[derive(Debug)]
pub struct Paced {
    /// Of the maximum.
    pub percent: u32,
    /// Events per second.
    pub rate: f64,
    /// In milliseconds.
    pub median: Series,
    /// In milliseconds.
    pub p99: Series,
    /// What they cost.
    pub costs: Vec<Costs>,
}

impl Paced {
    /// Nothing found yet.
    pub fn new(percent: u32, maximum: f64) -> Self {
        let rate = maximum * f64::from(percent) / 100.0;
        Self { percent, rate, median: Series::default(), p99: Series::default(), costs: Vec::new() }
    }
}

impl Findings {
    /// Says what was found.
    pub fn table(&self, setup: &Setup) -> Table {
        let mut table = Table::default();
        self.throughput(&mut table);
        self.after(&mut table);
        for found in self.throughput.iter().filter(|found| found.scenario.events() == 1) {
            cpu(found, &mut table);
        }
        self.latency(&mut table);
        self.memory(&mut table);
        notes(setup, &mut table);
        table
    }

    fn throughput(&self, table: &mut Table) {
        table.heading("Throughput", "÷ bare");
        table.line(Line::new("bare handler", "requests/s", self.bare.clone()));
        for found in &self.throughput {
            let (what, least) = match found.scenario {
                Scenario::Logged => ("logged only", 0.30),
                Scenario::Executed => ("executed", 0.10),
                Scenario::Batch => ("batches of 100, logged only", 0.40),
            };
            let line = Line::new(what, "events/s", found.rate.clone());
            table.line(line.ratio(found.rate.over(&self.bare)).target(Target::AtLeast(least)));
        }
    }

    fn after(&self, table: &mut Table) {
        let Some(aged) = &self.aged else { return };
        table.heading("With a full store", "÷ empty");
        table.line(Line::new("logged only, on an empty store", "events/s", aged.empty.clone()));
        let line = Line::new(format!("logged only, after {} events", aged.stored), "events/s", aged.full.clone());
        table.line(line.ratio(aged.full.over(&aged.empty)).target(Target::AtLeast(0.9)));
        table.line(Line::new("while it was filled", "events/s", Series::from_iter([aged.filling])));
    }

    fn latency(&self, table: &mut Table) {
        table.heading("Latency, open loop", "");
        for found in &self.throughput {
            for paced in &found.paced {
                let what = |quantile: &str| {
                    format!("{}, {} % ({:.0}/s), {quantile}", found.scenario.key(), paced.percent, paced.rate)
                };
                table.line(Line::new(what("p50"), "ms", paced.median.clone()));
                table.line(Line::new(what("p99"), "ms", paced.p99.clone()));
            }
        }
        table.line(Line::new("fdatasync after an append of 4 KiB, p50", "ms", self.sync.clone()));
    }

    fn memory(&self, table: &mut Table) {
        let mut line = |what: String, bytes: u64, most: f64| {
            let value = Series::from_iter([bytes as f64 / MIB]);
            table.line(Line::new(what, "MiB", value).target(Target::AtMost(most * 1e6 / MIB)));
        };
        for found in &self.throughput {
            line(format!("memory, {}, before any load", found.scenario.key()), found.idle, 80.0);
            line(format!("memory, {}, most under load", found.scenario.key()), found.peak, 300.0);
        }
        if let Some(aged) = &self.aged {
            line(format!("memory, {} events stored, most", aged.stored), aged.peak, 300.0);
        }
    }
}

/// What an event costs, and where.
fn cpu(found: &Throughput, table: &mut Table) {
    let name = found.scenario.key();
    let each = |cost: &dyn Fn(&Costs) -> Option<f64>| series(&found.costs, cost);
    table.heading(&format!("An event, {name}, at the maximum"), "");
    table.line(Line::new("server CPU", "µs/event", each(&|costs| Some(costs.cpu()))));
    table.line(Line::new("in the sandbox (wall)", "µs/event", each(&Costs::sandbox)));
    let share = Line::new("the sandbox's share of server CPU", "%", each(&share));
    table.line(if found.scenario == Scenario::Executed { share.target(Target::AtMost(25.0)) } else { share });
    if let Some(paced) = found.paced.first() {
        let what = format!("the same at {} % of the maximum", paced.percent);
        table.line(Line::new(what, "%", series(&paced.costs, &share_of)));
    }
    for stage in STAGES {
        let what = format!("stage {stage} (wall, waiting included)");
        table.line(Line::new(what, "µs/event", each(&|costs| costs.stage(stage))));
    }
    for what in WRITER {
        table.line(Line::new(format!("writer {what} (wall)"), "µs/event", each(&|costs| costs.writer(what))));
    }
    table.line(Line::new("events in a group commit", "", each(&Costs::group)));
}
