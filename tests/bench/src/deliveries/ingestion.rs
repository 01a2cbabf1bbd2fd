//! Executed events beside deliveries: without a target, with one whose receiver answers, and with one whose receiver hangs.

use std::{thread, time::Duration};

use serde_json::json;

use super::{
    receiver::{received, start_hanging, url},
    target::WebhookTarget,
};
use crate::{
    generator::closed::{self, Bounds, CONNECTIONS},
    measure::{measure_maximum, progress},
    process::Process,
    scenario::Scenario,
    series::Series,
    server::Server,
    setup::Setup,
    table::{Line, Table, Target},
};

const TARGET: WebhookTarget = WebhookTarget::named("crm");
/// The time in which what is under way ends after a pause.
const SETTLE: Duration = Duration::from_millis(300);

/// The results.
#[derive(Debug, Default)]
pub struct Ingestion {
    /// Events per second without a target.
    without: Series,
    /// With one whose receiver answers.
    answering: Series,
    /// Deliveries per second to it meanwhile.
    delivered: Series,
    /// With one whose receiver hangs.
    hanging: Series,
}

/// A server, and what its target does.
enum Case {
    Without,
    Answering,
    Hanging,
}

/// Measures all three in turns.
pub fn run(setup: &Setup, bare: &Process) -> anyhow::Result<Ingestion> {
    let mut servers = Vec::new();
    for (case, url) in
        [(Case::Without, None), (Case::Answering, Some(url(bare))), (Case::Hanging, Some(start_hanging()?))]
    {
        let server = Server::start(setup.program(), Scenario::Executed)?;
        if let Some(url) = &url {
            TARGET.put(&server, url, false, &json!({}))?;
        }
        servers.push((case, server));
    }
    let mut found = Ingestion::default();
    for round in 1..=setup.rounds {
        progress(&format!("executed events beside deliveries, round {round} of {}", setup.rounds));
        for (case, server) in &servers {
            found.measure(setup, case, server, bare)?;
        }
        // The order changes, so that none always runs first.
        servers.rotate_left(1);
    }
    servers.into_iter().try_for_each(|(_, server)| server.stop())?;
    Ok(found)
}

impl Ingestion {
    fn measure(&mut self, setup: &Setup, case: &Case, server: &Server, bare: &Process) -> anyhow::Result<()> {
        if matches!(case, Case::Without) {
            self.without.push(measure_maximum(setup, server)?.0);
            return Ok(());
        }
        TARGET.resume(server)?;
        closed::run(&server.aim(), CONNECTIONS[0], Bounds::time(setup.warm_up))?;
        let before = received(bare)?;
        let rate = measure_maximum(setup, server)?.0;
        let delivered = (received(bare)? - before) as f64 / (setup.warm_up + setup.time).as_secs_f64();
        // What is left waits until the next round, so that it does not disturb the others.
        TARGET.pause(server)?;
        thread::sleep(SETTLE);
        match case {
            Case::Hanging => self.hanging.push(rate),
            _ => {
                self.answering.push(rate);
                self.delivered.push(delivered);
            }
        }
        Ok(())
    }

    /// Adds the results to the table.
    pub fn add_to(&self, table: &mut Table) {
        table.heading("Executed events beside deliveries, 64 connections", "÷ without");
        table.line(Line::new("without a target", "events/s", self.without.clone()));
        let mut line = |what: &str, series: &Series, least: f64| {
            let line = Line::new(what, "events/s", series.clone());
            table.line(line.ratio(series.divided_by(&self.without)).target(Target::AtLeast(least)));
        };
        line("with a webhook target", &self.answering, 0.85);
        line("with a target that hangs", &self.hanging, 0.9);
        table.line(Line::new("deliveries to the webhook target meanwhile", "deliveries/s", self.delivered.clone()));
    }
}
