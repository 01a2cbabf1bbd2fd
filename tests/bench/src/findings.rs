//! All results of a run, and their presentation as a table.

use crate::{
    attack::Attack,
    full_store::FullStore,
    generator::{closed::CONNECTIONS, open},
    many_sources::ManySources,
    measure::Setup,
    observe::{Costs, STAGES, WRITER},
    plugin_memory::PluginMemory,
    plugin_update::PluginUpdate,
    scenario::Scenario,
    series::Series,
    table::{Line, Table, Target, number},
    template::EVENT_BYTES,
    verification::{self, Verified},
};

/// All results of a run.
#[derive(Debug, Default)]
pub struct Findings {
    /// Requests per second of the bare handler.
    pub bare: Series,
    /// CPU time of the bare handler, in microseconds per request.
    pub bare_cpu: Series,
    /// Results of the server, per scenario.
    pub throughput: Vec<Throughput>,
    /// Results with a full store.
    pub aged: Option<FullStore>,
    /// Latency while another source's plugin loops.
    pub attack: Option<Attack>,
    /// Results with many sources and mappings.
    pub many: Option<ManySources>,
    /// Cost of verification, by scheme.
    pub verification: Vec<Verified>,
    /// Results while plugins are installed.
    pub installing: Option<PluginUpdate>,
    /// Memory of plugins.
    pub plugins: Option<PluginMemory>,
    /// Time of a durable write of 4 KiB, in milliseconds.
    pub sync: Series,
}

/// Results of the server in one scenario.
#[derive(Debug)]
pub struct Throughput {
    pub scenario: Scenario,
    /// Maximum events per second.
    pub rate: Series,
    /// Costs at the maximum rate.
    pub costs: Vec<Costs>,
    /// Latencies at lower rates.
    pub paced: Vec<LatencyAtRate>,
    /// Memory after the start, in bytes.
    pub idle: u64,
    /// Peak memory under load, in bytes.
    pub peak: u64,
}

impl Throughput {
    /// Creates empty results.
    pub fn new(scenario: Scenario, idle: u64) -> Self {
        Self { scenario, rate: Series::default(), costs: Vec::new(), paced: Vec::new(), idle, peak: 0 }
    }
}

/// Latencies at one rate.
#[derive(Debug)]
pub struct LatencyAtRate {
    /// The rate in percent of the maximum.
    pub percent: u32,
    /// Events per second.
    pub rate: f64,
    /// Median latency in milliseconds.
    pub median: Series,
    /// 99th percentile of the latency in milliseconds.
    pub p99: Series,
    /// Costs at this rate.
    pub costs: Vec<Costs>,
}

impl LatencyAtRate {
    /// Creates empty results.
    pub fn new(percent: u32, maximum: f64) -> Self {
        let rate = maximum * f64::from(percent) / 100.0;
        Self { percent, rate, median: Series::default(), p99: Series::default(), costs: Vec::new() }
    }
}

impl Findings {
    /// Returns the table of all results.
    pub fn table(&self, setup: &Setup) -> Table {
        let mut table = Table::default();
        self.throughput(&mut table);
        self.after(&mut table);
        for found in &self.throughput {
            event(found, &mut table);
        }
        if let Some(many) = &self.many {
            many.add_to(&mut table);
        }
        verification::add_to(&self.verification, &mut table);
        self.latency(&mut table);
        if let Some(attack) = &self.attack {
            attack.add_to(&mut table);
        }
        if let Some(installing) = &self.installing {
            installing.add_to(&mut table);
        }
        self.memory(&mut table);
        if let Some(plugins) = &self.plugins {
            plugins.add_to(&mut table);
        }
        notes(setup, &mut table);
        table
    }

    fn throughput(&self, table: &mut Table) {
        table.heading("Throughput", "÷ bare");
        table.line(Line::new("bare handler", "requests/s", self.bare.clone()));
        table.line(Line::new("bare handler, its CPU", "µs/request", self.bare_cpu.clone()));
        for found in &self.throughput {
            let (what, least) = match found.scenario {
                Scenario::Executed => ("executed", 0.10),
                Scenario::Batch => ("batches of 100, logged only", 0.40),
                _ => ("logged only", 0.30),
            };
            let line = Line::new(what, "events/s", found.rate.clone());
            table.line(line.ratio(found.rate.divided_by(&self.bare)).target(Target::AtLeast(least)));
        }
    }

    fn after(&self, table: &mut Table) {
        let Some(aged) = &self.aged else { return };
        table.heading("With a full store", "÷ empty");
        table.line(Line::new("logged only, on an empty store", "events/s", aged.empty.clone()));
        let line = Line::new(
            format!("logged only, after {} events", number(aged.stored as f64)),
            "events/s",
            aged.full.clone(),
        );
        table.line(line.ratio(aged.full.divided_by(&aged.empty)).target(Target::AtLeast(0.9)));
        table.line(Line::new("while it was filled", "events/s", Series::from_iter([aged.filling])));
    }

    fn latency(&self, table: &mut Table) {
        table.heading("Latency, open loop", "");
        for found in &self.throughput {
            for paced in &found.paced {
                let what = |quantile: &str| {
                    format!("{}, {} % ({}/s), {quantile}", found.scenario.key(), paced.percent, number(paced.rate))
                };
                table.line(Line::new(what("p50"), "ms", paced.median.clone()));
                table.line(Line::new(what("p99"), "ms", paced.p99.clone()));
            }
        }
        table.line(Line::new("fdatasync after an append of 4 KiB, p50", "ms", self.sync.clone()));
    }

    fn memory(&self, table: &mut Table) {
        table.heading("Memory", "");
        let mut line = |what: String, bytes: u64, most: f64| {
            let value = Series::from_iter([bytes as f64 / 1e6]);
            table.line(Line::new(what, "MB", value).target(Target::AtMost(most)));
        };
        for found in &self.throughput {
            line(format!("{}, before any load", found.scenario.key()), found.idle, 80.0);
            line(format!("{}, most under load", found.scenario.key()), found.peak, 300.0);
        }
        if let Some(aged) = &self.aged {
            line(format!("logged, storing {} events and after", number(aged.stored as f64)), aged.peak, 300.0);
        }
    }
}

/// Adds the cost of an event at the maximum rate, by part of the server.
fn event(found: &Throughput, table: &mut Table) {
    let each = |cost: &dyn Fn(&Costs) -> Option<f64>| series(&found.costs, cost);
    table.heading(&format!("One event, {}, at the maximum", found.scenario.key()), "");
    table.line(Line::new("server CPU", "µs", each(&|costs| Some(costs.cpu()))));
    table.line(Line::new("sandbox (wall)", "µs", each(&Costs::sandbox)));
    let share = Line::new("sandbox ÷ server CPU", "%", each(&Costs::sandbox_share));
    table.line(if found.scenario == Scenario::Executed { share.target(Target::AtMost(25.0)) } else { share });
    if let Some(paced) = found.paced.first() {
        let what = format!("sandbox ÷ server CPU, at {} % of the maximum", paced.percent);
        table.line(Line::new(what, "%", series(&paced.costs, &Costs::sandbox_share)));
    }
    for stage in STAGES {
        table.line(Line::new(format!("stage {stage} (wall)"), "µs", each(&|costs| costs.stage(stage))));
    }
    for what in WRITER {
        table.line(Line::new(format!("writer {what} (wall)"), "µs", each(&|costs| costs.writer(what))));
    }
    table.line(Line::new("events in a group commit", "", each(&Costs::group)));
}

/// Returns one value per round; an empty series if the server does not report it.
fn series(costs: &[Costs], cost: &dyn Fn(&Costs) -> Option<f64>) -> Series {
    costs.iter().map(cost).collect::<Option<Series>>().unwrap_or_default()
}

/// Adds notes for readers of the table.
fn notes(setup: &Setup, table: &mut Table) {
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    table.note(format!(
        "{} rounds, in each everything for {:?} after {:?} of warm-up, in turns; {CONNECTIONS} connections; events of \
         {EVENT_BYTES} bytes; generator, bare handler and servers share {cores} cores.",
        setup.rounds, setup.time, setup.warm_up
    ));
    table.note("Medians of the rounds with their least and greatest; ratios are taken round by round.");
    table.note("Every answer was 200, and the server counted every event as what its line says.");
    table.note("server CPU: utime + stime of the server's process over a round ÷ events.");
    table.note(
        "sandbox ÷ server CPU: inlet_sandbox_seconds ÷ server CPU, per event. The first is wall time: where threads wait \
         for a core, as at the maximum, it holds that waiting too, and the share is an upper bound.",
    );
    table.note(
        "stages are wall times, summed over requests and divided by events, so that waiting (for a core, for the writer, \
         for the disk) counts; the writer's are per event of a group.",
    );
    table.note(format!(
        "latency is counted from when a request was due, over up to {} connections; the generator wakes up to 0.1 ms late.",
        open::CONNECTIONS
    ));
    table.note("memory is resident; the most under load is the peak since the start was done.");
    if setup.rounds < 7 {
        table.note("A quick run: too short and too few rounds to believe.");
    }
}
