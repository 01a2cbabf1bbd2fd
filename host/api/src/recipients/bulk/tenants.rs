//! `POST /v1/tenants/bulk/set` and `POST /v1/tenants/bulk/delete`

use axum::{extract::State, response::Response};
use inlet_api_types::{
    RawJson,
    recipients::bulk_operations::{BulkOperation, BulkSetTenantsRequest},
};
use inlet_core::json;
use inlet_engine::{
    Engine,
    recipients::{OperationType, bulk::BulkItem},
};

use super::accept::{NewBulkOperation, id_only, item};
use crate::{auth::EnvironmentKey, body::Body, error::ApiError, query::Params, recipients::properties};

/// Sets at most 1,000 tenants in the background.
///
/// A tenant that cannot be set is named in `error_items` of the operation; the others are set.
#[utoipa::path(
    post,
    path = "/v1/tenants/bulk/set",
    operation_id = "bulkSetTenants",
    tag = "bulk operations",
    request_body = BulkSetTenantsRequest,
    responses((status = 200, description = "The bulk operation, accepted", body = BulkOperation)),
)]
pub async fn bulk_set_tenants(
    key: EnvironmentKey,
    State(engine): State<Engine>,
    Body(request): Body<BulkSetTenantsRequest>,
) -> Result<Response, ApiError> {
    let new = NewBulkOperation {
        engine: &engine,
        key: &key,
        operation: OperationType::TenantsSet,
        collection: None,
        field: "tenants",
    };
    new.accept(&request.tenants, read).await
}

/// Reads a tenant: an object, or only its id.
fn read(at: &str, tenant: &RawJson) -> Result<BulkItem, ApiError> {
    match json::string(tenant.as_text()) {
        Some(id) => id_only(at, id),
        None => item(at, tenant, properties::check_tenant),
    }
}

/// Deletes at most 1,000 tenants in the background. A tenant that is not there counts as deleted.
#[utoipa::path(
    post,
    path = "/v1/tenants/bulk/delete",
    operation_id = "bulkDeleteTenants",
    tag = "bulk operations",
    params(("tenant_ids" = Vec<String>, Query, description = "Ids of tenants, at most 1,000: `tenant_ids[]=a&tenant_ids[]=b`")),
    responses((status = 200, description = "The bulk operation, accepted", body = BulkOperation)),
)]
pub async fn bulk_delete_tenants(
    key: EnvironmentKey,
    State(engine): State<Engine>,
    params: Params,
) -> Result<Response, ApiError> {
    let new = NewBulkOperation {
        engine: &engine,
        key: &key,
        operation: OperationType::TenantsDelete,
        collection: None,
        field: "tenant_ids",
    };
    new.accept_ids(params.list("tenant_ids")).await
}
