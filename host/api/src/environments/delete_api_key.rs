//! `DELETE /v1/environments/{slug}/api_keys/{id}`

use axum::{extract::State, http::StatusCode};
use inlet_engine::Engine;

use super::find;
use crate::{auth::Operator, error::ApiError, path::TwoNames};

/// Deletes an API key. Requests with it are refused from now on.
#[utoipa::path(
    delete,
    path = "/v1/environments/{slug}/api_keys/{id}",
    operation_id = "deleteApiKey",
    tag = "environments",
    params(
        ("slug" = String, Path, description = "The environment"),
        ("id" = String, Path, description = "The key's id; GET lists them"),
    ),
    responses((status = 204, description = "It is deleted")),
)]
pub async fn delete_api_key(
    operator: Operator,
    State(engine): State<Engine>,
    TwoNames(slug, id): TwoNames,
) -> Result<StatusCode, ApiError> {
    engine
        .configure(operator.author(), |change| async move {
            let snapshot = change.snapshot();
            let environment = find(&snapshot, &slug)?;
            let keys = snapshot.api_keys_of(environment.id);
            let key = keys.into_iter().find(|key| key.id.to_string() == id).ok_or_else(|| {
                let message = format!(
                    "there is no key {id:?} to {slug:?}; GET /v1/environments/{slug}/api_keys lists those there are"
                );
                ApiError::not_found(message)
            })?;
            change.delete_api_key(environment, key).await?;
            tracing::info!(environment = slug, hint = key.hint, by = operator.name(), "an API key was deleted");
            Ok(StatusCode::NO_CONTENT)
        })
        .await
}
