//! `POST /v1/management_tokens`

use axum::{Json, extract::State, http::StatusCode};
use inlet_api_types::management_tokens::{CreateManagementToken, NewManagementToken};
use inlet_engine::{
    Engine,
    clock::now_ms,
    snapshot::{hash_token, hint, new_management_token},
};
use inlet_store::NewManagementToken as NewRecord;

use super::{request::TokenRequest, response};
use crate::{auth::Operator, body::Body, error::ApiError};

/// Creates a management token. This needs a token that is not limited to some environments.
#[utoipa::path(
    post,
    path = "/v1/management_tokens",
    operation_id = "createManagementToken",
    tag = "administration",
    request_body = CreateManagementToken,
    responses((status = 201, description = "The token, shown this once", body = NewManagementToken)),
)]
pub async fn create_management_token(
    operator: Operator,
    State(engine): State<Engine>,
    Body(request): Body<CreateManagementToken>,
) -> Result<(StatusCode, Json<NewManagementToken>), ApiError> {
    let created = engine
        .configure(operator.author(), |change| async move {
            let snapshot = change.snapshot();
            let request = TokenRequest::check(request, &snapshot, now_ms())?;
            let token = new_management_token()?;
            let new = NewRecord {
                name: request.name,
                hash: hash_token(&token),
                hint: hint(&token),
                scopes: request.scopes.into_iter().map(|scope| scope.as_str().to_owned()).collect(),
                environment_ids: request.environment_ids,
                expires_at_ms: request.expires_at_ms,
            };
            let record = change.create_management_token(new).await?;
            tracing::info!(name = record.name, by = operator.name(), "a management token was created");
            Ok::<_, ApiError>(NewManagementToken {
                management_token: response::management_token(&record, change.engine(), &snapshot),
                token,
            })
        })
        .await?;
    Ok((StatusCode::CREATED, Json(created)))
}
