//! Triggers with a thousand recipients that are given with their properties.

use std::fmt::Write as _;

use crate::{
    generator::closed::{self, Bounds},
    measure::progress,
    observe,
    scenario::Scenario,
    series::Series,
    server::Server,
    setup::Setup,
    table::{Line, Table},
    template::{MARK, Template},
};

/// Recipients of one trigger, the most that there may be.
pub const RECIPIENTS: usize = 1000;
/// Open connections: a few saturate the server with such requests.
const CONNECTIONS: usize = 8;

/// Recipients of a trigger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The same in every trigger.
    Known,
    /// Others in every trigger.
    New,
}

impl Kind {
    /// Returns the name of the source.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Known => "known-recipients",
            Kind::New => "new-recipients",
        }
    }

    /// Returns a track call with the recipients.
    pub fn template(self, path: &str) -> Template {
        let mut recipients = String::new();
        for n in 0..RECIPIENTS {
            let id = match self {
                Kind::Known => format!("u_{n}"),
                Kind::New => format!("u_{MARK}"),
            };
            let comma = if n > 0 { "," } else { "" };
            let _ = write!(
                recipients,
                r#"{comma}{{"id":"{id}","name":"User {n}","email":"user.{n}@example.com","plan":"pro"}}"#
            );
        }
        let body = format!(
            r#"{{"type":"track","event":"Order Completed","userId":"u","properties":{{"recipients":[{recipients}]}}}}"#
        );
        Template::of(path, &body, 1)
    }
}

/// Triggers per second of each kind.
#[derive(Debug, Default)]
pub struct Recipients {
    known: Series,
    new: Series,
}

/// Measures both kinds in turns.
pub fn run(setup: &Setup) -> anyhow::Result<Recipients> {
    let known = Server::start(setup.program(), Scenario::Recipients(Kind::Known))?;
    let new = Server::start(setup.program(), Scenario::Recipients(Kind::New))?;
    let mut found = Recipients::default();
    for round in 1..=setup.rounds {
        progress(&format!("{RECIPIENTS} recipients, round {round} of {}", setup.rounds));
        for (server, series) in [(&known, &mut found.known), (&new, &mut found.new)] {
            let load = |aim: &_| closed::run(aim, CONNECTIONS, Bounds::time(setup.time));
            let (done, _) = observe::load(server, load, |done| done.requests)?;
            series.push(done.requests_per_second());
        }
    }
    known.stop()?;
    new.stop()?;
    Ok(found)
}

impl Recipients {
    /// Adds the results to the table.
    pub fn add_to(&self, table: &mut Table) {
        table.heading(&format!("Triggers with {RECIPIENTS} inline recipients, over {CONNECTIONS} connections"), "");
        table.line(Line::new("the same recipients", "triggers/s", self.known.clone()));
        table.line(Line::new("new recipients", "triggers/s", self.new.clone()));
    }
}
