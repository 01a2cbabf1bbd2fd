//! `GET /v1/objects/{collection}/{id}`

use axum::{extract::State, response::Response};
use inlet_api_types::recipients::objects::CollectionObject;
use inlet_engine::Engine;

use super::{missing, response};
use crate::{
    auth::EnvironmentReader,
    error::ApiError,
    path::TwoNames,
    recipients::{ids, read::read_back},
};

/// An object of an environment.
#[utoipa::path(
    get,
    path = "/v1/objects/{collection}/{id}",
    operation_id = "getObject",
    tag = "objects",
    params(
        ("collection" = String, Path, description = "The collection"),
        ("id" = String, Path, description = "The object"),
        ("environment" = Option<String>, Query, description = "The environment; with a management token only, which needs it"),
    ),
    responses((status = 200, description = "The object", body = CollectionObject)),
)]
pub async fn get_object(
    reader: EnvironmentReader,
    State(engine): State<Engine>,
    TwoNames(collection, id): TwoNames,
) -> Result<Response, ApiError> {
    reader.may_see_personal_data()?;
    ids::checked_collection(&collection)?;
    read_back(&engine, reader.environment_id, &collection, &id, response::object, |id| missing(&collection, id)).await
}
