//! `GET /v1/environments/{slug}/api_keys`

use axum::{Json, extract::State};
use inlet_core::time;
use inlet_engine::Engine;
use inlet_store::Credential;
use serde::Serialize;
use utoipa::ToSchema;

use super::find;
use crate::{auth::Operator, error::ApiError, page::PageInfo, path::Name};

/// The keys of an environment, the last created first.
#[derive(Serialize, ToSchema)]
pub struct ApiKeyList {
    /// The keys.
    entries: Vec<ListedApiKey>,
    /// Nothing lies around: the list is whole.
    page_info: PageInfo,
}

/// A key to an environment. The key itself was shown when it was made, and never again.
#[derive(Serialize, ToSchema)]
#[schema(as = ApiKey)]
pub struct ListedApiKey {
    /// By which it is deleted.
    id: String,
    /// Its last four characters.
    hint: String,
    /// When it was created.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was last used, to the minute if the server was killed since; null: never.
    #[schema(required, format = DateTime)]
    last_used_at: Option<String>,
}

/// Lists the keys of an environment.
#[utoipa::path(
    get,
    path = "/v1/environments/{slug}/api_keys",
    operation_id = "listApiKeys",
    tag = "environments",
    params(("slug" = String, Path, description = "The environment")),
    responses((status = 200, description = "The keys", body = ApiKeyList)),
    security(("management_token" = [])),
)]
pub async fn list_api_keys(
    _: Operator,
    State(engine): State<Engine>,
    Name(slug): Name,
) -> Result<Json<ApiKeyList>, ApiError> {
    let snapshot = engine.snapshot();
    let keys = snapshot.api_keys_of(find(&snapshot, &slug)?.id);
    let listed = keys.into_iter().map(|key| ListedApiKey {
        id: key.id.to_string(),
        hint: key.hint.clone(),
        created_at: time::write_ms(key.created_at_ms),
        last_used_at: engine.last_used.of(Credential::ApiKey(key.id), key.last_used_at_ms).map(time::write_ms),
    });
    let entries: Vec<_> = listed.collect();
    Ok(Json(ApiKeyList { page_info: PageInfo::whole(entries.len()), entries }))
}
