//! `POST /e/{environment}/runs/{id}/cancel`

use axum::{Form, extract::Path, http::Method};
use inlet_api_types::runs::CanceledWorkflowRuns;
use serde::Deserialize;

use super::run_address;
use crate::{components::confirm, context::Page, error::PageResult, html::url_part, respond};

/// The form.
#[derive(Deserialize)]
pub struct CancelForm {
    confirm_name: String,
    /// The workflow, which was to be typed.
    workflow: String,
}

/// Cancels a run, once its workflow was typed.
pub async fn cancel(
    page: Page,
    Path((environment, id)): Path<(String, String)>,
    Form(form): Form<CancelForm>,
) -> PageResult {
    confirm::check(&form.confirm_name, &form.workflow)?;
    let path = format!("/v1/workflow_runs/{}/cancel?environment={}", url_part(&id), url_part(&environment));
    page.call(Method::POST, &path, &[], None).await?.read::<CanceledWorkflowRuns>()?;
    Ok(respond::go_to(&page, &run_address(&environment, &id)))
}
