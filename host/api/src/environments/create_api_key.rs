//! `POST /v1/environments/{slug}/api_keys`

use axum::{Json, extract::State, http::StatusCode};
use inlet_core::time;
use inlet_engine::{Engine, snapshot::new_api_key};
use serde::Serialize;
use utoipa::ToSchema;

use super::find;
use crate::{auth::Operator, error::ApiError, path::Name};

/// A new key. It is shown this once: only its hash is kept.
#[derive(Serialize, ToSchema)]
pub struct NewApiKey {
    /// By which it is deleted.
    id: String,
    /// The key: `sk_…`.
    key: String,
    /// Where it is good.
    environment: String,
    /// Its last four characters.
    hint: String,
    /// When it was created.
    #[schema(format = DateTime)]
    created_at: String,
}

/// Makes a key to an environment's users and workflow runs.
#[utoipa::path(
    post,
    path = "/v1/environments/{slug}/api_keys",
    operation_id = "createApiKey",
    tag = "environments",
    params(("slug" = String, Path, description = "The environment")),
    responses((status = 201, description = "The key, shown this once", body = NewApiKey)),
    security(("management_token" = [])),
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
