//! `GET /v1/unrouted_requests`

use axum::{Json, extract::State};
use inlet_api_types::{
    PageInfo,
    unrouted_requests::{UnroutedRequestList, UnroutedRequests},
};
use inlet_core::time;
use inlet_engine::Engine;

use crate::{auth::Operator, error::ApiError};

/// Lists the causes for which requests led to no endpoint, the last one first: a wrong token, a slash too many, a proxy's
/// prefix.
///
/// They are counted since the server started; where servers share a database, those of all servers in the last 30 days.
/// Nothing of a request is kept, because its path may hold a token.
#[utoipa::path(
    get,
    path = "/v1/unrouted_requests",
    operation_id = "listUnroutedRequests",
    tag = "repair",
    responses((status = 200, description = "The causes", body = UnroutedRequestList)),
)]
pub async fn list_unrouted_requests(
    _: Operator,
    State(engine): State<Engine>,
) -> Result<Json<UnroutedRequestList>, ApiError> {
    let entries: Vec<UnroutedRequests> = engine
        .unrouted_requests()
        .await?
        .into_iter()
        .map(|unrouted| UnroutedRequests {
            cause: unrouted.cause.into_owned(),
            message: unrouted.message.into_owned(),
            count: unrouted.count,
            last_at: time::write_ms(unrouted.last_ms),
        })
        .collect();
    Ok(Json(UnroutedRequestList { page_info: PageInfo::whole(entries.len()), entries }))
}
