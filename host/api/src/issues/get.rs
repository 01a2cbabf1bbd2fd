//! `GET /v1/issues/{id}`

use axum::{Json, extract::State};
use inlet_api_types::issues::Issue;
use inlet_engine::Engine;

use super::response::Names;
use crate::{auth::Operator, error::ApiError, path::Name};

/// Returns an issue.
#[utoipa::path(
    get,
    path = "/v1/issues/{id}",
    operation_id = "getIssue",
    tag = "repair",
    params(("id" = String, Path, description = "The issue")),
    responses((status = 200, description = "The issue", body = Issue)),
)]
pub async fn get_issue(
    operator: Operator,
    State(engine): State<Engine>,
    Name(id): Name,
) -> Result<Json<Issue>, ApiError> {
    let issue = super::find(&operator, &engine, &id).await?;
    let missing = || ApiError::not_found(format!("there is no issue {id:?}; its source was deleted"));
    Names::of(&engine.snapshot()).issue(issue).map(Json).ok_or_else(missing)
}
