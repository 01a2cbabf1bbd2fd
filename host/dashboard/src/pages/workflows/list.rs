//! `GET /e/{environment}/workflows`

use askama::Template;
use axum::extract::Path;
use inlet_api_types::workflows::{Workflow, WorkflowList};

use super::address;
use crate::{
    components::{Html, empty_state::empty_state, outcome, time},
    context::Page,
    error::PageResult,
    html::{self, url_part},
    layout::Layout,
    respond,
};

/// The triggers of a workflow that the list names.
const TRIGGERS: usize = 3;

#[derive(Template)]
#[template(path = "pages/workflows/list.html")]
struct ListPage<'a> {
    layout: Layout<'a>,
    environment: &'a str,
    list: WorkflowList,
}

impl ListPage<'_> {
    fn href(&self, workflow: &Workflow) -> String {
        address(self.environment, &workflow.key)
    }

    fn tone(&self, workflow: &Workflow) -> &'static str {
        let badge = if workflow.has_no_target { outcome::without_target() } else { outcome::delivery("delivered") };
        badge.tone.as_str()
    }

    fn more(&self, workflow: &Workflow) -> usize {
        workflow.triggers.len().saturating_sub(TRIGGERS)
    }

    fn empty(&self) -> Html {
        empty_state(
            "No workflows yet",
            "A mapping that triggers a workflow makes it appear here, with its targets and its runs.",
            Some(("Sources", "/sources")),
        )
    }
}

/// Lists the workflows of an environment.
pub async fn list(page: Page, Path(environment): Path<String>) -> PageResult {
    let list: WorkflowList = page.get(&format!("/v1/workflows?environment={}", url_part(&environment))).await?;
    Ok(respond::html(&ListPage { layout: Layout::new(&page, "Workflows"), environment: &environment, list }))
}
