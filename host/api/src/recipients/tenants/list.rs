//! `GET /v1/tenants`

use axum::{extract::State, response::Response};
use inlet_api_types::{PageParams, recipients::tenants::TenantList};
use inlet_core::recipient::TENANTS;
use inlet_engine::Engine;
use inlet_store::RecipientQuery;

use super::response;
use crate::{
    answer_memory::AnswerMemory,
    auth::EnvironmentReader,
    error::ApiError,
    page::{PageRequest, page_info},
    query::Params,
};

/// Lists the tenants of an environment, newest first.
#[utoipa::path(
    get,
    path = "/v1/tenants",
    operation_id = "listTenants",
    tag = "tenants",
    params(
        ("environment" = Option<String>, Query, description = "The environment; with a management token only, which needs it"),
        ("tenant_id" = Option<String>, Query, description = "With this id"),
        ("name" = Option<String>, Query, description = "With exactly this name"),
        PageParams,
    ),
    responses((status = 200, description = "The tenants", body = TenantList)),
)]
pub async fn list_tenants(
    reader: EnvironmentReader,
    State(engine): State<Engine>,
    params: Params,
) -> Result<Response, ApiError> {
    reader.may_see_personal_data()?;
    let PageRequest { cursor, limit } = PageRequest::read(&params)?;
    let query = RecipientQuery {
        id: params.get("tenant_id"),
        name: params.get("name"),
        ..RecipientQuery::all(reader.environment_id, TENANTS)
    };
    let memory = AnswerMemory::new(&engine);
    let page = engine.store.recipients(&query, cursor, limit, &memory).await?.ok_or_else(AnswerMemory::exhausted)?;
    let page_info = page_info(&page, limit, |tenant| tenant.seq);
    memory.answer(TenantList { entries: page.items.iter().map(response::tenant).collect(), page_info })
}
