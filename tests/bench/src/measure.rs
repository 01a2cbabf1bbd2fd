//! What is run, and when: in rounds, everything once a round, so that what is compared was measured under one sky.

use std::{fs, path::PathBuf, process::Command, time::Duration};

use anyhow::{Context as _, ensure};
use clap::ValueEnum as _;

use crate::{
    aged, attack, bare, disk,
    findings::{Findings, Paced, Throughput},
    generator::{
        Aim,
        closed::{self, Bounds},
        open::{self, Schedule},
    },
    installing, interrupt, many, observe, plugins,
    process::Process,
    scenario::Scenario,
    server::{Program, Server},
    table::Table,
    template::Template,
    verification,
};

/// Something that can be measured by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Part {
    /// Single events, stored and nothing else.
    Logged,
    /// Single events with a key, a user and a run.
    Executed,
    /// Batches of a hundred, stored and nothing else.
    Batch,
    /// How long answers take, of `logged` and `executed`.
    Latency,
    /// `logged` with a million events stored already.
    Aged,
    /// How long answers take at half of the maximum, while another source's plugin loops.
    Attack,
    /// `logged` among a thousand sources and with a thousand mappings.
    Many,
    /// What it costs to verify a request.
    Verification,
    /// `logged` while versions of its plugin are added and used.
    Installing,
    /// Memory of a hundred plugins.
    Plugins,
}

/// How a run is done.
#[derive(Debug)]
pub struct Setup {
    program: Program,
    parts: Vec<Part>,
    /// How often everything is measured.
    pub rounds: usize,
    /// How long a measurement takes.
    pub time: Duration,
    /// How long the same is run before, unmeasured.
    pub warm_up: Duration,
    /// Events stored before `aged` is measured.
    pub stored: u64,
    /// Sources and mappings of `many`.
    pub many: usize,
    /// The plugin that loops.
    pub hostile: PathBuf,
    /// A bundled plugin.
    pub segment: PathBuf,
}

impl Setup {
    /// From the command line.
    pub fn new(server: Option<PathBuf>, data: Option<PathBuf>, quick: bool, only: &[Part]) -> anyhow::Result<Self> {
        let here = std::env::current_exe().context("cannot tell where this program is")?;
        let file = server.unwrap_or_else(|| here.with_file_name("inlet"));
        ensure!(file.is_file(), "there is no server at {}; build it, or name one with --server", file.display());
        // Beside the build, and so on a disk: what /tmp is made of would not be.
        let target = here.parent().and_then(|profile| profile.parent()).context("this program is in no directory")?;
        let data = data.unwrap_or_else(|| target.join("bench-data"));
        fs::create_dir_all(&data).with_context(|| format!("cannot make {}", data.display()))?;
        let program = Program { file: fs::canonicalize(file)?, data: fs::canonicalize(data)?, plugins: None };
        let seconds = Duration::from_secs_f64;
        let whole = Self {
            program,
            parts: with_what_is_needed(only),
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

    /// Where servers come from.
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

/// Latencies are measured at shares of a maximum, which has to be measured first.
fn with_what_is_needed(only: &[Part]) -> Vec<Part> {
    use Part::{Executed, Latency, Logged};
    let mut parts = if only.is_empty() { Part::value_variants().to_vec() } else { only.to_vec() };
    if parts.contains(&Latency) && !parts.contains(&Logged) && !parts.contains(&Executed) {
        parts.extend([Logged, Executed]);
    }
    parts
}

/// Measures everything and says what was found.
pub fn run(setup: &Setup) -> anyhow::Result<Table> {
    let mut findings = Findings::default();
    rounds(setup, &mut findings)?;
    if setup.has(Part::Aged) {
        findings.aged = Some(aged::run(setup)?);
    }
    if setup.has(Part::Attack) {
        findings.attack = Some(attack::run(setup)?);
    }
    if setup.has(Part::Many) {
        findings.many = Some(many::run(setup)?);
    }
    if setup.has(Part::Verification) {
        findings.verification = verification::run(setup)?;
    }
    if setup.has(Part::Installing) {
        findings.installing = Some(installing::run(setup)?);
    }
    if setup.has(Part::Plugins) {
        findings.plugins = Some(plugins::run(setup)?);
    }
    Ok(findings.table(setup))
}

/// Maxima and latencies, each server beside the others.
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
    let aim = Aim { address: bare.address, template: Template::new(bare::PATH, 1) };
    closed::run(&aim, Bounds::time(setup.warm_up))?;
    let cpu = bare.usage().cpu()?;
    let done = closed::run(&aim, Bounds::time(setup.time)).context("the bare handler")?;
    let cpu = bare.usage().cpu()?.saturating_sub(cpu);
    findings.bare.push(done.requests as f64 / done.time.as_secs_f64());
    findings.bare_cpu.push(cpu.as_secs_f64() * 1e6 / done.requests as f64);
    Ok(())
}

/// Events per second, and what they cost.
pub fn measure_maximum(setup: &Setup, server: &Server) -> anyhow::Result<(f64, observe::Costs)> {
    closed::run(&server.aim(), Bounds::time(setup.warm_up)).with_context(|| server.scenario().key())?;
    let load = |aim: &Aim| closed::run(aim, Bounds::time(setup.time));
    let (done, costs) = observe::load(server, load, |done| done.requests)?;
    let events = done.requests * server.scenario().events() as u64;
    Ok((events as f64 / done.time.as_secs_f64(), costs))
}

/// At shares of each maximum; of single events only.
fn latencies(setup: &Setup, servers: &[Server], findings: &mut Findings) -> anyhow::Result<()> {
    const PERCENTS: [u32; 3] = [25, 50, 75];
    let single = |found: &&mut Throughput| found.scenario.events() == 1;
    for found in findings.throughput.iter_mut().filter(single) {
        let maximum = found.rate.median().context("no maximum was measured")?;
        found.paced = PERCENTS.map(|percent| Paced::new(percent, maximum)).into();
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

/// Says what is going on; the table is for standard output.
pub fn progress(what: &str) {
    // Between any two measurements, which makes it the place to stop at.
    if !interrupt::requested() {
        eprintln!("{what}");
    }
}
