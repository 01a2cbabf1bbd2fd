//! Latency of a source with few events, alone and while another source of its environment sends as fast as it is answered.

use std::{sync::Arc, thread};

use anyhow::anyhow;
use serde_json::json;

use crate::{
    bare_handler,
    databases::Databases,
    generator::{
        Aim,
        closed::{self, Bounds, CONNECTIONS},
        open::{self, Schedule},
    },
    measure::{progress, start_bare},
    scenario::{self, Scenario},
    series::Series,
    server::{Program, Server},
    setup::Setup,
    table::{Line, Table, Target},
    template::Template,
};

/// Events per second of the quiet source.
const RATE: f64 = 50.0;

/// The results of the bare handler, or of a server on one kind of store. Latencies are in milliseconds.
#[derive(Debug)]
pub struct QuietSource {
    /// The store of the server. `None`: the bare handler, which shows what the machine alone does.
    store: Option<&'static str>,
    median_alone: Series,
    median_beside: Series,
    p99_alone: Series,
    p99_beside: Series,
    /// Events per second of the loud source, alone.
    loud_alone: Series,
    /// The same while the quiet source sends.
    loud_beside: Series,
}

/// Measures the bare handler and a server on each kind of store, in turns.
pub fn run(setup: &Setup) -> anyhow::Result<Vec<QuietSource>> {
    let databases = Arc::new(Databases::start());
    let directory = tempfile::tempdir_in(&setup.program().data)?;
    let bare = start_bare(directory.path())?;
    let mut of_bare = QuietSource::new(None);
    let in_file = Program { databases: None, ..setup.program().clone() };
    let on_server = Program { databases: Some(databases.clone()), ..in_file.clone() };
    let mut measured = Vec::new();
    for (store, program) in [("SQLite", in_file), ("PostgreSQL", on_server)] {
        let server = Server::start(&program, Scenario::Logged)?;
        let source = scenario::source("quiet", "segment", json!({}), Vec::new());
        let path = server.create_source("quiet", &source)?;
        let quiet = Aim { address: server.process().address, template: Template::new(&path, 1) };
        measured.push((server, quiet, QuietSource::new(Some(store))));
    }
    for round in 1..=setup.rounds {
        progress(&format!("a quiet source beside a loud one, round {round} of {}", setup.rounds));
        let aim = Aim { address: bare.address, template: Template::new(bare_handler::PATH, 1) };
        of_bare.measure(setup, &aim, &aim, &databases)?;
        for (server, quiet, found) in &mut measured {
            found.measure(setup, &server.aim(), quiet, &databases)?;
        }
    }
    bare.stop()?;
    let mut found = vec![of_bare];
    for (server, _, of_store) in measured {
        server.stop()?;
        found.push(of_store);
    }
    Ok(found)
}

impl QuietSource {
    fn new(store: Option<&'static str>) -> Self {
        let series = Series::default;
        Self {
            store,
            median_alone: series(),
            median_beside: series(),
            p99_alone: series(),
            p99_beside: series(),
            loud_alone: series(),
            loud_beside: series(),
        }
    }

    /// Measures the loud source alone, the quiet one alone, and both.
    fn measure(&mut self, setup: &Setup, loud: &Aim, quiet: &Aim, databases: &Databases) -> anyhow::Result<()> {
        let schedule = Schedule { rate: RATE, time: setup.time, warm_up: setup.warm_up };
        let time = Bounds::time(setup.warm_up + setup.time);
        self.loud_alone.push(closed::run(loud, CONNECTIONS[0], time)?.requests_per_second());
        databases.settle();
        let alone = open::run(quiet, schedule)?;
        let (loud, beside) = thread::scope(|scope| {
            let loud = scope.spawn(|| closed::run(loud, CONNECTIONS[0], time));
            let beside = open::run(quiet, schedule);
            Ok::<_, anyhow::Error>((loud.join().map_err(|_| anyhow!("the generator panicked"))??, beside?))
        })?;
        self.loud_beside.push(loud.requests_per_second());
        self.median_alone.push(alone.milliseconds(0.5));
        self.p99_alone.push(alone.milliseconds(0.99));
        self.median_beside.push(beside.milliseconds(0.5));
        self.p99_beside.push(beside.milliseconds(0.99));
        Ok(())
    }

    /// Adds the results to the table.
    pub fn add_to(&self, table: &mut Table) {
        let name = self.store.unwrap_or("the bare handler");
        table.heading(&format!("A quiet source on {name}, {RATE} events/s"), "÷ alone");
        table.line(Line::new("p50 alone", "ms", self.median_alone.clone()));
        let beside = Line::new("p50 while another source sends at full speed", "ms", self.median_beside.clone());
        table.line(beside.ratio(self.median_beside.divided_by(&self.median_alone)));
        table.line(Line::new("p99 alone", "ms", self.p99_alone.clone()));
        let beside = Line::new("p99 while another source sends at full speed", "ms", self.p99_beside.clone());
        let beside = beside.ratio(self.p99_beside.divided_by(&self.p99_alone));
        table.line(match self.store {
            Some(_) => beside.target(Target::AtMost(2.0)),
            None => beside,
        });
        table.line(Line::new("the other source alone", "events/s", self.loud_alone.clone()));
        let beside = Line::new("the other source beside it", "events/s", self.loud_beside.clone());
        table.line(beside.ratio(self.loud_beside.divided_by(&self.loud_alone)));
    }
}
