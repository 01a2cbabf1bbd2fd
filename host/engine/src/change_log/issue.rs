//! Issues.

use inlet_core::Uuid;
use inlet_store::{Author, NewChange};

/// Returns the entry for a change of an issue's state. `before` and `after` are JSON objects.
pub fn issue_changed(
    author: Author,
    operation: &'static str,
    environment_id: i64,
    issue: Uuid,
    before: String,
    after: String,
) -> NewChange {
    NewChange {
        author,
        operation,
        resource: format!("issues/{issue}"),
        environment_id: Some(environment_id),
        before: Some(before),
        after: Some(after),
    }
}
