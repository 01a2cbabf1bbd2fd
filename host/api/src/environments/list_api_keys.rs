//! `GET /v1/environments/{slug}/api_keys`

use axum::{Json, extract::State};
use inlet_api_types::{
    PageInfo,
    environments::{ApiKey, ApiKeyList},
};
use inlet_core::time;
use inlet_engine::Engine;
use inlet_store::Credential;

use super::find;
use crate::{auth::Operator, error::ApiError, path::Name};

/// Lists the API keys of an environment.
#[utoipa::path(
    get,
    path = "/v1/environments/{slug}/api_keys",
    operation_id = "listApiKeys",
    tag = "environments",
    params(("slug" = String, Path, description = "The environment")),
    responses((status = 200, description = "The keys", body = ApiKeyList)),
)]
pub async fn list_api_keys(
    _: Operator,
    State(engine): State<Engine>,
    Name(slug): Name,
) -> Result<Json<ApiKeyList>, ApiError> {
    let snapshot = engine.snapshot();
    let keys = snapshot.api_keys_of(find(&snapshot, &slug)?.id);
    let listed = keys.into_iter().map(|key| ApiKey {
        id: key.id.to_string(),
        hint: key.hint.clone(),
        created_at: time::write_ms(key.created_at_ms),
        last_used_at: engine.last_used.of(Credential::ApiKey(key.id), key.last_used_at_ms).map(time::write_ms),
    });
    let entries: Vec<_> = listed.collect();
    Ok(Json(ApiKeyList { page_info: PageInfo::whole(entries.len()), entries }))
}
