//! Entries about deliveries that an operator sends again or discards.

use inlet_store::{Author, Environment, NewChange};

/// Logs what an operator did with deliveries. `resource` is the path of those, `after` the request's JSON.
pub fn deliveries_changed(
    author: Author,
    operation: &'static str,
    environment: &Environment,
    resource: String,
    after: Option<String>,
) -> NewChange {
    NewChange { author, operation, resource, environment_id: Some(environment.id), before: None, after }
}
