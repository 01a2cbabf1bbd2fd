//! `POST /v1/environments/{slug}/api_keys`

use axum::{Json, extract::State, http::StatusCode};
use inlet_core::time;
use inlet_engine::{
    Engine, change_log,
    snapshot::{hash_token, hint, new_api_key},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::find;
use crate::{auth::Operator, change::to_its_end, error::ApiError, path::Name};

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
    let created = to_its_end(async move {
        let _changing = engine.change().await?;
        let snapshot = engine.snapshot();
        let environment = find(&snapshot, &slug)?;
        let (key, author) = (new_api_key()?, operator.author());
        let log = change_log::api_key_created(author, &environment.slug, environment.id, &hint(&key));
        let record = engine.store.api_key_create(environment.id, hash_token(&key), hint(&key), log).await?;
        engine.reload().await?;
        tracing::info!(environment = slug, hint = record.hint, by = operator.name(), "an API key was created");
        let (id, created_at) = (record.id.to_string(), time::write_ms(record.created_at_ms));
        Ok(NewApiKey { id, key, environment: slug, hint: record.hint, created_at })
    })
    .await?;
    Ok((StatusCode::CREATED, Json(created)))
}
