//! The conditions of sources: what needs attention, quarantines, and refusals for lack of room.

use std::collections::{BTreeMap, HashMap};

use inlet_core::{
    operational::{EventEnvironment, Observation, OperationalEvent, OperationalEventType},
    time,
};
use inlet_store::ReadError;

use crate::{
    Engine,
    jobs::attention_gauges::cause,
    snapshot::{Endpoint, Snapshot},
};

/// The causes of refusals for lack of room, and of a sender that sends too much that is refused.
const LIMITS: [&str; 6] = [
    "source_share_full",
    "peer_share_full",
    "too_many_bytes_in_flight",
    "overloaded",
    "too_many_refused",
    "rate_limited",
];
/// The minutes after which refusals are told: a burst is no news.
const LASTING_MINUTES: u32 = 5;

/// Returns an event about a source environment. `about` follows the source's key in the subject.
pub(super) fn event(
    event_type: OperationalEventType,
    endpoint: &Endpoint,
    about: &str,
    reason: String,
) -> OperationalEvent {
    let environment = EventEnvironment { id: endpoint.environment_id, slug: endpoint.environment.clone() };
    let subject = format!("source/{}{about}", endpoint.source);
    OperationalEvent::new(event_type, Some(environment), subject, reason).text("source", &endpoint.source)
}

fn holds(event: OperationalEvent) -> Observation {
    Observation::Holds { event, began_ms: None }
}

/// Observes what needs attention, by source environment and cause.
pub(super) async fn needs_attention(engine: &Engine, snapshot: &Snapshot) -> Result<Vec<Observation>, ReadError> {
    let endpoints: HashMap<i64, _> = snapshot.endpoints().map(|endpoint| (endpoint.id, endpoint)).collect();
    // By source environment and cause: the count and the oldest.
    let mut found: BTreeMap<(i64, String), (i64, i64)> = BTreeMap::new();
    for (source_environment, count) in engine.store.all_attention_counts().await? {
        let (total, oldest_ms) = found.entry((source_environment, cause(&count))).or_insert((0, i64::MAX));
        (*total, *oldest_ms) = (*total + count.count, (*oldest_ms).min(count.oldest_ms));
    }
    let observed = found.into_iter().filter(|(_, (count, _))| *count > 0);
    let observed = observed.filter_map(|((id, cause), (count, oldest_ms))| {
        let endpoint = endpoints.get(&id)?;
        let of = if count == 1 { "1 item needs".to_owned() } else { format!("{count} items need") };
        let reason = format!("{of} attention in the source {:?}: {cause}", endpoint.source);
        let event = event(OperationalEventType::SourceNeedsAttention, endpoint, &format!("/{cause}"), reason);
        Some(holds(event.text("cause", &cause).number("count", count).text("oldest", &time::write_ms(oldest_ms))))
    });
    Ok(observed.collect())
}

/// Observes plugins that are quarantined in this process.
pub(super) fn quarantined(snapshot: &Snapshot) -> Vec<Observation> {
    let observed = snapshot.endpoints().filter_map(|endpoint| {
        let since = time::write_ms(endpoint.guard.quarantined_since_ms()?);
        let plugin = &endpoint.plugin_ref;
        let reason = format!(
            "the plugin {} {} failed on most requests of the source {:?}: they are stored and not run",
            plugin.key, plugin.version, endpoint.source
        );
        let event = event(OperationalEventType::PluginQuarantined, endpoint, "", reason);
        Some(holds(event.text("plugin", &plugin.key).text("version", &plugin.version).text("since", &since)))
    });
    observed.collect()
}

/// Observes sources whose requests have been refused for minutes for lack of room.
pub(super) fn rate_limited(engine: &Engine, snapshot: &Snapshot) -> Vec<Observation> {
    let lasting = engine.notices.lasting_refusals(LASTING_MINUTES).into_iter();
    let observed = lasting.filter(|refusal| LIMITS.contains(&refusal.cause.as_str())).filter_map(|refusal| {
        let mut endpoints = snapshot.endpoints();
        let endpoint = endpoints
            .find(|endpoint| endpoint.source == refusal.source && endpoint.environment == refusal.environment)?;
        let (minutes, cause) = (refusal.minutes, &refusal.cause);
        let reason =
            format!("requests of the source {:?} have been refused for {minutes} minutes: {cause}", endpoint.source);
        let event = event(OperationalEventType::SourceRateLimited, endpoint, &format!("/{cause}"), reason);
        Some(holds(event.text("cause", cause).number("minutes", minutes.into())))
    });
    observed.collect()
}
