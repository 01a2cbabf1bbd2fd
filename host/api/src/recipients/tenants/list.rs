//! `GET /v1/tenants`

use axum::{extract::State, response::Response};
use inlet_api_types::{PageParams, recipients::tenants::TenantList};
use inlet_core::recipient::TENANTS;
use inlet_engine::Engine;
use inlet_store::RecipientQuery;

use super::response;
use crate::{
    answer_memory::AnswerMemory,
    auth::EnvironmentKey,
    error::ApiError,
    page::{PageRequest, page_info},
    query::Params,
};

/// Lists the tenants of the key's environment, newest first.
#[utoipa::path(
    get,
    path = "/v1/tenants",
    operation_id = "listTenants",
    tag = "tenants",
    params(
        ("tenant_id" = Option<String>, Query, description = "With this id"),
        ("name" = Option<String>, Query, description = "With exactly this name"),
        PageParams,
    ),
    responses((status = 200, description = "The tenants", body = TenantList)),
)]
pub async fn list_tenants(
    key: EnvironmentKey,
    State(engine): State<Engine>,
    params: Params,
) -> Result<Response, ApiError> {
    let PageRequest { cursor, limit } = PageRequest::read(&params)?;
    let query = RecipientQuery {
        id: params.get("tenant_id"),
        name: params.get("name"),
        ..RecipientQuery::all(key.environment_id, TENANTS)
    };
    let memory = AnswerMemory::new(&engine);
    let page = engine.store.recipients(&query, cursor, limit, &memory).await?.ok_or_else(AnswerMemory::exhausted)?;
    let page_info = page_info(&page, limit, |tenant| tenant.seq);
    memory.answer(TenantList { entries: page.items.iter().map(response::tenant).collect(), page_info })
}
