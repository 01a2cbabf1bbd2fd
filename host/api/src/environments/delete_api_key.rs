//! `DELETE /v1/environments/{slug}/api_keys/{id}`

use axum::{extract::State, http::StatusCode};
use inlet_core::json;
use inlet_engine::Engine;
use inlet_store::NewChange;

use super::find;
use crate::{auth::Operator, change::to_its_end, error::ApiError, path::TwoNames};

/// Deletes a key. Whoever still has it is refused from now on.
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
    security(("management_token" = [])),
)]
pub async fn delete_api_key(
    operator: Operator,
    State(engine): State<Engine>,
    TwoNames(slug, id): TwoNames,
) -> Result<StatusCode, ApiError> {
    to_its_end(async move {
        let _changing = engine.change().await?;
        let snapshot = engine.snapshot();
        let environment = find(&snapshot, &slug)?;
        let keys = snapshot.api_keys_of(environment.id);
        let key = keys.into_iter().find(|key| key.id.to_string() == id).ok_or_else(|| {
            let message = format!(
                "there is no key {id:?} to {slug:?}; GET /v1/environments/{slug}/api_keys lists those there are"
            );
            ApiError::not_found(message)
        })?;
        let log = NewChange {
            author: operator.author(),
            operation: "deleteApiKey",
            resource: format!("environments/{slug}/api_keys/{id}"),
            environment_id: Some(environment.id),
            before: Some(json::object([("hint", json::quote(&key.hint).as_str())])),
            after: None,
        };
        engine.store.api_key_delete(environment.id, key.id, log).await?;
        engine.reload().await?;
        tracing::info!(environment = slug, hint = key.hint, by = operator.name(), "an API key was deleted");
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}
