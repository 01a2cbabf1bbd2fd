//! `POST /v1/environments/{slug}/api_keys`

use axum::{Json, extract::State, http::StatusCode};
use inlet_api_types::environments::NewApiKey;
use inlet_core::time;
use inlet_engine::{Engine, snapshot::new_api_key};

use super::find;
use crate::{auth::Operator, error::ApiError, path::Name};

/// Creates an API key, which gives access to the users and workflow runs of an environment.
#[utoipa::path(
    post,
    path = "/v1/environments/{slug}/api_keys",
    operation_id = "createApiKey",
    tag = "environments",
    params(("slug" = String, Path, description = "The environment")),
    responses((status = 201, description = "The key, shown this once", body = NewApiKey)),
)]
pub async fn create_api_key(
    operator: Operator,
    State(engine): State<Engine>,
    Name(slug): Name,
) -> Result<(StatusCode, Json<NewApiKey>), ApiError> {
    let created = engine
        .configure(operator.author(), |change| async move {
            let snapshot = change.snapshot();
            let environment = find(&snapshot, &slug)?;
            let key = new_api_key()?;
            let record = change.create_api_key(environment, &key).await?;
            tracing::info!(environment = slug, hint = record.hint, by = operator.name(), "an API key was created");
            let (id, created_at) = (record.id.to_string(), time::write_ms(record.created_at_ms));
            Ok::<_, ApiError>(NewApiKey { id, key, environment: slug, hint: record.hint, created_at })
        })
        .await?;
    Ok((StatusCode::CREATED, Json(created)))
}
