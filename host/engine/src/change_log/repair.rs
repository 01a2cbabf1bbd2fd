//! Entries about the repair of what failed, was rejected or was refused.

use inlet_store::{Author, NewChange};

use crate::snapshot::Endpoint;

/// Logs a repair in one source environment. `resource` is its path below the source, `after` the request's JSON.
pub fn repaired(
    author: Author,
    endpoint: &Endpoint,
    operation: &'static str,
    resource: &str,
    after: Option<String>,
) -> NewChange {
    NewChange {
        author,
        operation,
        resource: format!("sources/{}/{resource}", endpoint.source),
        environment_id: Some(endpoint.environment_id),
        before: None,
        after,
    }
}
