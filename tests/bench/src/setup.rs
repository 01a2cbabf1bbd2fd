//! The settings of a run, from the command line.

use std::{fs, path::PathBuf, sync::Arc, time::Duration};

use anyhow::{Context as _, ensure};
use clap::ValueEnum as _;

use crate::{databases::Databases, scenario::Scenario, server::Program};

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
    /// `logged` and `executed` with many events stored already.
    Aged,
    /// Requests at three times the rate that can be stored.
    Overload,
    /// Latencies at half of the maximum, while another source's plugin loops.
    Looping,
    /// `logged` among a thousand sources and with a thousand mappings.
    Many,
    /// Cost of verifying a request.
    Verification,
    /// `logged` while versions of its plugin are added and used.
    Installing,
    /// Memory of a hundred plugins.
    Plugins,
    /// Processor time of each action.
    Actions,
    /// A thousand mappings with conditions on one event type.
    Conditions,
    /// Triggers with a thousand inline recipients.
    Recipients,
    /// Deep merges into a user of 200 KB.
    LargeUser,
    /// Draining a backlog of deliveries, alone and while events come in.
    Draining,
    /// `executed` with a target that answers and with one that hangs.
    Targets,
    /// Turns, memory and latency while very many deliveries wait.
    Waiting,
    /// The pages of the dashboard, with many events stored, and `executed` beside them.
    Pages,
    /// `logged` beside open live tails.
    Tails,
    /// One and two servers on PostgreSQL, whose programs must be installed.
    Nodes,
    /// Latency of a source with few events while another one sends at full speed; PostgreSQL's programs must be installed.
    QuietSource,
}

/// The command line's settings.
#[derive(Debug, Clone, clap::Args)]
pub struct Arguments {
    /// The server [default: `inlet` beside this program]
    #[arg(long, value_name = "FILE", global = true)]
    server: Option<PathBuf>,
    /// Compare the server with this older one, round by round, instead of measuring all parts
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Directory for temporary data directories [default: `bench-data` in the target directory]
    #[arg(long, value_name = "DIR", global = true)]
    data: Option<PathBuf>,
    /// Keep the stores of the servers on a PostgreSQL server instead of in files; its programs must be installed
    #[arg(long, global = true)]
    postgres: bool,
    /// Two short rounds and few stored events: to see that it runs, not to believe its numbers
    #[arg(long, global = true)]
    quick: bool,
    /// Number of rounds [default: 7]
    #[arg(long, value_name = "N")]
    rounds: Option<usize>,
    /// Duration of one measurement in seconds [default: 2.5]
    #[arg(long, value_name = "SECONDS")]
    seconds: Option<f64>,
    /// Duration of a round of `overload` in seconds [default: twice that of other measurements]
    #[arg(long, value_name = "SECONDS")]
    overload_seconds: Option<f64>,
    /// Number of events that `aged` and `pages` store before they measure [default: 1000000]
    ///
    /// Ten million take some minutes for `logged` and up to half an hour for `executed`, longer on PostgreSQL, and tens of gigabytes.
    #[arg(long, value_name = "N")]
    stored: Option<u64>,
    /// Number of deliveries that wait while `waiting` measures [default: 1000000]
    #[arg(long, value_name = "N")]
    waiting: Option<u64>,
    /// Measure only these parts; the bare handler is always measured
    #[arg(long, value_name = "PARTS", value_delimiter = ',')]
    only: Vec<Part>,
}

/// Settings of a run.
#[derive(Debug)]
pub struct Setup {
    program: Program,
    /// The older server that the program is compared with.
    pub baseline: Option<Program>,
    parts: Vec<Part>,
    /// Number of rounds.
    pub rounds: usize,
    /// Duration of one measurement.
    pub time: Duration,
    /// Duration of a round of `overload`.
    pub overload_time: Duration,
    /// Duration of the unmeasured load before each measurement.
    pub warm_up: Duration,
    /// Number of events stored before `aged` and `pages` are measured.
    pub stored: u64,
    /// Number of deliveries that wait while turns and memory are measured.
    pub waiting: u64,
    /// Number of deliveries in a backlog that is drained.
    pub backlog: u64,
    /// Number of sources and mappings of `many`, and of mappings of `conditions`.
    pub many: usize,
    /// Path of the plugin that loops.
    pub hostile: PathBuf,
    /// Path of a bundled plugin.
    pub segment: PathBuf,
}

impl Setup {
    /// Creates the settings from the command line.
    pub fn new(arguments: Arguments) -> anyhow::Result<Self> {
        let Arguments { server, baseline, data, postgres, quick, rounds, stored, waiting, only, .. } = arguments;
        let (time, overload_time) = (arguments.seconds, arguments.overload_seconds);
        let here = std::env::current_exe().context("cannot tell where this program is")?;
        let file = existing(server.unwrap_or_else(|| here.with_file_name("inlet")), "--server")?;
        // The data directory lies beside the build, which is on a disk; /tmp may be in memory.
        let target = here.parent().and_then(|profile| profile.parent()).context("this program is in no directory")?;
        let data = data.unwrap_or_else(|| target.join("bench-data"));
        fs::create_dir_all(&data).with_context(|| format!("cannot make {}", data.display()))?;
        let databases = postgres.then(|| Arc::new(Databases::start()));
        let program = Program { databases, ..Program::new(file, fs::canonicalize(data)?) };
        let baseline = baseline.map(|file| existing(file, "--baseline")).transpose()?;
        let seconds = Duration::from_secs_f64;
        let whole = Self {
            baseline: baseline.map(|file| Program { file, ..program.clone() }),
            program,
            parts: with_dependencies(&only),
            rounds: rounds.unwrap_or(7),
            time: seconds(time.unwrap_or(2.5)),
            overload_time: seconds(overload_time.unwrap_or(2.0 * time.unwrap_or(2.5))),
            warm_up: seconds(0.5),
            stored: stored.unwrap_or(1_000_000),
            waiting: waiting.unwrap_or(1_000_000),
            backlog: 10_000,
            many: 1000,
            hostile: target.join("test-plugins").join("inlet__hostile.wasm"),
            segment: target.join("plugins").join("segment.wasm"),
        };
        Ok(match quick {
            true => Self {
                rounds: rounds.unwrap_or(2),
                time: seconds(time.unwrap_or(1.0)),
                overload_time: seconds(overload_time.unwrap_or(2.0 * time.unwrap_or(1.0))),
                warm_up: seconds(0.2),
                stored: stored.unwrap_or(20_000),
                waiting: waiting.unwrap_or(20_000),
                backlog: 2_000,
                many: 50,
                ..whole
            },
            false => whole,
        })
    }

    /// Returns the program that servers are started from.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// Returns true if a part is to be measured.
    pub fn has(&self, part: Part) -> bool {
        self.parts.contains(&part)
    }

    /// Returns the scenarios whose maximum is to be measured.
    pub fn scenarios(&self) -> Vec<Scenario> {
        let all =
            [(Part::Logged, Scenario::Logged), (Part::Executed, Scenario::Executed), (Part::Batch, Scenario::Batch)];
        all.into_iter().filter(|(part, _)| self.has(*part)).map(|(_, scenario)| scenario).collect()
    }
}

/// Returns the whole path of a server that must exist.
fn existing(file: PathBuf, flag: &str) -> anyhow::Result<PathBuf> {
    ensure!(file.is_file(), "there is no server at {}; build it, or name one with {flag}", file.display());
    Ok(fs::canonicalize(file)?)
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
