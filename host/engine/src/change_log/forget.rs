//! Requests to forget a user.

use inlet_store::{Author, NewChange};

/// An operator asked to forget a user. The entry names the request, not the user.
pub fn user_forgotten(author: Author, environment_id: i64) -> NewChange {
    NewChange {
        author,
        operation: "forgetUser",
        resource: "forget_requests/{id}".to_owned(),
        environment_id: Some(environment_id),
        before: None,
        after: None,
    }
}
