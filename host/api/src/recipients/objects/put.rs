//! `PUT /v1/objects/{collection}/{id}`

use axum::{extract::State, response::Response};
use inlet_api_types::recipients::objects::{CollectionObject, ObjectRequest};
use inlet_core::json;
use inlet_engine::{Engine, recipients::OperationType};

use super::{missing, response};
use crate::{
    auth::EnvironmentKey,
    body::JsonBody,
    error::ApiError,
    path::TwoNames,
    recipients::{
        call::{self, Call},
        ids, properties,
        read::read_back,
    },
};

/// Sets an object: creates it, or merges the properties into those that it has.
///
/// Objects are merged member by member, null overwrites, and no property is ever removed. Custom properties may take 256 KB
/// in all.
#[utoipa::path(
    put,
    path = "/v1/objects/{collection}/{id}",
    operation_id = "setObject",
    tag = "objects",
    params(
        ("collection" = String, Path, description = "The collection: 1 to 256 characters, no `/`, no `#`, and no `$` at its start"),
        ("id" = String, Path, description = "The object: 1 to 256 characters, no `/` and no `#`"),
    ),
    request_body = ObjectRequest,
    responses((status = 200, description = "The object, after the merge", body = CollectionObject)),
)]
pub async fn set_object(
    key: EnvironmentKey,
    State(engine): State<Engine>,
    TwoNames(collection, id): TwoNames,
    body: JsonBody,
) -> Result<Response, ApiError> {
    ids::checked_collection(&collection)?;
    ids::checked("id", &id)?;
    let call = Call::begin(&engine, &key, body.len())?;
    let body = body.into_object()?;
    properties::check_object("", &body)?;
    let collection_text = json::quote(&collection);
    let parameters = json::object([
        ("collection", collection_text.as_str()),
        ("id", &ids::constant(&id)),
        ("properties", r#""data""#),
    ]);
    call.carry_out(call::plan(OperationType::ObjectsSet, body, &parameters)?).await?;
    read_back(&engine, key.environment_id, &collection, &id, response::object, |id| missing(&collection, id)).await
}
