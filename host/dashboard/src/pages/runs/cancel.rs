//! `POST /e/{environment}/runs/{id}/cancel`

use axum::{Form, extract::Path, http::Method};
use inlet_api_types::runs::{CanceledWorkflowRuns, WorkflowRun};
use serde::Deserialize;

use super::run_address;
use crate::{components::confirm, context::Page, error::PageResult, html::url_part, respond};

/// The form.
#[derive(Deserialize)]
pub struct CancelForm {
    confirm_name: String,
}

/// Cancels a run, once its workflow was typed.
pub async fn cancel(
    page: Page,
    Path((environment, id)): Path<(String, String)>,
    Form(form): Form<CancelForm>,
) -> PageResult {
    let (own, query) =
        (format!("/v1/workflow_runs/{}", url_part(&id)), format!("environment={}", url_part(&environment)));
    let run: WorkflowRun = page.get(&format!("{own}?{query}")).await?;
    confirm::check(&form.confirm_name, &run.workflow)?;
    let path = format!("{own}/cancel?{query}");
    page.call(Method::POST, &path, &[], None).await?.read::<CanceledWorkflowRuns>()?;
    Ok(respond::go_to(&page, &run_address(&environment, &id)))
}
