//! `GET /v1/sources/{key}/events`

use std::collections::HashMap;

use axum::{Json, extract::State};
use inlet_api_types::{
    PageInfo,
    sources::{EventActivity, SourceEvent, SourceEvents},
};
use inlet_core::time;
use inlet_engine::{Engine, clock::now_ms};

use super::lookup::{endpoints_in, find_source};
use crate::{auth::Operator, error::ApiError, path::Name, query::Params};

/// The time over which activity is counted, in milliseconds.
const ACTIVITY_MS: i64 = 86_400_000;
/// The newest events that are counted of all environments together, as many as a text search scans.
const MAX_COUNTED: u64 = 20_000;
/// The steps of the activity.
const STEPS: usize = 24;
/// The shortest time over which activity is shown: the store knows times of events to about a minute.
const MIN_ACTIVITY_MS: i64 = 66_000 * STEPS as i64;

/// Lists the event types that a source has sent, in one environment or in all, the last received first.
#[utoipa::path(
    get,
    path = "/v1/sources/{key}/events",
    operation_id = "listSourceEvents",
    tag = "sources",
    params(
        ("key" = String, Path, description = "The source"),
        ("environment" = Option<String>, Query, description = "The environment; if absent, all that the token is good for"),
        ("include" = Option<Vec<String>>, Query, description = "`activity`: the events of the last day over time"),
    ),
    responses((status = 200, description = "The event types", body = SourceEvents)),
)]
pub async fn list_source_events(
    operator: Operator,
    State(engine): State<Engine>,
    Name(key): Name,
    params: Params,
) -> Result<Json<SourceEvents>, ApiError> {
    let snapshot = engine.snapshot();
    let source = find_source(&snapshot, &key)?;
    let environment = params.environment(&snapshot)?;
    // Event type to time of the last event and count.
    let mut received: HashMap<String, (i64, i64)> = HashMap::new();
    let endpoints = endpoints_in(source, environment).map(|(_, endpoint)| endpoint);
    let endpoints: Vec<_> = endpoints.filter(|endpoint| operator.sees(endpoint.environment_id)).collect();
    for endpoint in &endpoints {
        for found in engine.store.event_types(endpoint.id).await? {
            let (last_ms, count) = received.entry(found.event_type).or_default();
            *last_ms = found.last_received_at_ms.max(*last_ms);
            *count += found.count;
        }
    }
    let mut received: Vec<_> = received.into_iter().collect();
    received.sort_by(|(a, (a_ms, _)), (b, (b_ms, _))| b_ms.cmp(a_ms).then_with(|| a.cmp(b)));
    let mut activity = match params.includes("activity") {
        true => Some(Activity::read(&engine, endpoints.iter().map(|endpoint| endpoint.id).collect()).await?),
        false => None,
    };
    let entries: Vec<_> = received
        .into_iter()
        .map(|(event, (last_ms, count))| {
            let recent = activity.as_mut().map(|activity| activity.take(&event));
            SourceEvent { event, last_received_at: time::write_ms(last_ms), count, recent }
        })
        .collect();
    let activity = activity.map(|activity| activity.range);
    Ok(Json(SourceEvents { page_info: PageInfo::whole(entries.len()), entries, activity }))
}

/// The events of some source environments by type and step.
struct Activity {
    range: EventActivity,
    counts: HashMap<String, Vec<u64>>,
}

impl Activity {
    async fn read(engine: &Engine, source_environments: Vec<i64>) -> Result<Self, ApiError> {
        let to_ms = now_ms();
        let limit = MAX_COUNTED / (source_environments.len() as u64).max(1);
        let (mut found, mut counted, mut from_ms) = (Vec::new(), 0, to_ms - ACTIVITY_MS);
        for id in source_environments {
            let activity = engine.store.event_type_activity(id, to_ms - ACTIVITY_MS, limit).await?;
            // Before the oldest that was counted there may be more.
            if activity.counted == limit {
                from_ms = from_ms.max(activity.oldest_ms.unwrap_or_default());
            }
            counted += activity.counted;
            found.extend(activity.counts);
        }
        from_ms = from_ms.min(to_ms - MIN_ACTIVITY_MS);
        let step_ms = (to_ms - from_ms) / STEPS as i64;
        let mut counts: HashMap<String, Vec<u64>> = HashMap::new();
        // A time is known to about a minute, and of several environments the one with the most events decides.
        for (event, at_ms, count) in found.into_iter().filter(|(_, at_ms, _)| at_ms + 65_536 > from_ms) {
            let step = usize::try_from((at_ms - from_ms) / step_ms.max(1)).unwrap_or_default().min(STEPS - 1);
            counts.entry(event).or_insert_with(|| vec![0; STEPS])[step] += count;
        }
        let [from, to] = [from_ms, to_ms].map(time::write_ms);
        Ok(Self { range: EventActivity { from, to, steps: STEPS, counted }, counts })
    }

    fn take(&mut self, event: &str) -> Vec<u64> {
        self.counts.remove(event).unwrap_or_else(|| vec![0; STEPS])
    }
}
