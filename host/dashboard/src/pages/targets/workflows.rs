//! `GET /e/{environment}/targets/{key}/workflows`: the workflows of the target's engine. A part of the target's page, because
//! the engine may take its time.

use askama::Template;
use axum::extract::Path;
use inlet_api_types::targets::TargetWorkflows;

use super::api_path;
use crate::{components::time, context::Page, error::PageResult, html::url_part, layout::Layout, respond};

#[derive(Template)]
#[template(path = "pages/targets/workflows.html", blocks = ["workflows"])]
struct WorkflowsPage<'a> {
    layout: Layout<'a>,
    environment: &'a str,
    workflows: TargetWorkflows,
}

/// Lists the workflows, as a part of the target's page or as a page of its own.
pub async fn list(page: Page, Path((environment, key)): Path<(String, String)>) -> PageResult {
    let workflows = page.get(&api_path(&environment, &key, "/workflows")).await?;
    let layout = Layout::new(&page, "Workflows of the engine")
        .under("Targets", format!("/e/{}/targets", url_part(&environment)))
        .under(key.clone(), super::target_address(&environment, &key));
    let view = WorkflowsPage { layout, environment: &environment, workflows };
    Ok(if page.is_partial { respond::html(&view.as_workflows()) } else { respond::html(&view) })
}
