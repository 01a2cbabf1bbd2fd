//! Runs the measurements in rounds. Each round measures everything once, so that all results were taken under the same
//! conditions.

use std::{fs, path::PathBuf, process::Command, time::Duration};

use anyhow::{Context as _, ensure};
use clap::ValueEnum as _;

use crate::{
    attack, bare_handler, disk,
    findings::{Findings, LatencyAtRate, Throughput},
    full_store,
    generator::{
        Aim,
        closed::{self, Bounds},
        open::{self, Schedule},
    },
    interrupt, many_sources, observe, plugin_memory, plugin_update,
    process::Process,
    scenario::Scenario,
    server::{Program, Server},
    table::Table,
    template::Template,
    verification,
};

/// A part of the benchmark that can be run alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Part {
    /// Single events, stored and nothing else.
    Logged,
    /// Single events with a key, a user and a run.
    Executed,
    /// Batches of a hundred events, stored and nothing else.
    Batch,
    /// Latencies of `logged` and `executed`.
    Latency,
    /// `logged` with a million events stored already.
    Aged,
    /// Latencies at half of the maximum, while another source's plugin loops.
    Attack,
    /// `logged` among a thousand sources and with a thousand mappings.
    Many,
    /// Cost of verifying a request.
    Verification,
    /// `logged` while versions of its plugin are added and used.
    Installing,
    /// Memory of a hundred plugins.
    Plugins,
}

/// Settings of a run.
#[derive(Debug)]
pub struct Setup {
    program: Program,
    parts: Vec<Part>,
    /// Number of rounds.
    pub rounds: usize,
    /// Duration of one measurement.
    pub time: Duration,
    /// Duration of the unmeasured load before each measurement.
    pub warm_up: Duration,
    /// Number of events stored before `aged` is measured.
    pub stored: u64,
    /// Number of sources and mappings of `many`.
    pub many: usize,
    /// Path of the plugin that loops.
    pub hostile: PathBuf,
    /// Path of a bundled plugin.
    pub segment: PathBuf,
}

impl Setup {
    /// Creates the settings from the command line.
    pub fn new(server: Option<PathBuf>, data: Option<PathBuf>, quick: bool, only: &[Part]) -> anyhow::Result<Self> {
        let here = std::env::current_exe().context("cannot tell where this program is")?;
        let file = server.unwrap_or_else(|| here.with_file_name("inlet"));
        ensure!(file.is_file(), "there is no server at {}; build it, or name one with --server", file.display());
        // The data directory lies beside the build, which is on a disk; /tmp may be in memory.
        let target = here.parent().and_then(|profile| profile.parent()).context("this program is in no directory")?;
        let data = data.unwrap_or_else(|| target.join("bench-data"));
        fs::create_dir_all(&data).with_context(|| format!("cannot make {}", data.display()))?;
        let program = Program { file: fs::canonicalize(file)?, data: fs::canonicalize(data)?, plugins: None };
        let seconds = Duration::from_secs_f64;
        let whole = Self {
            program,
            parts: with_dependencies(only),
            rounds: 7,
            time: seconds(2.5),
            warm_up: seconds(0.5),
            stored: 1_000_000,
            many: 1000,
            hostile: target.join("test-plugins").join("inlet__hostile.wasm"),
            segment: target.join("plugins").join("segment.wasm"),
        };
        Ok(match quick {
            true => Self { rounds: 2, time: seconds(1.0), warm_up: seconds(0.2), stored: 20_000, many: 50, ..whole },
            false => whole,
        })
    }

    /// Returns the program that servers are started from.
    pub fn program(&self) -> &Program {
        &self.program
    }

    fn has(&self, part: Part) -> bool {
        self.parts.contains(&part)
    }

    fn scenarios(&self) -> Vec<Scenario> {
        let all =
            [(Part::Logged, Scenario::Logged), (Part::Executed, Scenario::Executed), (Part::Batch, Scenario::Batch)];
        all.into_iter().filter(|(part, _)| self.has(*part)).map(|(_, scenario)| scenario).collect()
    }
}

/// Adds the parts on which others depend: latencies are measured at fractions of a maximum rate.
fn with_dependencies(only: &[Part]) -> Vec<Part> {
    use Part::{Executed, Latency, Logged};
    let mut parts = if only.is_empty() { Part::value_variants().to_vec() } else { only.to_vec() };
    if parts.contains(&Latency) && !parts.contains(&Logged) && !parts.contains(&Executed) {
        parts.extend([Logged, Executed]);
    }
    parts
}

/// Runs all measurements and returns the table.
pub fn run(setup: &Setup) -> anyhow::Result<Table> {
    let mut findings = Findings::default();
    rounds(setup, &mut findings)?;
    if setup.has(Part::Aged) {
        findings.aged = Some(full_store::run(setup)?);
    }
    if setup.has(Part::Attack) {
        findings.attack = Some(attack::run(setup)?);
    }
    if setup.has(Part::Many) {
        findings.many = Some(many_sources::run(setup)?);
    }
    if setup.has(Part::Verification) {
        findings.verification = verification::run(setup)?;
    }
    if setup.has(Part::Installing) {
        findings.installing = Some(plugin_update::run(setup)?);
    }
    if setup.has(Part::Plugins) {
        findings.plugins = Some(plugin_memory::run(setup)?);
    }
    Ok(findings.table(setup))
}

/// Measures maximum rates and latencies, with all servers in every round.
fn rounds(setup: &Setup, findings: &mut Findings) -> anyhow::Result<()> {
    let directory = tempfile::tempdir_in(&setup.program.data)?;
    let bare = start_bare(directory.path())?;
    let mut servers = Vec::new();
    for scenario in setup.scenarios() {
        let server = Server::start(&setup.program, scenario)?;
        findings.throughput.push(Throughput::new(scenario, server.idle));
        servers.push(server);
    }
    for round in 1..=setup.rounds {
        progress(&format!("throughput, round {round} of {}", setup.rounds));
        findings.sync.push(disk::sync_milliseconds(directory.path())?);
        measure_bare(setup, &bare, findings)?;
        for (server, found) in servers.iter().zip(&mut findings.throughput) {
            let (rate, costs) = measure_maximum(setup, server)?;
            found.rate.push(rate);
            found.costs.push(costs);
        }
    }
    bare.stop()?;
    if setup.has(Part::Latency) {
        latencies(setup, &servers, findings)?;
    }
    for (server, found) in servers.into_iter().zip(&mut findings.throughput) {
        found.peak = server.process().usage().peak()?;
        server.stop()?;
    }
    Ok(())
}

fn start_bare(directory: &std::path::Path) -> anyhow::Result<Process> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("bare");
    Process::start(command, directory).context("the bare handler did not start")
}

fn measure_bare(setup: &Setup, bare: &Process, findings: &mut Findings) -> anyhow::Result<()> {
    let aim = Aim { address: bare.address, template: Template::new(bare_handler::PATH, 1) };
    closed::run(&aim, Bounds::time(setup.warm_up))?;
    let cpu = bare.usage().cpu()?;
    let done = closed::run(&aim, Bounds::time(setup.time)).context("the bare handler")?;
    let cpu = bare.usage().cpu()?.saturating_sub(cpu);
    findings.bare.push(done.requests as f64 / done.time.as_secs_f64());
    findings.bare_cpu.push(cpu.as_secs_f64() * 1e6 / done.requests as f64);
    Ok(())
}

/// Returns the maximum events per second, and their costs.
pub fn measure_maximum(setup: &Setup, server: &Server) -> anyhow::Result<(f64, observe::Costs)> {
    closed::run(&server.aim(), Bounds::time(setup.warm_up)).with_context(|| server.scenario().key())?;
    let load = |aim: &Aim| closed::run(aim, Bounds::time(setup.time));
    let (done, costs) = observe::load(server, load, |done| done.requests)?;
    let events = done.requests * server.scenario().events() as u64;
    Ok((events as f64 / done.time.as_secs_f64(), costs))
}

/// Measures latencies at fractions of each maximum rate, for single events only.
fn latencies(setup: &Setup, servers: &[Server], findings: &mut Findings) -> anyhow::Result<()> {
    const PERCENTS: [u32; 3] = [25, 50, 75];
    let single = |found: &&mut Throughput| found.scenario.events() == 1;
    for found in findings.throughput.iter_mut().filter(single) {
        let maximum = found.rate.median().context("no maximum was measured")?;
        found.paced = PERCENTS.map(|percent| LatencyAtRate::new(percent, maximum)).into();
    }
    for round in 1..=setup.rounds {
        progress(&format!("latency, round {round} of {}", setup.rounds));
        for (server, found) in servers.iter().zip(&mut findings.throughput) {
            for paced in &mut found.paced {
                let schedule = Schedule { rate: paced.rate, time: setup.time, warm_up: setup.warm_up };
                let (latencies, costs) =
                    observe::load(server, |aim| open::run(aim, schedule), |latencies| latencies.requests)?;
                paced.median.push(latencies.milliseconds(0.5));
                paced.p99.push(latencies.milliseconds(0.99));
                paced.costs.push(costs);
            }
        }
    }
    Ok(())
}

/// Prints progress to standard error; the table goes to standard output.
pub fn progress(what: &str) {
    // Called between any two measurements, so this is where an interrupted run ends.
    if !interrupt::requested() {
        eprintln!("{what}");
    }
}
