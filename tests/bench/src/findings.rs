//! All results of a run, and their presentation as a table.

use crate::{
    actions::{self, ActionCost},
    conditions::Conditions,
    dashboard::Dashboard,
    deliveries::Deliveries,
    full_store::FullStore,
    generator::{closed::CONNECTIONS, open},
    large_user::LargeUser,
    looping_plugin::LoopingPlugin,
    many_sources::ManySources,
    nodes::Nodes,
    observe::{Costs, STAGES, WRITER},
    overload::Overload,
    plugin_memory::PluginMemory,
    plugin_update::PluginUpdate,
    quiet_source::QuietSource,
    recipients::Recipients,
    scenario::Scenario,
    series::Series,
    setup::Setup,
    table::{Line, Table, Target, number},
    template::EVENT_BYTES,
    verification::{self, Verified},
};

/// All results of a run.
#[derive(Debug, Default)]
pub struct Findings {
    /// Results of the bare handler, per number of connections.
    pub bare: Vec<Bare>,
    /// Results of the server, per scenario.
    pub throughput: Vec<Throughput>,
    /// Results with a full store, per scenario.
    pub aged: Vec<FullStore>,
    /// Results at three times the capacity, per kind of request.
    pub overload: Vec<Overload>,
    /// Latency while another source's plugin loops.
    pub looping: Option<LoopingPlugin>,
    /// Results with many sources and mappings.
    pub many: Option<ManySources>,
    /// Cost of verification, by scheme.
    pub verification: Vec<Verified>,
    /// Results while plugins are installed.
    pub installing: Option<PluginUpdate>,
    /// Memory of plugins.
    pub plugins: Option<PluginMemory>,
    /// Processor time of each action.
    pub actions: Vec<ActionCost>,
    /// Rates with many conditions.
    pub conditions: Option<Conditions>,
    /// Rates with many recipients.
    pub recipients: Option<Recipients>,
    /// Changes of a large user.
    pub large_user: Option<LargeUser>,
    /// Results of `draining`, `targets` and `waiting`.
    pub deliveries: Deliveries,
    /// Results of `pages` and `tails`.
    pub dashboard: Dashboard,
    /// Servers on PostgreSQL.
    pub nodes: Option<Nodes>,
    /// A quiet source beside a loud one, by kind of store.
    pub quiet_source: Vec<QuietSource>,
    /// Time of a durable write of 4 KiB, in milliseconds.
    pub sync: Series,
}

/// Results of the bare handler over one number of connections. CPU times are in microseconds per request.
#[derive(Debug)]
pub struct Bare {
    pub connections: usize,
    /// Requests per second.
    pub rate: Series,
    /// CPU time of the handler.
    pub cpu: Series,
    /// CPU time of the generator.
    pub generator: Series,
}

impl Bare {
    /// Creates empty results.
    pub fn new(connections: usize) -> Self {
        Self { connections, rate: Series::default(), cpu: Series::default(), generator: Series::default() }
    }
}

/// Results of the server in one scenario.
#[derive(Debug)]
pub struct Throughput {
    pub scenario: Scenario,
    /// Results at the maximum rate, per number of connections.
    pub maxima: Vec<Maximum>,
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
        // Batches carry enough over few connections.
        let connections = if scenario.events() == 1 { &CONNECTIONS[..] } else { &CONNECTIONS[..1] };
        let maxima = connections.iter().map(|connections| Maximum::new(*connections)).collect();
        Self { scenario, maxima, paced: Vec::new(), idle, peak: 0 }
    }
}

/// Results at the maximum rate.
#[derive(Debug)]
pub struct Maximum {
    pub connections: usize,
    /// Events per second.
    pub rate: Series,
    /// Costs at this rate.
    pub costs: Vec<Costs>,
}

impl Maximum {
    /// Creates empty results.
    pub fn new(connections: usize) -> Self {
        Self { connections, rate: Series::default(), costs: Vec::new() }
    }

    /// Returns the server's CPU time, in microseconds per event.
    pub fn cpu(&self) -> Series {
        self.costs.iter().map(Costs::cpu).collect()
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
    /// The delay with which the generator noticed a due request, 99th percentile in milliseconds.
    pub late: Series,
    /// CPU time of the generator, in microseconds per request.
    pub generator: Series,
    /// Costs at this rate.
    pub costs: Vec<Costs>,
}

impl LatencyAtRate {
    /// Creates empty results.
    pub fn new(percent: u32, maximum: f64) -> Self {
        let rate = maximum * f64::from(percent) / 100.0;
        let series = Series::default;
        let (median, p99, late, generator) = (series(), series(), series(), series());
        Self { percent, rate, median, p99, late, generator, costs: Vec::new() }
    }

    /// Returns the server's CPU time, in microseconds per event.
    pub fn cpu(&self) -> Series {
        self.costs.iter().map(Costs::cpu).collect()
    }
}

impl Findings {
    /// Returns the table of all results.
    pub fn table(&self, setup: &Setup) -> Table {
        let mut table = Table::default();
        self.throughput(&mut table);
        self.aged.iter().for_each(|aged| aged.add_to(&mut table));
        for found in &self.throughput {
            event(found, &mut table);
        }
        if let Some(many) = &self.many {
            many.add_to(&mut table);
        }
        verification::add_to(&self.verification, &mut table);
        actions::add_to(&self.actions, &mut table);
        if let Some(conditions) = &self.conditions {
            conditions.add_to(&mut table);
        }
        if let Some(recipients) = &self.recipients {
            recipients.add_to(&mut table);
        }
        if let Some(large_user) = &self.large_user {
            large_user.add_to(&mut table);
        }
        self.deliveries.add_to(&mut table);
        self.dashboard.add_to(&mut table);
        if let Some(nodes) = &self.nodes {
            nodes.add_to(&mut table);
        }
        self.quiet_source.iter().for_each(|quiet_source| quiet_source.add_to(&mut table));
        self.latency(&mut table);
        self.overload.iter().for_each(|overload| overload.add_to(&mut table));
        if let Some(looping) = &self.looping {
            looping.add_to(&mut table);
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
        for bare in &self.bare {
            let connections = bare.connections;
            table.heading(&format!("Throughput over {connections} connections"), "÷ bare");
            table.line(Line::new("bare handler", "requests/s", bare.rate.clone()));
            table.line(Line::new("bare handler, its CPU", "µs/request", bare.cpu.clone()));
            table.line(Line::new("bare handler, CPU of the generator", "µs/request", bare.generator.clone()));
            for found in &self.throughput {
                let least = match (found.scenario, connections) {
                    (Scenario::Executed, _) => 0.20,
                    (Scenario::Batch, _) => 0.40,
                    (_, 64) => 0.36,
                    _ => 0.40,
                };
                let what = match found.scenario {
                    Scenario::Batch => "batches of 100, logged",
                    scenario => scenario.key(),
                };
                for maximum in found.maxima.iter().filter(|maximum| maximum.connections == connections) {
                    let line = Line::new(what, "events/s", maximum.rate.clone());
                    table.line(line.ratio(maximum.rate.divided_by(&bare.rate)).target(Target::AtLeast(least)));
                }
            }
        }
    }

    fn latency(&self, table: &mut Table) {
        for found in self.throughput.iter().filter(|found| !found.paced.is_empty()) {
            let key = found.scenario.key();
            table.heading(&format!("Open loop, {key}"), "");
            for paced in &found.paced {
                let what = |what: &str| format!("{} % ({}/s), {what}", paced.percent, number(paced.rate));
                let targets = HALF_LOAD.iter().find(|half| (half.scenario, 50) == (found.scenario, paced.percent));
                let judged = |line: Line, most: Option<f64>| match most {
                    Some(most) => line.target(Target::AtMost(most)),
                    None => line,
                };
                table.line(Line::new(what("p50"), "ms", paced.median.clone()));
                let p99 = Line::new(what("p99"), "ms", paced.p99.clone());
                table.line(judged(p99, targets.map(|half| half.p99)));
                let cpu = Line::new(what("server CPU"), "µs/event", paced.cpu());
                table.line(judged(cpu, targets.map(|half| half.cpu)));
                table.line(Line::new(what("CPU of the generator"), "µs/event", paced.generator.clone()));
                table.line(Line::new(what("generator late, p99"), "ms", paced.late.clone()));
            }
        }
        table.heading("The disk", "");
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
    }
}

/// The targets at half of the maximum.
struct HalfLoad {
    scenario: Scenario,
    /// Latency in milliseconds.
    p99: f64,
    /// The server's CPU time, in microseconds per event.
    cpu: f64,
}

const HALF_LOAD: [HalfLoad; 2] = [
    HalfLoad { scenario: Scenario::Logged, p99: 2.5, cpu: 45.0 },
    HalfLoad { scenario: Scenario::Executed, p99: 8.0, cpu: 90.0 },
];

/// Adds the cost of an event at the maximum rate, by part of the server.
fn event(found: &Throughput, table: &mut Table) {
    let Some(maximum) = found.maxima.first() else { return };
    let each = |cost: &dyn Fn(&Costs) -> Option<f64>| series(&maximum.costs, cost);
    let most = match found.scenario {
        Scenario::Logged => Some(28.0),
        Scenario::Executed => Some(50.0),
        _ => None,
    };
    table.heading(&format!("One event, {}, at the maximum", found.scenario.key()), "");
    for maximum in &found.maxima {
        let line = Line::new(format!("server CPU, {} connections", maximum.connections), "µs", maximum.cpu());
        table.line(match most {
            Some(most) => line.target(Target::AtMost(most)),
            None => line,
        });
    }
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
        "{} rounds, in each everything for {:?} after {:?} of warm-up, in turns; {} connections where nothing else is \
         said; events of {EVENT_BYTES} bytes; generator, bare handler and servers share {cores} cores.",
        setup.rounds, setup.time, setup.warm_up, CONNECTIONS[0]
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
        "latency is counted from when a request was due, over {} connections; how late the generator was is part of it.",
        open::CONNECTIONS
    ));
    table.note(
        "memory is resident; the most under load is the peak since the start was done. Under attack: `make attack`.",
    );
    if setup.rounds < 7 {
        table.note("A quick run: too short and too few rounds to believe.");
    }
}
