//! `DELETE /v1/objects/{collection}/{id}`

use axum::{extract::State, http::StatusCode};
use bytestring::ByteString;
use inlet_core::{json, log::Outcome};
use inlet_engine::{Engine, recipients::OperationType};

use super::missing;
use crate::{
    auth::EnvironmentKey,
    error::ApiError,
    path::TwoNames,
    recipients::{
        call::{self, Call},
        ids,
    },
};

/// Deletes an object and its subscriptions.
#[utoipa::path(
    delete,
    path = "/v1/objects/{collection}/{id}",
    operation_id = "deleteObject",
    tag = "objects",
    params(
        ("collection" = String, Path, description = "The collection"),
        ("id" = String, Path, description = "The object"),
    ),
    responses((status = 204, description = "It is deleted")),
)]
pub async fn delete_object(
    key: EnvironmentKey,
    State(engine): State<Engine>,
    TwoNames(collection, id): TwoNames,
) -> Result<StatusCode, ApiError> {
    ids::checked_collection(&collection)?;
    ids::checked("id", &id)?;
    let call = Call::begin(&engine, &key, 0)?;
    let collection_text = json::quote(&collection);
    let parameters = json::object([("collection", collection_text.as_str()), ("id", &ids::constant(&id))]);
    let operation = call::plan(OperationType::ObjectsDelete, ByteString::from_static("{}"), &parameters)?;
    match call.carry_out(operation).await?.outcome {
        Outcome::Skipped => Err(missing(&collection, &id)),
        _ => Ok(StatusCode::NO_CONTENT),
    }
}
