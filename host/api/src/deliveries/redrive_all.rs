//! `POST /v1/deliveries/redrive`

use axum::{Json, extract::State};
use inlet_api_types::deliveries::{RedriveDeliveries, RedrivenDeliveries};
use inlet_core::delivery::DeliveryStatus;
use inlet_engine::{Engine, change_log};
use inlet_store::{DeliveryFilter, RedriveSlice, SelectedDeliveries};

use super::{SLICE, filter::FilterTexts};
use crate::{
    auth::Operator, body::Body, completion::to_completion, error::ApiError, query::Params,
    sources::replays::request::oldest,
};

/// Sends dead deliveries again, the oldest first and at a rate, each with the same key and body and a new retry schedule.
/// Without a filter, all dead ones of the environment.
#[utoipa::path(
    post,
    path = "/v1/deliveries/redrive",
    operation_id = "redriveDeliveries",
    tag = "deliveries",
    params(("environment" = String, Query, description = "The environment")),
    request_body = RedriveDeliveries,
    responses((status = 200, description = "How many are sent again", body = RedrivenDeliveries)),
)]
pub async fn redrive_deliveries(
    operator: Operator,
    State(engine): State<Engine>,
    params: Params,
    Body(request): Body<RedriveDeliveries>,
) -> Result<Json<RedrivenDeliveries>, ApiError> {
    let environment = params.required_environment(&engine.snapshot())?.clone();
    operator.may_see(&environment)?;
    let texts = FilterTexts {
        target: request.target.as_deref(),
        status: request.status.as_deref(),
        workflow: request.workflow.as_deref(),
        mapping_id: request.mapping_id.as_deref(),
        starting_at: request.starting_at.as_deref(),
        ending_at: request.ending_at.as_deref(),
    };
    let filter = texts.read(&engine, &environment, &[DeliveryStatus::Dead, DeliveryStatus::Retrying]).await?;
    let status = filter.status.unwrap_or(DeliveryStatus::Dead);
    let created_from_ms = match request.max_age_seconds {
        Some(age) => Some(oldest(age, filter.created_from_ms.is_some(), engine.store.clock().now_ms())?),
        None => filter.created_from_ms,
    };
    let filter = DeliveryFilter { status: Some(status), created_from_ms, ..filter };
    let matched = engine.store.delivery_counts(environment.id, &filter).await?.of(status);
    let rate = request.rate_per_second();
    let spread_seconds = matched.saturating_sub(1) / u64::from(rate);
    if request.dry_run == Some(true) {
        return Ok(Json(RedrivenDeliveries { matched, redriven: 0, spread_seconds }));
    }
    // The request holds no secret, so it is logged as it is.
    let text = serde_json::to_string(&request).ok();
    let resource = "deliveries".to_owned();
    let mut log =
        Some(change_log::deliveries_changed(operator.author(), "redriveDeliveries", &environment, resource, text));
    let redriven = to_completion(async move {
        let mut redriven = 0;
        let mut slice = RedriveSlice { rate_per_second: Some(rate), ..RedriveSlice::at_once(SLICE) };
        // Those that die meanwhile are not sent for ever: a slice begins behind the one before.
        while redriven < matched {
            let selected = SelectedDeliveries::Matching(filter.clone());
            let done = engine.store.deliveries_redrive(environment.id, selected, slice, log.take()).await?;
            if done.count == 0 {
                break;
            }
            redriven += done.count;
            slice = slice.next(done);
        }
        tracing::info!(environment = environment.slug, redriven, "deliveries were sent again");
        Ok(redriven)
    })
    .await?;
    Ok(Json(RedrivenDeliveries { matched, redriven, spread_seconds }))
}
