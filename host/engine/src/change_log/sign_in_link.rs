//! Entries about links that sign in to the dashboard.

use inlet_core::{json, time};
use inlet_store::{Author, NewChange};

/// Logs that a link was made with its author's token. It is good until `until_ms`, in milliseconds since 1970.
pub fn sign_in_link_created(author: Author, until_ms: i64) -> NewChange {
    NewChange {
        author,
        operation: "createSignInLink",
        resource: "sign_in_links".to_owned(),
        environment_id: None,
        before: None,
        after: Some(json::object([("expires_at", json::quote(&time::write_ms(until_ms)).as_str())])),
    }
}
