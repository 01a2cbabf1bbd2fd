//! `POST /e/{environment}/targets/{key}/state`

use axum::{Form, extract::Path, http::Method};
use inlet_api_types::targets::Target;
use serde::Deserialize;

use super::{api_path, target_address};
use crate::{context::Page, error::PageError, error::PageResult, respond};

/// The form.
#[derive(Deserialize)]
pub struct StateForm {
    /// `pause`, `resume` or `enable`.
    change: String,
}

/// Pauses, resumes or enables a target.
pub async fn change_state(
    page: Page,
    Path((environment, key)): Path<(String, String)>,
    Form(form): Form<StateForm>,
) -> PageResult {
    let operation = match form.change.as_str() {
        "pause" => "/pause",
        "resume" => "/resume",
        "enable" => "/enable",
        other => {
            let message = format!("found {other:?}, expected pause, resume or enable");
            return Err(PageError::new(axum::http::StatusCode::UNPROCESSABLE_ENTITY, message));
        }
    };
    page.call(Method::POST, &api_path(&environment, &key, operation), &[], None).await?.read::<Target>()?;
    Ok(respond::go_to(&page, &target_address(&environment, &key)))
}
