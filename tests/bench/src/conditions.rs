//! Cost of conditions: the same load on a server with one mapping of the event's type and on one with a thousand, of which
//! one has a condition that holds.

use crate::{
    measure::{measure_maximum, progress},
    scenario::Scenario,
    series::Series,
    server::Server,
    setup::Setup,
    table::{Line, Table, Target},
};

/// The results.
#[derive(Debug)]
pub struct Conditions {
    /// Number of mappings.
    count: usize,
    /// Events per second with one mapping.
    one: Series,
    /// Events per second with many.
    many: Series,
}

/// Measures both servers in turns.
pub fn run(setup: &Setup) -> anyhow::Result<Conditions> {
    let one = Server::start(setup.program(), Scenario::Conditions(1))?;
    let many = Server::start(setup.program(), Scenario::Conditions(setup.many))?;
    let mut found = Conditions { count: setup.many, one: Series::default(), many: Series::default() };
    for round in 1..=setup.rounds {
        progress(&format!("{} conditions, round {round} of {}", setup.many, setup.rounds));
        // The order alternates, so that neither always runs first.
        for is_many in [round % 2 == 0, round % 2 == 1] {
            let (server, series) = if is_many { (&many, &mut found.many) } else { (&one, &mut found.one) };
            series.push(measure_maximum(setup, server)?.0);
        }
    }
    one.stop()?;
    many.stop()?;
    Ok(found)
}

impl Conditions {
    /// Adds the results to the table.
    pub fn add_to(&self, table: &mut Table) {
        table.heading("Mappings with conditions on one event type, executed", "÷ one");
        table.line(Line::new("one mapping", "events/s", self.one.clone()));
        let line = Line::new(format!("{} mappings, one matches", self.count), "events/s", self.many.clone());
        table.line(line.ratio(self.many.divided_by(&self.one)).target(Target::AtLeast(0.5)));
    }
}
