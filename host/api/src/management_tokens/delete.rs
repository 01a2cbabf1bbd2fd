//! `DELETE /v1/management_tokens/{id}`

use axum::{extract::State, http::StatusCode};
use inlet_core::json;
use inlet_engine::Engine;
use inlet_store::{Author, NewChange};

use crate::{
    auth::Operator,
    change::to_its_end,
    error::{ApiError, Kind},
    path::Name,
};

/// Deletes a token for this API. Whoever still has it is refused from now on.
#[utoipa::path(
    delete,
    path = "/v1/management_tokens/{id}",
    operation_id = "deleteManagementToken",
    tag = "administration",
    params(("id" = String, Path, description = "The token's id; GET lists them")),
    responses((status = 204, description = "It is deleted")),
    security(("management_token" = [])),
)]
pub async fn delete_management_token(
    operator: Operator,
    State(engine): State<Engine>,
    Name(id): Name,
) -> Result<StatusCode, ApiError> {
    if id == Author::BOOTSTRAP {
        let message = "the bootstrap token is given to the server at its start and is not deleted here; start it with \
                       another INLET_MANAGEMENT_TOKEN, or without the file `management-token`";
        return Err(ApiError::new(Kind::Conflict, message));
    }
    to_its_end(async move {
        let _changing = engine.change().await?;
        let snapshot = engine.snapshot();
        let tokens = snapshot.management_tokens();
        let token = tokens.into_iter().find(|token| token.id.to_string() == id).ok_or_else(|| {
            let message =
                format!("there is no management token {id:?}; GET /v1/management_tokens lists those there are");
            ApiError::not_found(message)
        })?;
        let log = NewChange {
            author: operator.author(),
            operation: "deleteManagementToken",
            resource: format!("management_tokens/{id}"),
            environment_id: None,
            before: Some(json::object([
                ("name", json::quote(&token.name).as_str()),
                ("hint", &json::quote(&token.hint)),
            ])),
            after: None,
        };
        engine.store.management_token_delete(token.id, log).await?;
        engine.reload().await?;
        tracing::info!(name = token.name, by = operator.name(), "a management token was deleted");
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}
