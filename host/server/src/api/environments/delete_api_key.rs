//! `DELETE /v1/environments/{slug}/api_keys/{id}`

use axum::{extract::State, http::StatusCode};
use inlet_core::json;
use inlet_store::NewChange;

use super::find;
use crate::{
    api::{auth::Operator, change::to_its_end, error::ApiError, path::TwoNames},
    app::App,
};

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
    State(app): State<App>,
    TwoNames(slug, id): TwoNames,
) -> Result<StatusCode, ApiError> {
    to_its_end(async move {
        let _changing = app.change().await?;
        let configuration = app.configuration();
        let environment = find(&configuration, &slug)?;
        let keys = configuration.api_keys_of(environment.id);
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
        app.store.api_key_delete(environment.id, key.id, log).await?;
        app.reload().await?;
        tracing::info!(environment = slug, hint = key.hint, by = operator.name(), "an API key was deleted");
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}
