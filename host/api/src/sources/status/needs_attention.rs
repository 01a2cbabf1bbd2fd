//! The items and requests of a source that need attention, grouped by cause.

use inlet_api_types::sources::{AttentionCause, NeedsAttention};
use inlet_core::{log::Outcome, time, verification::RefusalCause};
use inlet_engine::quarantine;
use inlet_store::AttentionCount;

/// The sum over environments of what needs attention.
#[derive(Default)]
pub struct AttentionTally {
    count: i64,
    oldest_ms: Option<i64>,
    causes: Vec<AttentionCause>,
}

impl AttentionTally {
    /// Adds the counts of one environment.
    pub fn add(&mut self, environment: &str, counts: Vec<AttentionCount>) {
        for found in counts {
            self.count += found.count;
            self.oldest_ms = Some(self.oldest_ms.map_or(found.oldest_ms, |oldest| oldest.min(found.oldest_ms)));
            self.causes.push(AttentionCause {
                environment: environment.to_owned(),
                kind: found.outcome.map_or("refused", Outcome::as_str).to_owned(),
                what_to_do: what_to_do(found.outcome, &found.code).to_owned(),
                cause: found.code,
                count: found.count,
                oldest_at: time::write_ms(found.oldest_ms),
            });
        }
    }

    /// Returns the response, with the most frequent cause first.
    pub fn into_response(mut self) -> NeedsAttention {
        self.causes.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.cause.cmp(&b.cause)));
        NeedsAttention { count: self.count, oldest_at: self.oldest_ms.map(time::write_ms), causes: self.causes }
    }
}

/// Returns the repair of a cause, in a sentence. Refused requests have no outcome.
pub fn what_to_do(outcome: Option<Outcome>, code: &str) -> &'static str {
    match (outcome, code) {
        (None, cause) => RefusalCause::what_to_do_about(cause),
        (Some(Outcome::Failed), "action_failed") => {
            "read the reasons in the logs, correct the mappings, then replay them with POST …/replays"
        }
        (Some(Outcome::Failed), "delivery_dead") => {
            "deliveries of their runs were given up: read the answers (GET /v1/deliveries?environment=…&status=dead), correct the target, then \
             send them again with POST /v1/deliveries/redrive"
        }
        (Some(Outcome::Failed), "delivery_failing") => {
            "a target does not take deliveries, and they are tried again: read the answers (GET \
             /v1/deliveries?environment=…&status=retrying) and correct the target"
        }
        (Some(Outcome::Failed), quarantine::CODE) => {
            "the plugin failed on most requests and was not run for these: use a version that works (POST …/plugin), or wait \
             until probes end the quarantine, then replay them with POST …/replays and the code quarantined (inlet plugin replay)"
        }
        (Some(Outcome::Failed), _) => {
            "the plugin failed, and the server tries again three times: read the reasons in the logs, raise the limit or \
             update the plugin, then POST …/replays"
        }
        (Some(_), _) => {
            "read the reasons in the logs, correct the settings or the sender, then replay them with POST …/replays, or \
             dismiss them with POST …/attention/dismiss"
        }
    }
}
