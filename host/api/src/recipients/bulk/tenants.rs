//! `POST /v1/tenants/bulk/set` and `POST /v1/tenants/bulk/delete`

use axum::{extract::State, response::Response};
use inlet_api_types::{
    RawJson,
    bulk_operations::{BulkOperation, BulkSetTenantsRequest},
};
use inlet_core::json;
use inlet_engine::{
    Engine,
    recipients::{OperationType, bulk::BulkItem},
};

use super::accept::{accept, check_length, id_only, item};
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
    check_length("tenants", request.tenants.len())?;
    let tenants = request.tenants.iter().enumerate();
    let items = tenants.map(|(index, tenant)| read(index, tenant)).collect::<Result<_, _>>()?;
    accept(&engine, &key, OperationType::TenantsSet, None, "tenants", items).await
}

fn read(index: usize, tenant: &RawJson) -> Result<BulkItem, ApiError> {
    match json::string(tenant.as_text()) {
        Some(id) => Ok(id_only(id)),
        None => item("tenants", index, tenant, properties::check_tenant),
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
    let items = params.list("tenant_ids").into_iter().map(id_only).collect();
    accept(&engine, &key, OperationType::TenantsDelete, None, "tenant_ids", items).await
}
