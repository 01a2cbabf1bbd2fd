//! `GET /e/{environment}/runs/{id}/recipients`: all recipients of a run, page by page.

use askama::Template;
use axum::extract::Path;
use inlet_api_types::runs::{WorkflowRunRecipient, WorkflowRunRecipients};

use super::{recipient_address, recipient_name, run_address};
use crate::{
    components::{Html, empty_state::empty_state, filter::Filters, outcome, pagination::pagination},
    context::Page,
    error::PageResult,
    html::url_part,
    layout::Layout,
    respond,
};

#[derive(Template)]
#[template(path = "pages/runs/recipients.html")]
struct RecipientsPage<'a> {
    layout: Layout<'a>,
    environment: String,
    run: String,
    filters: Filters,
    list: WorkflowRunRecipients,
}

impl RecipientsPage<'_> {
    fn recipient(&self, recipient: &WorkflowRunRecipient) -> (String, Option<String>) {
        (recipient_name(recipient), recipient_address(&self.environment, recipient))
    }

    fn badge(&self, recipient: &WorkflowRunRecipient) -> Html {
        outcome::run(recipient.status).html()
    }

    fn none(&self) -> Html {
        let text = "The trigger named no recipient that is known here, or its objects have no subscribers.";
        empty_state("No recipients", text, Some(("Back to the run", &self.run)))
    }

    fn pages(&self) -> Html {
        pagination(&self.filters, &self.list.page_info)
    }
}

/// Lists the recipients in the order in which the trigger named them.
pub async fn list(page: Page, Path((environment, id)): Path<(String, String)>) -> PageResult {
    let filters = Filters::of(&page.path, &page.query);
    let query = filters.to_query(&[("environment", &environment)]);
    let list: WorkflowRunRecipients =
        page.get(&format!("/v1/workflow_runs/{}/recipients?{query}", url_part(&id))).await?;
    let layout = Layout::new(&page, "Recipients")
        .under("Runs", format!("/e/{}/runs", url_part(&environment)))
        .under("Run", run_address(&environment, &id));
    let run = run_address(&environment, &id);
    Ok(respond::html(&RecipientsPage { layout, environment, run, filters, list }))
}
