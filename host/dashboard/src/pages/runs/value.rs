//! `GET /e/{environment}/runs/{id}/value`: a part of the large data or settings of a run, or the whole as a download.

use axum::extract::{Path, Query};
use inlet_api_types::runs::WorkflowRun;
use serde::Deserialize;

use super::run_address;
use crate::{
    context::Page,
    error::PageResult,
    html::url_part,
    layout::Layout,
    pages::json_value::{self, ValueQuery, Whole},
};

/// The text of which a part is shown.
#[derive(Debug, Default, Deserialize)]
pub struct OfQuery {
    /// `settings`, or the data.
    of: Option<String>,
}

/// Returns the address of the parts of a run's `data` or `settings`, which ends before the pointer.
pub fn parts(environment: &str, id: &str, of: &str) -> String {
    format!("{}/value?of={of}&pointer=", run_address(environment, id))
}

/// Shows the value at a JSON pointer of the data or the settings.
pub async fn show(
    page: Page,
    Path((environment, id)): Path<(String, String)>,
    Query(of): Query<OfQuery>,
    Query(query): Query<ValueQuery>,
) -> PageResult {
    let path = format!("/v1/workflow_runs/{}?environment={}", url_part(&id), url_part(&environment));
    let run: WorkflowRun = page.get(&path).await?;
    let (text, name) = match of.of.as_deref() {
        Some("settings") => (run.settings.as_ref(), "settings"),
        _ => (run.data.as_ref(), "data"),
    };
    let (parts, back) = (parts(&environment, &id, name), run_address(&environment, &id));
    let layout = Layout::new(&page, "Value")
        .under("Runs", format!("/e/{}/runs", url_part(&environment)))
        .under(run.workflow.clone(), back.clone());
    let text = text.map(|text| text.as_text());
    let whole = Whole { text, name, parts: &parts, back: &back, back_label: "Back to the run" };
    json_value::answer(&page, layout, &whole, &query)
}
