//! Cost of many sources and mappings: the same load on a server with one of each and on one with a thousand, in
//! alternation.

use std::time::Instant;

use anyhow::Context as _;
use serde_json::json;

use crate::{
    interrupt,
    measure::{measure_maximum, progress},
    scenario::{self, Scenario},
    series::Series,
    server::Server,
    setup::Setup,
    table::{Line, Table, Target},
};

/// The results.
#[derive(Debug, Default)]
pub struct ManySources {
    /// Number of sources, and of mappings of the measured source.
    count: usize,
    /// Events per second with one source and one mapping.
    one: Series,
    /// Events per second with many.
    many: Series,
    /// Time to create one of the other sources, in milliseconds.
    creating: f64,
    /// Memory with one source before any load, in bytes.
    idle: u64,
    /// Memory with many sources before any load, in bytes.
    idle_many: u64,
}

/// Creates the sources, then measures.
pub fn run(setup: &Setup) -> anyhow::Result<ManySources> {
    let one = Server::start(setup.program(), Scenario::Mappings(1))?;
    let many = Server::start(setup.program(), Scenario::Mappings(setup.many))?;
    progress(&format!("creating {} sources", setup.many));
    let start = Instant::now();
    for n in 1..setup.many {
        interrupt::check()?;
        let key = format!("other-{n}");
        let source = scenario::source(&key, "segment", json!({}), Vec::new());
        many.create_source(&key, &source).with_context(|| format!("source {n} of {}", setup.many))?;
    }
    let others = setup.many.saturating_sub(1).max(1);
    let mut found = ManySources {
        count: setup.many,
        creating: start.elapsed().as_secs_f64() * 1e3 / others as f64,
        idle: one.process().usage().resident()?,
        idle_many: many.process().usage().resident()?,
        ..ManySources::default()
    };
    for round in 1..=setup.rounds {
        progress(&format!("{} sources, round {round} of {}", setup.many, setup.rounds));
        // The order alternates, so that neither always runs first.
        if round % 2 == 1 {
            found.one.push(measure_maximum(setup, &one)?.0);
            found.many.push(measure_maximum(setup, &many)?.0);
        } else {
            found.many.push(measure_maximum(setup, &many)?.0);
            found.one.push(measure_maximum(setup, &one)?.0);
        }
    }
    one.stop()?;
    many.stop()?;
    Ok(found)
}

impl ManySources {
    /// Adds the results to the table.
    pub fn add_to(&self, table: &mut Table) {
        let count = self.count;
        let megabytes = |bytes: u64| Series::from_iter([bytes as f64 / 1e6]);
        table.heading("With many sources and mappings, logged only", "÷ one");
        table.line(Line::new("one source with one mapping", "events/s", self.one.clone()));
        let line = Line::new(format!("{count} sources, {count} mappings of the one"), "events/s", self.many.clone());
        table.line(line.ratio(self.many.divided_by(&self.one)).target(Target::AtLeast(0.9)));
        table.line(Line::new("creating one of them", "ms", Series::from_iter([self.creating])));
        table.line(Line::new("memory with one, before any load", "MB", megabytes(self.idle)));
        table.line(Line::new(format!("memory with {count}, before any load"), "MB", megabytes(self.idle_many)));
    }
}
