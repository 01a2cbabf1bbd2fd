//! `GET /v1/objects`

use axum::{Json, extract::State};
use inlet_api_types::recipients::objects::{Collection, CollectionList};
use inlet_engine::Engine;

use crate::{auth::EnvironmentReader, error::ApiError, recipients::MAX_NAMES};

/// Lists the collections of an environment that have objects, by name.
#[utoipa::path(
    get,
    path = "/v1/objects",
    operation_id = "listCollections",
    tag = "objects",
    params(
        ("environment" = Option<String>, Query, description = "The environment; with a management token only, which needs it"),
    ),
    responses((status = 200, description = "The collections", body = CollectionList)),
)]
pub async fn list_collections(
    reader: EnvironmentReader,
    State(engine): State<Engine>,
) -> Result<Json<CollectionList>, ApiError> {
    let found = engine.store.collections(reader.environment_id, MAX_NAMES).await?;
    let entries = found.names.into_iter().map(|collection| Collection { collection }).collect();
    Ok(Json(CollectionList { entries, complete: !found.has_more }))
}
