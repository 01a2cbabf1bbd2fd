//! `POST /v1/users/bulk/identify` and `POST /v1/users/bulk/delete`

use axum::{extract::State, response::Response};
use inlet_api_types::recipients::bulk_operations::{BulkDeleteUsersRequest, BulkIdentifyUsersRequest, BulkOperation};
use inlet_engine::{Engine, recipients::OperationType};

use super::accept::{NewBulkOperation, item};
use crate::{auth::EnvironmentKey, body::Body, error::ApiError, recipients::properties};

/// Identifies at most 1,000 users in the background.
///
/// A user that cannot be identified is named in `error_items` of the operation; the others are identified.
#[utoipa::path(
    post,
    path = "/v1/users/bulk/identify",
    operation_id = "bulkIdentifyUsers",
    tag = "bulk operations",
    request_body = BulkIdentifyUsersRequest,
    responses((status = 200, description = "The bulk operation, accepted", body = BulkOperation)),
)]
pub async fn bulk_identify_users(
    key: EnvironmentKey,
    State(engine): State<Engine>,
    Body(request): Body<BulkIdentifyUsersRequest>,
) -> Result<Response, ApiError> {
    let new = NewBulkOperation {
        engine: &engine,
        key: &key,
        operation: OperationType::UsersIdentify,
        collection: None,
        field: "users",
    };
    new.accept(&request.users, |at, value| item(at, value, properties::check_user)).await
}

/// Deletes at most 1,000 users in the background. A user that is not there counts as deleted.
#[utoipa::path(
    post,
    path = "/v1/users/bulk/delete",
    operation_id = "bulkDeleteUsers",
    tag = "bulk operations",
    request_body = BulkDeleteUsersRequest,
    responses((status = 200, description = "The bulk operation, accepted", body = BulkOperation)),
)]
pub async fn bulk_delete_users(
    key: EnvironmentKey,
    State(engine): State<Engine>,
    Body(request): Body<BulkDeleteUsersRequest>,
) -> Result<Response, ApiError> {
    let new = NewBulkOperation {
        engine: &engine,
        key: &key,
        operation: OperationType::UsersDelete,
        collection: None,
        field: "user_ids",
    };
    new.accept_ids(request.user_ids).await
}
