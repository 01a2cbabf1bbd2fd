//! Changes of a user with many properties: each `identify` changes one member deep in 200 KB.

use crate::{
    generator::closed::{self, Bounds},
    http,
    measure::progress,
    observe,
    scenario::Scenario,
    series::Series,
    server::Server,
    setup::Setup,
    table::{Line, Table},
    template::{MARK, Template},
};

/// Members of the user's properties.
const MEMBERS: usize = 2000;
/// Open connections.
const CONNECTIONS: usize = 8;

/// Returns an `identify` that changes one member.
pub fn template(path: &str) -> Template {
    let body = format!(r#"{{"type":"identify","userId":"large","traits":{{"member_7":{{"deep":{{"n":"{MARK}"}}}}}}}}"#);
    Template::of(path, &body, 1)
}

/// Returns an `identify` with all properties, 200 KB.
fn whole(path: &str) -> Template {
    let member = |n: usize| format!(r#""member_{n}":{{"deep":{{"n":"{n}","text":"{}"}}}}"#, "x".repeat(60));
    let traits: Vec<String> = (0..MEMBERS).map(member).collect();
    let body = format!(r#"{{"type":"identify","userId":"large","traits":{{{}}}}}"#, traits.join(","));
    Template::of(path, &body, 1)
}

/// The results.
#[derive(Debug, Default)]
pub struct LargeUser {
    /// Changes per second.
    rate: Series,
    /// Processor time, in microseconds per change.
    cpu: Series,
}

/// Stores the user, then measures.
pub fn run(setup: &Setup) -> anyhow::Result<LargeUser> {
    let server = Server::start(setup.program(), Scenario::LargeUser)?;
    let mut buffer = http::ResponseBuffer::new();
    http::exchange(&mut http::connect(server.aim().address)?, whole(server.path()).next(), &mut buffer)?;
    let mut found = LargeUser::default();
    for round in 1..=setup.rounds {
        progress(&format!("a large user, round {round} of {}", setup.rounds));
        let load = |aim: &_| closed::run(aim, CONNECTIONS, Bounds::time(setup.time));
        let (done, costs) = observe::load(&server, load, |done| done.requests)?;
        found.rate.push(done.requests_per_second());
        found.cpu.push(costs.cpu());
    }
    server.stop()?;
    Ok(found)
}

impl LargeUser {
    /// Adds the results to the table.
    pub fn add_to(&self, table: &mut Table) {
        table.heading(&format!("Deep merges into one user of 200 KB, over {CONNECTIONS} connections"), "");
        table.line(Line::new("identify events", "events/s", self.rate.clone()));
        table.line(Line::new("server CPU", "µs/event", self.cpu.clone()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_has_the_size_that_is_promised() {
        let bytes = whole("/").next().len();
        assert!((195_000..256_000).contains(&bytes), "{bytes}");
    }
}
