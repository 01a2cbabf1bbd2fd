//! Cost of verification: the same requests with the same credential, with and without verification, in alternation.

use crate::{
    measure::{measure_maximum, progress},
    scenario::{Scenario, Scheme},
    series::Series,
    server::Server,
    setup::Setup,
    table::{Line, Table},
};

/// The schemes, with their names in the table.
const SCHEMES: [(Scheme, &str); 2] =
    [(Scheme::Signature, "HMAC-SHA1 of the body"), (Scheme::SharedSecret, "a shared secret")];

/// Results of one scheme. CPU time is the server's, in microseconds per event, at the maximum rate.
#[derive(Debug)]
pub struct Verified {
    what: &'static str,
    /// CPU time without verification.
    open: Series,
    /// CPU time with enforced verification.
    enforced: Series,
    /// Wall time of the verification itself, in microseconds per event.
    stage: Series,
}

/// Measures every scheme.
pub fn run(setup: &Setup) -> anyhow::Result<Vec<Verified>> {
    let start = |scheme, enforced| Server::start(setup.program(), Scenario::Credential { scheme, enforced });
    let mut servers = Vec::new();
    for (scheme, what) in SCHEMES {
        let found = Verified { what, open: Series::default(), enforced: Series::default(), stage: Series::default() };
        servers.push((start(scheme, false)?, start(scheme, true)?, found));
    }
    for round in 1..=setup.rounds {
        progress(&format!("verification, round {round} of {}", setup.rounds));
        for (open, enforced, found) in &mut servers {
            // The order alternates, so that neither always runs first.
            for is_enforced in [round % 2 == 0, round % 2 == 1] {
                let (_, costs) = measure_maximum(setup, if is_enforced { enforced } else { open })?;
                if is_enforced {
                    found.enforced.push(costs.cpu());
                    found.stage.push(costs.stage("verify").unwrap_or_default());
                } else {
                    found.open.push(costs.cpu());
                }
            }
        }
    }
    servers
        .into_iter()
        .map(|(open, enforced, found)| {
            open.stop()?;
            enforced.stop()?;
            Ok(found)
        })
        .collect()
}

/// Adds the results to the table.
pub fn add_to(found: &[Verified], table: &mut Table) {
    table.heading("Verification, one event, logged only, at the maximum", "÷ without");
    for Verified { what, open, enforced, stage } in found {
        table.line(Line::new(format!("{what}, not looked at: server CPU"), "µs", open.clone()));
        let line = Line::new(format!("{what}, enforced: server CPU"), "µs", enforced.clone());
        table.line(line.ratio(enforced.divided_by(open)));
        table.line(Line::new(format!("{what}: the difference"), "µs", enforced.minus(open)));
        table.line(Line::new(format!("{what}: stage verify (wall)"), "µs", stage.clone()));
    }
}
