//! `GET /v1/management_tokens`

use axum::{Json, extract::State};
use inlet_api_types::{PageInfo, management_tokens::ManagementTokenList};
use inlet_engine::Engine;

use super::{may_know, response};
use crate::auth::Operator;

/// Lists the management tokens, except the one that the server was started with. A token that is limited to some
/// environments sees only tokens that are limited to these.
#[utoipa::path(
    get,
    path = "/v1/management_tokens",
    operation_id = "listManagementTokens",
    tag = "administration",
    responses((status = 200, description = "The tokens", body = ManagementTokenList)),
)]
pub async fn list_management_tokens(operator: Operator, State(engine): State<Engine>) -> Json<ManagementTokenList> {
    let snapshot = engine.snapshot();
    let known = snapshot.management_tokens().into_iter().filter(|token| may_know(&operator, token));
    let entries: Vec<_> = known.map(|token| response::management_token(token, &engine, &snapshot)).collect();
    Json(ManagementTokenList { page_info: PageInfo::whole(entries.len()), entries })
}
