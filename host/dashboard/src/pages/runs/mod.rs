//! `/e/{environment}/runs`: what triggers asked for.

mod cancel;
mod list;
mod recipients;
mod show;
mod value;

use axum::{
    Router,
    routing::{get, post},
};
use inlet_api_types::runs::{WorkflowRun, WorkflowRunRecipient, WorkflowRunStatus};

use crate::{components::outcome, html::url_part, state::Dashboard};

/// The routes of this page.
pub fn routes() -> Router<Dashboard> {
    Router::new()
        .route("/e/{environment}/runs", get(list::list))
        .route("/e/{environment}/runs/{id}", get(show::show))
        .route("/e/{environment}/runs/{id}/cancel", post(cancel::cancel))
        .route("/e/{environment}/runs/{id}/recipients", get(recipients::list))
        .route("/e/{environment}/runs/{id}/value", get(value::show))
}

/// The page of a run.
pub fn run_address(environment: &str, id: &str) -> String {
    format!("/e/{}/runs/{}", url_part(environment), url_part(id))
}

/// The badge of a run, with how many of its deliveries arrived.
fn badge(run: &WorkflowRun) -> outcome::Badge {
    let counts = run.delivery_counts;
    let all = counts.pending + counts.retrying + counts.delivered + counts.dead + counts.canceled;
    let badge = outcome::run(run.status);
    match (run.status, all) {
        (WorkflowRunStatus::Recorded, _) | (_, 0 | 1) => badge,
        _ => badge.with_detail(&format!("{}/{all}", counts.delivered)),
    }
}

/// A recipient as people read it: the id, or `collection/id`.
fn recipient_name(recipient: &WorkflowRunRecipient) -> String {
    match &recipient.collection {
        None => recipient.id.clone(),
        Some(collection) => format!("{collection}/{}", recipient.id),
    }
}

/// The page of a recipient; none if its id is hidden.
fn recipient_address(environment: &str, recipient: &WorkflowRunRecipient) -> Option<String> {
    let (environment, id) = (url_part(environment), url_part(&recipient.id));
    match &recipient.collection {
        _ if recipient.id == HIDDEN => None,
        None => Some(format!("/e/{environment}/users/{id}")),
        Some(collection) => Some(format!("/e/{environment}/objects/{}/{id}", url_part(collection))),
    }
}

/// The sign that the API shows in place of a text that an environment hides.
const HIDDEN: &str = "…";
