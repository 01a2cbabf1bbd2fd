//! `DELETE /v1/management_tokens/{id}`

use axum::{extract::State, http::StatusCode};
use inlet_engine::Engine;
use inlet_store::Author;

use crate::{
    auth::Operator,
    error::{ApiError, Kind},
    path::Name,
};

/// Deletes a management token. Requests with it are refused from now on.
#[utoipa::path(
    delete,
    path = "/v1/management_tokens/{id}",
    operation_id = "deleteManagementToken",
    tag = "administration",
    params(("id" = String, Path, description = "The token's id; GET lists them")),
    responses((status = 204, description = "It is deleted")),
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
    engine
        .configure(operator.author(), |change| async move {
            let snapshot = change.snapshot();
            let tokens = snapshot.management_tokens();
            let token = tokens.into_iter().find(|token| token.id.to_string() == id).ok_or_else(|| {
                let message =
                    format!("there is no management token {id:?}; GET /v1/management_tokens lists those there are");
                ApiError::not_found(message)
            })?;
            change.delete_management_token(token).await?;
            tracing::info!(name = token.name, by = operator.name(), "a management token was deleted");
            Ok(StatusCode::NO_CONTENT)
        })
        .await
}
