//! `GET /v1/statistics`

use std::collections::{BTreeMap, HashMap};

use axum::{Json, extract::State};
use inlet_api_types::statistics::{SourceStatistics, StageStatistics, Statistics};
use inlet_core::time;
use inlet_engine::{Engine, clock::now_ms, metrics::STAGES};
use inlet_store::{API_LOG, Measure, StatisticsRow};

use super::{quantile::Buckets, range};
use crate::{auth::Operator, error::ApiError, query::Params};

/// The name of requests that verification refused, beside outcomes.
const REFUSED: &str = "refused";

/// Returns the events by source, outcome and step, and the times of the stages of requests.
#[utoipa::path(
    get,
    path = "/v1/statistics",
    operation_id = "getStatistics",
    tag = "sources",
    params(
        ("environment" = Option<String>, Query, description = "The environment; if absent, all that the token is good for"),
        ("source" = Option<String>, Query, description = "The source; if absent, all"),
        ("provider" = Option<String>, Query, description = "Only sources of this provider, for example `segment`"),
        ("from" = Option<String>, Query, description = "The begin; a day before the end if absent"),
        ("to" = Option<String>, Query, description = "The end; now if absent"),
        ("step" = Option<i64>, Query, description = "The length of a step, in seconds: a multiple of 60, of 3600 for what is older than two days; chosen by the server if absent"),
    ),
    responses((status = 200, description = "The statistics", body = Statistics)),
)]
pub async fn get_statistics(
    operator: Operator,
    State(engine): State<Engine>,
    params: Params,
) -> Result<Json<Statistics>, ApiError> {
    let snapshot = engine.snapshot();
    let environment = params.environment(&snapshot)?;
    let wanted = params.get("source");
    if let Some(key) = wanted.filter(|key| *key != API_LOG && !snapshot.sources.contains_key(*key)) {
        let message = format!("there is no source {key:?}; GET /v1/sources lists those there are");
        return Err(ApiError::invalid("source", message));
    }
    let provider = params.get("provider");
    let range = range::read(&params, now_ms())?;
    let own = snapshot.logs().filter(|log| {
        operator.sees(log.environment_id)
            && environment.is_none_or(|environment| environment.id == log.environment_id)
            && wanted.is_none_or(|key| key == log.source)
            && provider.is_none_or(|key| key == log.plugin_ref.key)
    });
    let sources: HashMap<i64, &str> = own.map(|log| (log.id, log.source.as_str())).collect();
    let ids: Vec<i64> = sources.keys().copied().collect();
    let rows = engine.store.outcome_statistics(&ids, range).await?;
    let steps = usize::try_from((range.to_s - range.from_s) / range.step_s).unwrap_or_default();
    let mut entries: BTreeMap<&str, BTreeMap<String, Vec<u64>>> = BTreeMap::new();
    for StatisticsRow { source_environment_id, at_s, measure, count } in rows {
        let Some(source) = sources.get(&source_environment_id) else { continue };
        let name = match measure {
            Measure::Outcome(outcome) => outcome.as_str(),
            Measure::Refused => REFUSED,
            Measure::Stage { .. } => continue,
        };
        let outcomes = entries.entry(source).or_default();
        let counts = outcomes.entry(name.to_owned()).or_insert_with(|| vec![0; steps]);
        let step = usize::try_from((at_s - range.from_s) / range.step_s).unwrap_or(usize::MAX);
        if let Some(sum) = counts.get_mut(step) {
            *sum += count;
        }
    }
    let mut stages: [Buckets; STAGES.len()] = Default::default();
    for (measure, count) in engine.store.stage_statistics(&ids, range).await? {
        if let Measure::Stage { stage, bucket } = measure
            && let Some(buckets) = stages.get_mut(usize::from(stage))
        {
            buckets.add(usize::from(bucket), count);
        }
    }
    let stages = STAGES.iter().zip(&stages).filter(|(_, buckets)| buckets.count() > 0);
    Ok(Json(Statistics {
        from: time::write_ms(range.from_s * 1000),
        to: time::write_ms(range.to_s * 1000),
        step_seconds: range.step_s,
        entries: entries
            .into_iter()
            .map(|(source, outcomes)| SourceStatistics { source: source.to_owned(), outcomes })
            .collect(),
        stages: stages
            .map(|((_, name), buckets)| StageStatistics {
                stage: (*name).to_owned(),
                count: buckets.count(),
                p50_us: buckets.percentile_us(50),
                p95_us: buckets.percentile_us(95),
                p99_us: buckets.percentile_us(99),
            })
            .collect(),
    }))
}
