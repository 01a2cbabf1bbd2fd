//! `GET /v1/statistics/deliveries`

use std::collections::HashMap;

use axum::{Json, extract::State};
use inlet_api_types::statistics::{DeliveryStatistics, TargetStatistics};
use inlet_core::time;
use inlet_engine::{Engine, clock::now_ms};
use inlet_store::Environment;

use crate::{
    auth::Operator,
    deliveries::response::counts,
    error::ApiError,
    query::Params,
    targets::{response, targets_of},
};

/// The range without `from`, in milliseconds.
const DEFAULT_MS: i64 = 86_400_000;
/// The newest deliveries that are counted, in all environments together. More would take longer than a page may.
const MAX_COUNTED: u64 = 20_000;

/// Returns the targets of all environments, each with its deliveries of a time by status.
///
/// Of very many deliveries the newest are counted; `has_more` says so.
#[utoipa::path(
    get,
    path = "/v1/statistics/deliveries",
    operation_id = "getDeliveryStatistics",
    tag = "deliveries",
    params(
        ("environment" = Option<String>, Query, description = "The environment; if absent, all that the token is good for"),
        ("from" = Option<String>, Query, description = "The begin, of the times at which deliveries were made; a day ago if absent"),
    ),
    responses((status = 200, description = "The statistics", body = DeliveryStatistics)),
)]
pub async fn get_delivery_statistics(
    operator: Operator,
    State(engine): State<Engine>,
    params: Params,
) -> Result<Json<DeliveryStatistics>, ApiError> {
    let snapshot = engine.snapshot();
    let environment = params.environment(&snapshot)?;
    if let Some(environment) = environment {
        operator.may_see(environment)?;
    }
    let from_ms = params.time_ms("from")?.unwrap_or_else(|| now_ms() - DEFAULT_MS);
    let is_wanted = |found: &&Environment| {
        operator.sees(found.id) && environment.is_none_or(|environment| environment.id == found.id)
    };
    let wanted: Vec<&Environment> = snapshot.environments.iter().filter(is_wanted).collect();
    let limit = MAX_COUNTED / (wanted.len() as u64).max(1);
    let open = engine.store.open_deliveries().await?;
    let (mut entries, mut has_more) = (Vec::new(), false);
    for environment in wanted {
        let (counted, number) = engine.store.delivery_counts_by_target(environment.id, from_ms, limit).await?;
        has_more |= number == limit;
        let mut counted: HashMap<_, _> = counted.into_iter().collect();
        for record in targets_of(&engine, environment).await? {
            let deliveries = counts(counted.remove(&record.id).unwrap_or_default());
            let target = response::target(&engine, record, &open).await?;
            entries.push(TargetStatistics { environment: environment.slug.clone(), target, deliveries });
        }
    }
    Ok(Json(DeliveryStatistics { from: time::write_ms(from_ms), entries, has_more }))
}
