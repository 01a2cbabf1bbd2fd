//! One and two servers on PostgreSQL beside one on SQLite: the database, the servers and the generator on one machine.

use std::thread;

use anyhow::anyhow;

use crate::{
    bare_handler,
    databases::Databases,
    generator::{
        Aim,
        closed::{self, Bounds, CONNECTIONS},
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
    let mut found = Nodes { rates: Vec::new() };
    for round in 1..=setup.rounds {
        progress(&format!("servers on PostgreSQL, round {round} of {}", setup.rounds));
        for (servers, rates) in &mut measured {
            rates.bare.push(rate(setup, &[bare_aim(&bare)])?);
            rates.sqlite.push(rate(setup, &[servers.sqlite.aim()])?);
            rates.one.push(rate(setup, &[servers.one.aim()])?);
            rates.two.push(rate(setup, &[servers.two[0].aim(), servers.two[1].aim()])?);
        }
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
                rate += done.requests_per_second();
            }
            anyhow::Ok(rate)
        })
    };
    load(setup.warm_up)?;
    load(setup.time)
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
    }
}
