//! `POST /v1/management_tokens`

use axum::{Json, extract::State, http::StatusCode};
use inlet_engine::{
    Engine,
    clock::now_ms,
    snapshot::{hash_token, hint, new_management_token},
};
use inlet_store::NewManagementToken;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    asked::{Asked, CreateManagementToken},
    shown::ShownToken,
};
use crate::{auth::Operator, body::JsonBody, error::ApiError};

/// A new token. It is shown this once: only its hash is kept.
#[derive(Serialize, ToSchema)]
pub struct NewToken {
    /// The token: `im_…`.
    token: String,
    /// What is known of it from now on.
    management_token: ShownToken,
}

/// Makes a token for this API. Only a token that is not limited to some environments may.
#[utoipa::path(
    post,
    path = "/v1/management_tokens",
    operation_id = "createManagementToken",
    tag = "administration",
    request_body = CreateManagementToken,
    responses((status = 201, description = "The token, shown this once", body = NewToken)),
    security(("management_token" = [])),
)]
pub async fn create_management_token(
    operator: Operator,
    State(engine): State<Engine>,
    body: JsonBody,
) -> Result<(StatusCode, Json<NewToken>), ApiError> {
    let created = engine
        .configure(operator.author(), |change| async move {
            let snapshot = change.snapshot();
            let asked = Asked::read(&body, &snapshot, now_ms())?;
            let token = new_management_token()?;
            let new = NewManagementToken {
                name: asked.name,
                hash: hash_token(&token),
                hint: hint(&token),
                scopes: asked.scopes.into_iter().map(|scope| scope.as_str().to_owned()).collect(),
                environment_ids: asked.environment_ids,
                expires_at_ms: asked.expires_at_ms,
            };
            let record = change.create_management_token(new).await?;
            tracing::info!(name = record.name, by = operator.name(), "a management token was created");
            Ok::<_, ApiError>(NewToken { management_token: ShownToken::of(&record, change.engine(), &snapshot), token })
        })
        .await?;
    Ok((StatusCode::CREATED, Json(created)))
}
