//! `POST /v1/objects/{collection}/bulk/set` and `POST /v1/objects/{collection}/bulk/delete`

use axum::{extract::State, response::Response};
use inlet_api_types::recipients::bulk_operations::{BulkDeleteObjectsRequest, BulkOperation, BulkSetObjectsRequest};
use inlet_engine::{Engine, recipients::OperationType};

use super::accept::{NewBulkOperation, item};
use crate::{
    auth::EnvironmentKey,
    body::Body,
    error::ApiError,
    path::Name,
    recipients::{ids, properties},
};

/// Sets at most 1,000 objects of a collection in the background.
///
/// An object that cannot be set is named in `error_items` of the operation; the others are set.
#[utoipa::path(
    post,
    path = "/v1/objects/{collection}/bulk/set",
    operation_id = "bulkSetObjects",
    tag = "bulk operations",
    params(("collection" = String, Path, description = "The collection")),
    request_body = BulkSetObjectsRequest,
    responses((status = 200, description = "The bulk operation, accepted", body = BulkOperation)),
)]
pub async fn bulk_set_objects(
    key: EnvironmentKey,
    State(engine): State<Engine>,
    Name(collection): Name,
    Body(request): Body<BulkSetObjectsRequest>,
) -> Result<Response, ApiError> {
    ids::checked_collection(&collection)?;
    let new = NewBulkOperation {
        engine: &engine,
        key: &key,
        operation: OperationType::ObjectsSet,
        collection: Some(&collection),
        field: "objects",
    };
    new.accept(&request.objects, |at, value| item(at, value, properties::check_object)).await
}

/// Deletes at most 1,000 objects of a collection in the background. An object that is not there counts as deleted.
#[utoipa::path(
    post,
    path = "/v1/objects/{collection}/bulk/delete",
    operation_id = "bulkDeleteObjects",
    tag = "bulk operations",
    params(("collection" = String, Path, description = "The collection")),
    request_body = BulkDeleteObjectsRequest,
    responses((status = 200, description = "The bulk operation, accepted", body = BulkOperation)),
)]
pub async fn bulk_delete_objects(
    key: EnvironmentKey,
    State(engine): State<Engine>,
    Name(collection): Name,
    Body(request): Body<BulkDeleteObjectsRequest>,
) -> Result<Response, ApiError> {
    ids::checked_collection(&collection)?;
    let new = NewBulkOperation {
        engine: &engine,
        key: &key,
        operation: OperationType::ObjectsDelete,
        collection: Some(&collection),
        field: "object_ids",
    };
    new.accept_ids(request.object_ids).await
}
