//! Processor time of each action: the same event with a mapping to it, against an event that is only logged.
//!
//! An action that needs something is measured with the actions that make it, in the same event.

use serde_json::{Value, json};

use crate::{
    measure::{measure_maximum, progress},
    scenario::Scenario,
    series::Series,
    server::Server,
    setup::Setup,
    table::{Line, Table},
};

/// An action, with those that the same event carries out beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Action {
    name: &'static str,
    /// The actions that make what this one needs.
    after: &'static [&'static str],
}

const ACTIONS: [Action; 12] = [
    Action { name: "users_identify", after: &[] },
    Action { name: "users_delete", after: &["users_identify"] },
    Action { name: "objects_set", after: &[] },
    Action { name: "objects_delete", after: &["objects_set"] },
    Action { name: "tenants_set", after: &[] },
    Action { name: "tenants_delete", after: &["tenants_set"] },
    Action { name: "objects_subscribe", after: &["objects_set"] },
    Action { name: "objects_unsubscribe", after: &["objects_set", "objects_subscribe"] },
    Action { name: "audiences_add_member", after: &[] },
    Action { name: "audiences_remove_member", after: &["audiences_add_member"] },
    Action { name: "workflows_trigger", after: &[] },
    Action { name: "workflows_cancel", after: &["workflows_trigger"] },
];

impl Action {
    /// Returns the name of the action.
    pub fn name(self) -> &'static str {
        self.name
    }

    /// Returns the mappings of the measured source.
    pub fn mappings(self) -> Vec<Value> {
        self.after.iter().chain([&self.name]).map(|action| mapping(action)).collect()
    }
}

/// Returns a mapping to an action. Every event is about a user of its own.
fn mapping(action: &str) -> Value {
    let parameters = match action {
        "objects_set" => json!({"collection": "orders", "id": "user_id", "properties": "data"}),
        "objects_delete" => json!({"collection": "orders", "id": "user_id"}),
        "tenants_set" => json!({"id": "user_id", "properties": "data"}),
        "tenants_delete" => json!({"id": "user_id"}),
        "objects_subscribe" | "objects_unsubscribe" => {
            json!({"collection": "orders", "id": "user_id", "recipients": {"id": "user_id"}})
        }
        "audiences_add_member" | "audiences_remove_member" => json!({"key": "customers", "user_id": {"id": "user_id"}}),
        // Each event cancels the run of the one before it.
        "workflows_trigger" => {
            json!({"key": "order", "recipients": {"id": "user_id"}, "cancellation_key": {"value": "last"}})
        }
        "workflows_cancel" => json!({"key": "order", "cancellation_key": {"value": "last"}}),
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

/// Measures every action, one after another, because twelve servers at once would share the memory.
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
        let actions: Vec<&str> = action.after.iter().copied().chain([action.name]).collect();
        let what = actions.join(" + ");
        table.line(Line::new(what, "µs", cpu.clone()).ratio(cpu.divided_by(logged)));
    }
}
