//! One and two servers on PostgreSQL beside one on SQLite: the database, the servers and the generator on one machine.

use std::thread;

use anyhow::anyhow;

use crate::{
    bare_handler,
    databases::Databases,
    generator::{
        Aim,
        closed::{self, Bounds, CONNECTIONS},
        open::{self, Schedule},
    },
    measure::{progress, start_bare},
    process::Process,
    scenario::Scenario,
    series::Series,
    server::{Program, Server},
    setup::Setup,
    table::{Line, Table, Target},
    template::Template,
};

/// The results of a scenario, in events per second.
#[derive(Debug)]
struct Rates {
    scenario: Scenario,
    bare: Series,
    sqlite: Series,
    one: Series,
    two: Series,
}

/// All results.
#[derive(Debug)]
pub struct Nodes {
    rates: Vec<Rates>,
    /// The 99th percentile of a quiet source, in milliseconds, alone and while another one sends at full speed.
    quiet_alone: Series,
    quiet_beside: Series,
}

/// The servers of a scenario.
struct Servers {
    sqlite: Server,
    one: Server,
    two: [Server; 2],
}

/// Measures all servers in turns.
pub fn run(setup: &Setup) -> anyhow::Result<Nodes> {
    let databases = Databases::start();
    let directory = tempfile::tempdir_in(&setup.program().data)?;
    let bare = start_bare(directory.path())?;
    let mut measured = Vec::new();
    for scenario in [Scenario::Logged, Scenario::Executed] {
        let series = Series::default;
        let rates = Rates { scenario, bare: series(), sqlite: series(), one: series(), two: series() };
        measured.push((start(setup, &databases, scenario)?, rates));
    }
    let source = crate::scenario::source_in("development", "quiet", "segment", serde_json::json!({}), Vec::new());
    let quiet_path = measured[0].0.one.create_source("quiet", &source)?;
    let mut found = Nodes { rates: Vec::new(), quiet_alone: Series::default(), quiet_beside: Series::default() };
    for round in 1..=setup.rounds {
        progress(&format!("servers on PostgreSQL, round {round} of {}", setup.rounds));
        for (servers, rates) in &mut measured {
            rates.bare.push(rate(setup, &[bare_aim(&bare)])?);
            rates.sqlite.push(rate(setup, &[servers.sqlite.aim()])?);
            rates.one.push(rate(setup, &[servers.one.aim()])?);
            rates.two.push(rate(setup, &[servers.two[0].aim(), servers.two[1].aim()])?);
        }
        databases.settle();
        quiet(setup, &measured[0].0, &quiet_path, &mut found)?;
    }
    for (servers, rates) in measured {
        let Servers { sqlite, one, two: [first, second] } = servers;
        for server in [sqlite, one, first, second] {
            server.stop()?;
        }
        found.rates.push(rates);
    }
    bare.stop()?;
    Ok(found)
}

fn start(setup: &Setup, databases: &Databases, scenario: Scenario) -> anyhow::Result<Servers> {
    let in_file = Program { databases: None, ..setup.program().clone() };
    let on_server = || Program { database_url: Some(databases.create()), ..in_file.clone() };
    let (alone, shared) = (on_server(), on_server());
    let first = Server::start(&shared, scenario)?;
    Ok(Servers {
        sqlite: Server::start(&in_file, scenario)?,
        one: Server::start(&alone, scenario)?,
        two: [Server::join(&first)?, first],
    })
}

fn bare_aim(bare: &Process) -> Aim {
    Aim { address: bare.address, template: Template::new(bare_handler::PATH, 1) }
}

/// Returns the events per second over all of these servers together.
fn rate(setup: &Setup, aims: &[Aim]) -> anyhow::Result<f64> {
    let load = |time| {
        thread::scope(|scope| {
            let connections = CONNECTIONS[0] / aims.len();
            let threads: Vec<_> =
                aims.iter().map(|aim| scope.spawn(move || closed::run(aim, connections, Bounds::time(time)))).collect();
            let mut rate = 0.0;
            for thread in threads {
                let done = thread.join().map_err(|_| anyhow!("the generator panicked"))??;
                rate += done.requests as f64 / done.time.as_secs_f64();
            }
            anyhow::Ok(rate)
        })
    };
    load(setup.warm_up)?;
    load(setup.time)
}

/// Measures the latency of a source with few events, alone and while another one sends as fast as it is answered.
fn quiet(setup: &Setup, servers: &Servers, path: &str, found: &mut Nodes) -> anyhow::Result<()> {
    let schedule = Schedule { rate: 50.0, time: setup.time, warm_up: setup.warm_up };
    let aim = Aim { address: servers.one.process().address, template: Template::new(path, 1) };
    found.quiet_alone.push(open::run(&aim, schedule)?.milliseconds(0.99));
    let beside = thread::scope(|scope| {
        let time = setup.warm_up + setup.time;
        let loud = servers.one.aim();
        let loud = scope.spawn(move || closed::run(&loud, CONNECTIONS[0], Bounds::time(time)));
        let beside = open::run(&aim, schedule);
        loud.join().map_err(|_| anyhow!("the generator panicked"))??;
        beside
    })?;
    found.quiet_beside.push(beside.milliseconds(0.99));
    Ok(())
}

impl Nodes {
    /// Adds the results to the table.
    pub fn add_to(&self, table: &mut Table) {
        for rates in &self.rates {
            let key = rates.scenario.key();
            table.heading(&format!("{key} on PostgreSQL, {} connections", CONNECTIONS[0]), "÷ another");
            table.line(Line::new("bare handler", "events/s", rates.bare.clone()));
            let sqlite = Line::new("one server on SQLite, ÷ bare", "events/s", rates.sqlite.clone());
            table.line(sqlite.ratio(rates.sqlite.divided_by(&rates.bare)));
            let one = Line::new("one server on PostgreSQL, ÷ bare", "events/s", rates.one.clone());
            let one = one.ratio(rates.one.divided_by(&rates.bare));
            table.line(match rates.scenario {
                Scenario::Executed => one.target(Target::AtLeast(0.04)),
                _ => one,
            });
            let one = Line::new("one server on PostgreSQL, ÷ SQLite", "events/s", rates.one.clone());
            table.line(one.ratio(rates.one.divided_by(&rates.sqlite)));
            let two = Line::new("two servers on PostgreSQL, ÷ one", "events/s", rates.two.clone());
            table.line(two.ratio(rates.two.divided_by(&rates.one)).target(Target::AtLeast(0.9)));
        }
        table.heading("A quiet source on PostgreSQL, 50 events/s", "÷ alone");
        table.line(Line::new("p99 alone", "ms", self.quiet_alone.clone()));
        let beside = Line::new("p99 while another source sends at full speed", "ms", self.quiet_beside.clone());
        table.line(beside.ratio(self.quiet_beside.divided_by(&self.quiet_alone)).target(Target::AtMost(2.0)));
    }
}
