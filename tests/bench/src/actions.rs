//! Processor time of each action: the same event with a mapping to it, against an event that is only logged.
//!
//! An action that takes something away is measured behind the one that makes it, in the same event.

use serde_json::{Value, json};

use crate::{
    measure::{measure_maximum, progress},
    scenario::Scenario,
    series::Series,
    server::Server,
    setup::Setup,
    table::{Line, Table},
};

/// An action, with the one before it in the same event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Action {
    name: &'static str,
    /// The action that makes what this one takes away.
    after: Option<&'static str>,
}

const ACTIONS: [Action; 3] = [
    Action { name: "users_identify", after: None },
    Action { name: "users_delete", after: Some("users_identify") },
    Action { name: "workflows_trigger", after: None },
];

impl Action {
    /// Returns the name of the action.
    pub fn name(self) -> &'static str {
        self.name
    }

    /// Returns the mappings of the measured source.
    pub fn mappings(self) -> Vec<Value> {
        self.after.into_iter().chain([self.name]).map(mapping).collect()
    }
}

/// Returns a mapping to an action. Every event is about a user of its own.
fn mapping(action: &str) -> Value {
    let parameters = match action {
        "workflows_trigger" => {
            json!({"key": "order", "recipients": {"id": "user_id"}})
        }
        _ => json!({}),
    };
    json!({"event_type": "Order Completed", "action_type": action, "action_parameters": parameters})
}

/// The processor time of one action, in microseconds per event at the maximum rate.
#[derive(Debug)]
pub struct ActionCost {
    action: Action,
    cpu: Series,
    /// Processor time of an event that is only logged, in the same rounds.
    logged: Series,
}

/// Measures every action, one after another, because many servers at once would share the memory.
pub fn run(setup: &Setup) -> anyhow::Result<Vec<ActionCost>> {
    let logged = Server::start(setup.program(), Scenario::Logged)?;
    let mut costs = Vec::new();
    for action in ACTIONS {
        let server = Server::start(setup.program(), Scenario::Action(action))?;
        let mut cost = ActionCost { action, cpu: Series::default(), logged: Series::default() };
        for round in 1..=setup.rounds {
            progress(&format!("{}, round {round} of {}", action.name, setup.rounds));
            // The order alternates, so that neither always runs first.
            for is_logged in [round % 2 == 0, round % 2 == 1] {
                let (server, series) = if is_logged { (&logged, &mut cost.logged) } else { (&server, &mut cost.cpu) };
                series.push(measure_maximum(setup, server)?.1.cpu());
            }
        }
        server.stop()?;
        costs.push(cost);
    }
    logged.stop()?;
    Ok(costs)
}

/// Adds the results to the table.
pub fn add_to(costs: &[ActionCost], table: &mut Table) {
    table.heading("Actions, server CPU of one event", "÷ logged");
    for ActionCost { action, cpu, logged } in costs {
        let what = match action.after {
            Some(after) => format!("{after} and {}", action.name),
            None => action.name.to_owned(),
        };
        table.line(Line::new(what, "µs", cpu.clone()).ratio(cpu.divided_by(logged)));
    }
}
