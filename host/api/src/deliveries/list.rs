//! `GET /v1/deliveries`

use axum::{extract::State, response::Response};
use inlet_api_types::{PageParams, deliveries::DeliveryList};
use inlet_core::delivery::DeliveryStatus;
use inlet_engine::Engine;
use inlet_store::DeliveryQuery;

use super::{filter::FilterTexts, response};
use crate::{
    answer_memory::AnswerMemory,
    auth::Operator,
    error::ApiError,
    page::{PageRequest, bounded_page_info},
    query::Params,
};

/// Lists the deliveries of an environment, newest first. Filters may be combined.
#[utoipa::path(
    get,
    path = "/v1/deliveries",
    operation_id = "listDeliveries",
    tag = "deliveries",
    params(
        ("environment" = String, Query, description = "The environment"),
        ("target" = Option<String>, Query, description = "To this target"),
        ("status" = Option<String>, Query, description = "With this status: `pending`, `retrying`, `delivered`, `dead` or `canceled`"),
        ("workflow" = Option<String>, Query, description = "Of this workflow"),
        ("workflow_run_id" = Option<String>, Query, description = "Of this run"),
        ("source_event_id" = Option<String>, Query, description = "Caused by this event"),
        ("mapping_id" = Option<String>, Query, description = "Of runs that this mapping created"),
        ("starting_at" = Option<String>, Query, description = "Created at this time or later"),
        ("ending_at" = Option<String>, Query, description = "Created before this time"),
        PageParams,
    ),
    responses((status = 200, description = "The deliveries", body = DeliveryList)),
)]
pub async fn list_deliveries(
    operator: Operator,
    State(engine): State<Engine>,
    params: Params,
) -> Result<Response, ApiError> {
    let environment = params.required_environment(&engine.snapshot())?.clone();
    operator.may_see(&environment)?;
    let PageRequest { cursor, limit } = PageRequest::read(&params)?;
    let texts = FilterTexts {
        target: params.get("target"),
        status: params.get("status"),
        workflow: params.get("workflow"),
        mapping_id: params.get("mapping_id"),
        starting_at: params.get("starting_at"),
        ending_at: params.get("ending_at"),
    };
    let query = DeliveryQuery {
        environment_id: environment.id,
        cursor,
        limit,
        run: params.id("workflow_run_id")?,
        source_event: params.id("source_event_id")?,
        filter: texts.read(&engine, &environment, &DeliveryStatus::ALL).await?,
    };
    let memory = AnswerMemory::new(&engine);
    let page = engine.store.deliveries(&query, &memory).await?.ok_or_else(AnswerMemory::exhausted)?;
    let (page_info, looked_at) = bounded_page_info(&page, limit, |listed| listed.delivery.id);
    let hides = environment.hide_personal_data;
    let entries = page.items.into_iter().map(|listed| response::delivery(listed, hides)).collect();
    memory.answer(DeliveryList { entries, page_info, looked_at })
}
