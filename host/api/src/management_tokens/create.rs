//! `POST /v1/management_tokens`

use axum::{Json, extract::State, http::StatusCode};
use inlet_core::{json, time};
use inlet_engine::{
    Engine, change_log,
    clock::now_ms,
    snapshot::{hash_token, hint, new_management_token},
};
use inlet_store::{Author, NewChange, NewManagementToken};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    asked::{Asked, CreateManagementToken},
    shown::ShownToken,
    slugs,
};
use crate::{auth::Operator, body::JsonBody, change::to_its_end, error::ApiError, scope::Scope};

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
    let created = to_its_end(async move {
        let _changing = engine.change().await?;
        let snapshot = engine.snapshot();
        let asked = Asked::read(&body, &snapshot, now_ms())?;
        let token = new_management_token()?;
        let environments = asked.environment_ids.as_ref().map(|ids| slugs(&snapshot, ids));
        let log = created(operator.author(), &asked, environments.as_deref(), &hint(&token));
        let new = NewManagementToken {
            name: asked.name,
            hash: hash_token(&token),
            hint: hint(&token),
            scopes: asked.scopes.into_iter().map(|scope| scope.as_str().to_owned()).collect(),
            environment_ids: asked.environment_ids,
            expires_at_ms: asked.expires_at_ms,
        };
        let record = engine.store.management_token_create(new, log).await?;
        engine.reload().await?;
        tracing::info!(name = record.name, by = operator.name(), "a management token was created");
        Ok(NewToken { management_token: ShownToken::of(&record, &engine, &snapshot), token })
    })
    .await?;
    Ok((StatusCode::CREATED, Json(created)))
}

fn created(author: Author, asked: &Asked, environments: Option<&[String]>, hint: &str) -> NewChange {
    let texts = |texts: &[String]| json::array(texts.iter().map(|text| json::quote(text)));
    let scopes = json::array(asked.scopes.iter().copied().map(Scope::as_str).map(json::quote));
    let after = json::object([
        ("name", json::quote(&asked.name).as_str()),
        ("scopes", &scopes),
        ("environments", &environments.map_or_else(|| "null".to_owned(), texts)),
        ("expires_at", &change_log::text(asked.expires_at_ms.map(time::write_ms).as_deref())),
        ("hint", &json::quote(hint)),
    ]);
    NewChange {
        author,
        operation: "createManagementToken",
        resource: "management_tokens/{id}".to_owned(),
        environment_id: None,
        before: None,
        after: Some(after),
    }
}
