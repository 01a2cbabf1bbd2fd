//! Entries about workflow runs that an operator makes or cancels.

use inlet_store::{Author, Environment, NewChange};

/// Logs what an operator did with a run. `resource` is the path of the run or of the target that it is for.
pub fn workflow_run_changed(
    author: Author,
    operation: &'static str,
    environment: &Environment,
    resource: String,
) -> NewChange {
    NewChange { author, operation, resource, environment_id: Some(environment.id), before: None, after: None }
}
