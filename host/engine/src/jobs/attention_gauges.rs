//! The metrics of entries that need attention and of plugins that are quarantined.

use std::collections::{HashMap, HashSet};

use inlet_store::{AttentionCount, ReadError};
use metrics::gauge;

use crate::{Engine, quarantine, snapshot::Snapshot};

/// The codes with a label of their own: those of the contract and of this server. A plugin may use any other.
const KNOWN: [&str; 16] = [
    "action_failed",
    "delivery_dead",
    "time",
    "memory",
    "lifted",
    "shape",
    "trap",
    "quarantined",
    "not_utf8",
    "not_json",
    "not_an_object",
    "missing_field",
    "wrong_type",
    "unknown_type",
    "too_long",
    "unsupported",
];

/// Sets `inlet_needs_attention` and `inlet_plugin_quarantined`. Remembers the labels that it set, so that those that were
/// repaired go to zero.
#[derive(Default)]
pub(super) struct AttentionGauges {
    set: HashSet<Labels>,
    quarantined: HashSet<Labels>,
}

type Labels = (String, String, String);

impl AttentionGauges {
    /// Counts the entries and sets the gauges.
    pub(super) async fn set(&mut self, engine: &Engine) -> Result<(), ReadError> {
        let snapshot = engine.snapshot();
        self.set_quarantined(&snapshot);
        let mut counts: HashMap<Labels, i64> = self.set.drain().map(|labels| (labels, 0)).collect();
        let endpoints: HashMap<i64, _> = snapshot.endpoints().map(|endpoint| (endpoint.id, endpoint)).collect();
        for (source_environment, found) in engine.store.all_attention_counts().await? {
            let Some(endpoint) = endpoints.get(&source_environment) else { continue };
            let labels = (endpoint.source.clone(), endpoint.environment.clone(), cause(&found));
            *counts.entry(labels).or_default() += found.count;
        }
        for ((source, environment, cause), count) in counts {
            let labels = [("source", source.clone()), ("environment", environment.clone()), ("cause", cause.clone())];
            gauge!("inlet_needs_attention", &labels).set(count as f64);
            if count > 0 {
                self.set.insert((source, environment, cause));
            }
        }
        Ok(())
    }

    fn set_quarantined(&mut self, snapshot: &Snapshot) {
        let quarantined: HashSet<Labels> = snapshot
            .endpoints()
            .filter(|endpoint| endpoint.guard.is_quarantined())
            .map(|endpoint| (endpoint.source.clone(), endpoint.environment.clone(), endpoint.plugin_ref.key.clone()))
            .collect();
        for labels in self.quarantined.union(&quarantined) {
            let (source, environment, plugin) = labels;
            quarantine::set_gauge(source, environment, plugin, quarantined.contains(labels));
        }
        self.quarantined = quarantined;
    }
}

/// Returns the label: `failed:trap`, `rejected:not_json`, `refused:missing`.
pub(super) fn cause(found: &AttentionCount) -> String {
    match found.outcome {
        Some(outcome) => {
            let code = KNOWN.into_iter().find(|known| *known == found.code).unwrap_or("other");
            format!("{}:{code}", outcome.as_str())
        }
        // The server makes the causes of refusals.
        None => format!("refused:{}", found.code),
    }
}
