//! `POST /v1/environments/{slug}/api_keys`

use axum::{Json, extract::State, http::StatusCode};
use inlet_core::time;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    api::{auth::Operator, change::to_its_end, error::ApiError, path::Name},
    app::App,
    configuration::{hash_token, new_api_key},
};

/// Characters of a key that are kept, by which a person tells keys apart.
const HINT: usize = 4;

/// A new key. It is shown this once: only its hash is kept.
#[derive(Serialize, ToSchema)]
pub struct NewApiKey {
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
    _: Operator,
    State(app): State<App>,
    Name(slug): Name,
) -> Result<(StatusCode, Json<NewApiKey>), ApiError> {
    let created = to_its_end(async move {
        let _changing = app.change().await;
        let configuration = app.configuration();
        let environment = configuration.environment(&slug).ok_or_else(|| {
            ApiError::not_found(format!("there is no environment {slug:?}; GET /v1/environments lists those there are"))
        })?;
        let key = new_api_key()?;
        let hint = key[key.len() - HINT..].to_owned();
        let record = app.store.api_key_create(environment.id, hash_token(&key), hint).await?;
        app.reload().await?;
        tracing::info!(environment = slug, hint = record.hint, "an API key was created");
        Ok(NewApiKey { key, environment: slug, hint: record.hint, created_at: time::write_ms(record.created_at_ms) })
    })
    .await?;
    Ok((StatusCode::CREATED, Json(created)))
}
