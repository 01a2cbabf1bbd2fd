//! `POST /v1/deliveries/discard`

use axum::{Json, extract::State};
use inlet_api_types::deliveries::{DiscardDeliveries, DiscardedDeliveries};
use inlet_engine::{Engine, change_log};
use inlet_store::{DeliveryFilter, SelectedDeliveries};

use super::{SLICE, filter::FilterTexts};
use crate::{
    auth::Operator,
    body::Body,
    completion::to_completion,
    error::{ApiError, Kind},
    query::Params,
};

/// Cancels deliveries that wait: they are not sent any more. One that is under way ends, and is not tried again.
///
/// Count them first, with `dry_run` true. They stay listed as `canceled`.
#[utoipa::path(
    post,
    path = "/v1/deliveries/discard",
    operation_id = "discardDeliveries",
    tag = "deliveries",
    params(("environment" = String, Query, description = "The environment")),
    request_body = DiscardDeliveries,
    responses((status = 200, description = "How many were discarded", body = DiscardedDeliveries)),
)]
pub async fn discard_deliveries(
    operator: Operator,
    State(engine): State<Engine>,
    params: Params,
    Body(request): Body<DiscardDeliveries>,
) -> Result<Json<DiscardedDeliveries>, ApiError> {
    let environment = params.required_environment(&engine.snapshot())?.clone();
    operator.may_see(&environment)?;
    let is_dry_run = check(&request)?;
    let texts = FilterTexts {
        target: request.target.as_deref(),
        status: None,
        workflow: request.workflow.as_deref(),
        mapping_id: request.mapping_id.as_deref(),
        starting_at: request.starting_at.as_deref(),
        ending_at: request.ending_at.as_deref(),
    };
    let filter = texts.read(&engine, &environment, &[]).await?;
    if is_dry_run && let Some(target) = only_target(&filter) {
        let open = engine.store.open_deliveries().await?;
        let matched = open.iter().find(|open| open.target_id == target).map_or(0, |open| open.count);
        return Ok(Json(DiscardedDeliveries { matched, discarded: 0 }));
    }
    let counts = engine.store.delivery_counts(environment.id, &filter).await?;
    let matched = counts.pending + counts.retrying;
    if is_dry_run {
        return Ok(Json(DiscardedDeliveries { matched, discarded: 0 }));
    }
    // The request holds no secret, so it is logged as it is.
    let text = serde_json::to_string(&request).ok();
    let resource = "deliveries".to_owned();
    let mut log =
        Some(change_log::deliveries_changed(operator.author(), "discardDeliveries", &environment, resource, text));
    let discarded = to_completion(async move {
        let mut discarded = 0;
        // Those that are created meanwhile are not discarded for ever.
        while discarded < matched {
            let selected = SelectedDeliveries::Matching(filter.clone());
            let slice = engine.store.deliveries_discard(environment.id, selected, SLICE, log.take()).await?;
            if slice == 0 {
                break;
            }
            discarded += slice;
        }
        tracing::info!(environment = environment.slug, discarded, "deliveries were discarded");
        Ok(discarded)
    })
    .await?;
    Ok(Json(DiscardedDeliveries { matched, discarded }))
}

/// Returns the target if a filter names nothing else. What is open for it is counted already.
fn only_target(filter: &DeliveryFilter) -> Option<i64> {
    let of_target = DeliveryFilter { target_id: filter.target_id, ..DeliveryFilter::default() };
    filter.target_id.filter(|_| *filter == of_target)
}

/// Checks that a request names something; returns true if it only counts.
fn check(request: &DiscardDeliveries) -> Result<bool, ApiError> {
    let DiscardDeliveries { target, workflow, mapping_id, starting_at, ending_at, dry_run } = request;
    if [target, workflow, mapping_id, starting_at, ending_at].iter().all(|filter| filter.is_none()) {
        let message = "the body: nothing is named; give target, workflow, mapping_id, starting_at or ending_at";
        return Err(ApiError::new(Kind::Invalid, message));
    }
    dry_run.ok_or_else(|| {
        let message = "it is missing; send true to count what would be discarded, then false to discard it";
        ApiError::invalid("dry_run", message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::JsonBody;

    fn checked(text: &str) -> Result<bool, String> {
        check(&JsonBody::of(text).read().unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_discarded_is_named_and_counted_first() {
        assert_eq!(checked(r#"{"workflow":"w","dry_run":true}"#), Ok(true));
        assert_eq!(checked(r#"{"workflow":"w","dry_run":false}"#), Ok(false));
        insta::assert_snapshot!(checked(r#"{"dry_run":false}"#).unwrap_err(), @"the body: nothing is named; give target, workflow, mapping_id, starting_at or ending_at");
        insta::assert_snapshot!(checked(r#"{"workflow":"w"}"#).unwrap_err(), @"it is missing; send true to count what would be discarded, then false to discard it");
    }
}
