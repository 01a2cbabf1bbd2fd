//! `GET /e/{environment}/runs/{id}`

use askama::Template;
use axum::extract::Path;
use inlet_api::Scope;
use inlet_api_types::{
    RawJson,
    runs::{WorkflowRun, WorkflowRunRecipient, WorkflowRunStatus},
    search::SearchResults,
};

use super::{badge, recipient_address, recipient_name, run_address, value};
use crate::{
    components::{Html, confirm::confirm, copy, icon, json_tree::JsonTree, outcome, time},
    context::Page,
    error::PageResult,
    html::{self, url_part},
    layout::Layout,
    pages::{deliveries, event_address, source_place::SourcePlace, targets::new_target_address},
    respond,
};

#[derive(Template)]
#[template(path = "pages/runs/show.html", blocks = ["pane"])]
struct RunPage<'a> {
    layout: Layout<'a>,
    environment: String,
    run: WorkflowRun,
    /// The page of the mapping that made the run; none if no mapping did, or its source is not known.
    mapping: Option<String>,
    is_pane: bool,
}

impl RunPage<'_> {
    fn badge(&self) -> outcome::Badge {
        badge(&self.run)
    }

    fn own(&self) -> String {
        run_address(&self.environment, &self.run.id)
    }

    fn event(&self, id: &str) -> String {
        event_address(&self.environment, id)
    }

    fn of_workflow(&self) -> String {
        format!("/e/{}/workflows/{}", url_part(&self.environment), url_part(&self.run.workflow))
    }

    fn is_without_target(&self) -> bool {
        self.run.status == WorkflowRunStatus::Recorded
    }

    /// The form that cancels the run; none if it cannot be canceled, or not by this token.
    fn cancel(&self) -> Option<Html> {
        let can = self.run.cancellation_key.is_some() && self.run.status != WorkflowRunStatus::Canceled;
        (can && self.layout.page.can(Scope::Operate)).then(|| {
            let warning = "Every run of this workflow with the same cancellation key is cancelled. Deliveries that wait are \
                           not sent. A target that was told already is told of the cancellation, if its kind takes one; what \
                           its engine has sent to people by then cannot be taken back.";
            let action = format!("{}/cancel", self.own());
            confirm(&self.layout, "Cancel the run", warning, &self.run.workflow, &action)
        })
    }

    /// Why the run cannot be canceled, where that is not plain.
    fn why_no_cancel(&self) -> Option<&'static str> {
        let is_open = self.run.status != WorkflowRunStatus::Canceled;
        (is_open && self.run.cancellation_key.is_none()).then_some(
            "It cannot be cancelled: it was triggered without a cancellation key, so no engine knows what to cancel. \
             Deliveries that still wait can be discarded.",
        )
    }

    fn may_add_target(&self) -> bool {
        self.layout.page.can(Scope::Operate)
    }

    fn add_target(&self) -> String {
        new_target_address(&self.environment)
    }

    fn recipient(&self, recipient: &WorkflowRunRecipient) -> (String, Option<String>) {
        (recipient_name(recipient), recipient_address(&self.environment, recipient))
    }

    fn recipient_badge(&self, recipient: &WorkflowRunRecipient) -> Html {
        outcome::run(recipient.status).html()
    }

    fn more_recipients(&self) -> i64 {
        self.run.recipients_count.saturating_sub(self.run.recipients.len() as i64)
    }

    /// Returns the `data` or the `settings` of the run as a tree, whose rest is loaded on demand.
    fn whole(&self, json: &RawJson, of: &str, label: &str) -> Html {
        let parts = value::parts(&self.environment, &self.run.id, of);
        JsonTree::new(json.as_text(), label).loading(&parts).html()
    }

    fn tree(&self, json: &RawJson, label: &str) -> Html {
        JsonTree::new(json.as_text(), label).html()
    }

    fn deliveries(&self) -> Option<Html> {
        let deliveries = self.run.deliveries.as_deref().unwrap_or_default();
        (!deliveries.is_empty()).then(|| deliveries::table(&self.environment, deliveries))
    }

    fn all_deliveries(&self) -> String {
        format!("/e/{}/deliveries?workflow_run_id={}", url_part(&self.environment), url_part(&self.run.id))
    }
}

/// Returns the page of the mapping that made a run. Its source is that of the event, which the search names.
async fn mapping_page(page: &Page, environment: &str, run: &WorkflowRun) -> Option<String> {
    let mapping = run.mapping_id.as_ref()?;
    let (slug, event) = (url_part(environment), url_part(&run.source_event_id));
    let found: SearchResults = page.get(&format!("/v1/search?environment={slug}&q={event}")).await.ok()?;
    let source = found.entries.into_iter().find(|result| result.kind == "event")?.source?;
    Some(SourcePlace::new(environment, source).page(&format!("mappings/{}", url_part(mapping))))
}

/// Shows a run, as a page or in the pane of the list.
pub async fn show(page: Page, Path((environment, id)): Path<(String, String)>) -> PageResult {
    let path = format!("/v1/workflow_runs/{}?environment={}", url_part(&id), url_part(&environment));
    let run: WorkflowRun = page.get(&path).await?;
    let layout = Layout::new(&page, run.workflow.clone()).under("Runs", format!("/e/{}/runs", url_part(&environment)));
    let is_pane = page.fills("pane");
    let mapping = mapping_page(&page, &environment, &run).await;
    let view = RunPage { layout, environment, run, mapping, is_pane };
    Ok(if is_pane { respond::html(&view.as_pane()) } else { respond::html(&view) })
}
