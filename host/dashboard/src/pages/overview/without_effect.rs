//! What had no effect, although nothing failed: requests with a wrong URL, runs without a target, events that reached nobody,
//! and event types without a mapping. Only the events that reached nobody are counted in the overview's range, so each row says
//! what its number counts.

use futures_util::future::{try_join, try_join_all};
use inlet_api::Scope;
use inlet_api_types::{
    sources::SourceEvents, statistics::Statistics, unrouted_requests::UnroutedRequestList, workflows::WorkflowList,
};

use super::traffic::Traffic;
use crate::{
    components::{
        cure::{Cure, of_nobody, of_unmapped, of_workflow, of_wrong_url},
        outcome::{self, Badge},
    },
    context::Page,
    error::PageError,
    html::url_part,
    pages::{source_events::unmapped, source_place::SourcePlace},
};

/// The sources whose event types are looked at, those with the most events first.
const MAX_SOURCES: usize = 8;
/// The event types that a row names.
const NAMED: usize = 3;

/// Things of one cause that had no effect.
#[derive(Clone)]
pub struct WithoutEffect {
    /// The outcome.
    pub badge: Badge,
    /// The names of what had no effect.
    pub names: Vec<String>,
    /// The number of further names.
    pub more_names: usize,
    /// The page with all of it.
    pub href: String,
    /// The source.
    pub source: Option<String>,
    /// The environment's identifier.
    pub environment: Option<String>,
    /// The time of the last one.
    pub last_at: Option<String>,
    /// The number.
    pub count: u64,
    /// The time over which, or the things among which, it was counted; none for the overview's range.
    pub counted: Option<&'static str>,
    /// The cure.
    pub cure: Cure,
}

impl WithoutEffect {
    /// Returns the number of names that are left out, in words.
    pub fn more(&self) -> Option<String> {
        match self.more_names {
            0 => None,
            1 => Some("and 1 more type".to_owned()),
            more => Some(format!("and {more} more types")),
        }
    }
}

/// Reads everything that had no effect since `from`, in these environments. `traffic` is that of the same time.
pub async fn read(
    page: &Page,
    environments: &[&str],
    from: &str,
    traffic: &Traffic,
) -> Result<Vec<WithoutEffect>, PageError> {
    let of_environments = try_join_all(environments.iter().map(async |environment| {
        let (workflows, events) =
            try_join(workflows(page, environment), events(page, environment, from, traffic)).await?;
        Ok::<_, PageError>([workflows, events].concat())
    }));
    let (wrong_urls, rest) = try_join(wrong_urls(page, from), of_environments).await?;
    Ok([vec![wrong_urls], rest].concat().concat())
}

/// Returns requests that are nearly right. What scans the server for other things needs no cure.
async fn wrong_urls(page: &Page, from: &str) -> Result<Vec<WithoutEffect>, PageError> {
    let list: UnroutedRequestList = page.get("/v1/unrouted_requests").await?;
    // RFC 3339 in UTC, so texts are ordered as times are.
    let found = list.entries.into_iter().filter(|found| found.cause != "unknown_path" && *found.last_at >= *from);
    let may_acknowledge = page.can(Scope::Operate) && page.operator().environment_ids().is_none();
    let row = |found: inlet_api_types::unrouted_requests::UnroutedRequests| WithoutEffect {
        badge: outcome::wrong_url(),
        cure: of_wrong_url(&found.cause, &found.message, may_acknowledge),
        names: vec![found.cause],
        more_names: 0,
        href: "/sources".to_owned(),
        source: None,
        environment: None,
        last_at: Some(found.last_at),
        count: found.count,
        counted: Some("not acknowledged"),
    };
    Ok(found.map(row).collect())
}

/// Returns the workflows with runs that no target takes.
async fn workflows(page: &Page, environment: &str) -> Result<Vec<WithoutEffect>, PageError> {
    let list: WorkflowList = page.get(&format!("/v1/workflows?environment={}", url_part(environment))).await?;
    let found = list.entries.into_iter().filter(|found| found.has_no_target && found.recent_runs > 0);
    let row = |found: inlet_api_types::workflows::Workflow| WithoutEffect {
        badge: outcome::without_target(),
        cure: of_workflow(environment, &found.key),
        href: format!("/e/{}/workflows/{}", url_part(environment), url_part(&found.key)),
        names: vec![found.key],
        more_names: 0,
        source: None,
        environment: Some(environment.to_owned()),
        last_at: found.last_run_at,
        count: found.recent_runs,
        counted: Some("of the newest runs"),
    };
    Ok(found.map(row).collect())
}

/// Returns the events that reached nobody, and the event types without a mapping.
async fn events(
    page: &Page,
    environment: &str,
    from: &str,
    traffic: &Traffic,
) -> Result<Vec<WithoutEffect>, PageError> {
    if traffic.count("skipped") + traffic.count("logged") == 0 {
        return Ok(Vec::new());
    }
    let query = format!("/v1/statistics?environment={}&from={}", url_part(environment), url_part(from));
    let own = Traffic::of(page.get::<Statistics>(&query).await?);
    let mut rows: Vec<WithoutEffect> =
        own.sources_with("skipped").into_iter().map(|(source, count)| nobody(environment, source, count)).collect();
    let logged = own.sources_with("logged").into_iter().take(MAX_SOURCES);
    let unmapped = try_join_all(logged.map(|(source, _)| unmapped_types(page, environment, source, from))).await?;
    rows.extend(unmapped.into_iter().flatten());
    Ok(rows)
}

fn nobody(environment: &str, source: &str, count: u64) -> WithoutEffect {
    let [slug, key] = [environment, source].map(url_part);
    WithoutEffect {
        badge: outcome::event("skipped"),
        names: Vec::new(),
        more_names: 0,
        href: format!("/e/{slug}/logs?source={key}&outcome=skipped"),
        source: Some(source.to_owned()),
        environment: Some(environment.to_owned()),
        last_at: None,
        count,
        counted: None,
        cure: of_nobody(environment, source),
    }
}

async fn unmapped_types(
    page: &Page,
    environment: &str,
    source: &str,
    from: &str,
) -> Result<Option<WithoutEffect>, PageError> {
    let place = SourcePlace::new(environment, source);
    let path = place.api("/events");
    let (configuration, events) = tokio::join!(place.configuration(page), page.get::<SourceEvents>(&path));
    // A source that was deleted has statistics and nothing else.
    let (Ok(configuration), Ok(events)) = (configuration, events) else { return Ok(None) };
    let recent = events.entries.into_iter().filter(|event| *event.last_received_at >= *from);
    let unmapped = unmapped(&configuration, recent);
    let Some(last_at) = unmapped.iter().map(|event| event.last_received_at.clone()).max() else { return Ok(None) };
    let count = unmapped.iter().map(|event| event.count.unsigned_abs()).sum();
    let types: Vec<String> = unmapped.into_iter().map(|event| event.event).collect();
    let cure = of_unmapped(environment, source, &types);
    let names: Vec<String> = types.iter().take(NAMED).cloned().collect();
    Ok(Some(WithoutEffect {
        badge: outcome::event("logged"),
        more_names: types.len().saturating_sub(NAMED),
        names,
        href: place.page("events"),
        source: Some(source.to_owned()),
        environment: Some(environment.to_owned()),
        last_at: Some(last_at),
        count,
        counted: Some("in all"),
        cure,
    }))
}
