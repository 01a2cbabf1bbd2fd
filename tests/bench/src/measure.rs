//! Runs the measurements in rounds. Each round measures everything once, so that all results were taken under the same
//! conditions.

use std::{path::Path, process::Command};

use anyhow::Context as _;

use crate::{
    actions, bare_handler, compare, conditions, dashboard, deliveries, disk,
    findings::{Bare, Findings, LatencyAtRate, Throughput},
    full_store,
    generator::{
        Aim,
        closed::{self, Bounds, CONNECTIONS},
        open::{self, Schedule},
    },
    interrupt, large_user, looping_plugin, many_sources, nodes, observe, overload, plugin_memory, plugin_update,
    process::Process,
    quiet_source, recipients,
    scenario::Scenario,
    server::Server,
    setup::{Part, Setup},
    table::Table,
    template::Template,
    verification,
};

/// Runs all measurements and returns the table.
pub fn run(setup: &Setup) -> anyhow::Result<Table> {
    if let Some(baseline) = &setup.baseline {
        return compare::run(setup, baseline);
    }
    let bare = CONNECTIONS.into_iter().map(Bare::new).collect();
    let mut findings = Findings { bare, ..Findings::default() };
    rounds(setup, &mut findings)?;
    if setup.has(Part::Aged) {
        for scenario in [Scenario::Logged, Scenario::Executed] {
            findings.aged.push(full_store::run(setup, scenario)?);
        }
    }
    if setup.has(Part::Overload) {
        findings.overload = overload::run(setup)?;
    }
    if setup.has(Part::Looping) {
        findings.looping = Some(looping_plugin::run(setup)?);
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
    if setup.has(Part::Actions) {
        findings.actions = actions::run(setup)?;
    }
    if setup.has(Part::Conditions) {
        findings.conditions = Some(conditions::run(setup)?);
    }
    if setup.has(Part::Recipients) {
        findings.recipients = Some(recipients::run(setup)?);
    }
    if setup.has(Part::LargeUser) {
        findings.large_user = Some(large_user::run(setup)?);
    }
    findings.deliveries = deliveries::run(setup)?;
    findings.dashboard = dashboard::run(setup)?;
    if setup.has(Part::Nodes) {
        findings.nodes = Some(nodes::run(setup)?);
    }
    if setup.has(Part::QuietSource) {
        findings.quiet_source = quiet_source::run(setup)?;
    }
    Ok(findings.table(setup))
}

/// Measures maximum rates and latencies, with all servers in every round.
fn rounds(setup: &Setup, findings: &mut Findings) -> anyhow::Result<()> {
    let directory = tempfile::tempdir_in(&setup.program().data)?;
    let bare = start_bare(directory.path())?;
    let mut servers = Vec::new();
    for scenario in setup.scenarios() {
        let server = Server::start(setup.program(), scenario)?;
        findings.throughput.push(Throughput::new(scenario, server.idle));
        servers.push(server);
    }
    for round in 1..=setup.rounds {
        progress(&format!("throughput, round {round} of {}", setup.rounds));
        findings.sync.push(disk::sync_milliseconds(directory.path())?);
        for found in &mut findings.bare {
            measure_bare(setup, &bare, found)?;
        }
        for (server, found) in servers.iter().zip(&mut findings.throughput) {
            for maximum in &mut found.maxima {
                let (rate, costs) = measure_maximum_over(setup, server, maximum.connections)?;
                maximum.rate.push(rate);
                maximum.costs.push(costs);
            }
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

/// Starts the bare handler.
pub fn start_bare(directory: &Path) -> anyhow::Result<Process> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("bare");
    Process::start(command, directory).context("the bare handler did not start")
}

fn measure_bare(setup: &Setup, bare: &Process, found: &mut Bare) -> anyhow::Result<()> {
    let aim = Aim { address: bare.address, template: Template::new(bare_handler::PATH, 1) };
    closed::run(&aim, found.connections, Bounds::time(setup.warm_up))?;
    let cpu = bare.usage().cpu()?;
    let done = closed::run(&aim, found.connections, Bounds::time(setup.time)).context("the bare handler")?;
    let cpu = bare.usage().cpu()?.saturating_sub(cpu);
    found.rate.push(done.requests_per_second());
    found.cpu.push(cpu.as_secs_f64() * 1e6 / done.requests as f64);
    found.generator.push(done.cpu_per_request());
    Ok(())
}

/// Returns the maximum events per second, and their costs.
pub fn measure_maximum(setup: &Setup, server: &Server) -> anyhow::Result<(f64, observe::Costs)> {
    measure_maximum_over(setup, server, CONNECTIONS[0])
}

/// Returns the same over this number of connections.
pub fn measure_maximum_over(
    setup: &Setup,
    server: &Server,
    connections: usize,
) -> anyhow::Result<(f64, observe::Costs)> {
    closed::run(&server.aim(), connections, Bounds::time(setup.warm_up)).with_context(|| server.scenario().key())?;
    let load = |aim: &Aim| closed::run(aim, connections, Bounds::time(setup.time));
    let (done, costs) = observe::load(server, load, |done| done.requests)?;
    let events = done.requests * server.scenario().events() as u64;
    Ok((events as f64 / done.time.as_secs_f64(), costs))
}

/// Measures latencies at fractions of each maximum rate, for single events only.
fn latencies(setup: &Setup, servers: &[Server], findings: &mut Findings) -> anyhow::Result<()> {
    const PERCENTS: [u32; 3] = [25, 50, 75];
    let single = |found: &&mut Throughput| found.scenario.events() == 1;
    for found in findings.throughput.iter_mut().filter(single) {
        let maximum = found.maxima[0].rate.median().context("no maximum was measured")?;
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
                paced.late.push(latencies.lateness(0.99));
                paced.generator.push(latencies.cpu());
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
