//! The items and requests of a source that need attention, grouped by cause.

use inlet_core::{log::Outcome, time};
use inlet_engine::quarantine;
use inlet_store::AttentionCount;
use serde::Serialize;
use utoipa::ToSchema;

/// What needs somebody.
#[derive(Serialize, ToSchema, Default)]
pub struct NeedsAttention {
    /// How many items failed or were rejected and are neither repaired nor dismissed, and how many requests are refused.
    count: i64,
    /// When the oldest of them came; null when there are none.
    #[schema(required, format = DateTime)]
    oldest_at: Option<String>,
    /// The same by cause, the most frequent first.
    causes: Vec<Cause>,
    #[serde(skip)]
    oldest_ms: Option<i64>,
}

/// A cause, and how many there are of it.
#[derive(Serialize, ToSchema)]
#[schema(as = AttentionCause)]
pub struct Cause {
    /// The environment.
    environment: String,
    /// `failed`, `rejected` or `refused`.
    #[schema(value_type = String)]
    kind: &'static str,
    /// The code of the log entries, or why the requests were refused.
    cause: String,
    /// How many.
    count: i64,
    /// When the oldest of them came.
    #[schema(format = DateTime)]
    oldest_at: String,
    /// What to do, in a sentence.
    #[schema(value_type = String)]
    what_to_do: &'static str,
}

impl NeedsAttention {
    /// Adds what is counted in one environment.
    pub fn add(&mut self, environment: &str, counts: Vec<AttentionCount>) {
        for found in counts {
            self.count += found.count;
            self.oldest_ms = Some(self.oldest_ms.map_or(found.oldest_ms, |oldest| oldest.min(found.oldest_ms)));
            self.oldest_at = self.oldest_ms.map(time::write_ms);
            self.causes.push(Cause {
                environment: environment.to_owned(),
                kind: found.outcome.map_or("refused", Outcome::as_str),
                what_to_do: what_to_do(found.outcome, &found.code),
                cause: found.code,
                count: found.count,
                oldest_at: time::write_ms(found.oldest_ms),
            });
        }
        self.causes.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.cause.cmp(&b.cause)));
    }
}

fn what_to_do(outcome: Option<Outcome>, code: &str) -> &'static str {
    match (outcome, code) {
        (None, "partly_signed") => {
            "only the first item of these batches is signed: set trust_unsigned_batch_items if you accept that, then POST …/refused/verify"
        }
        (None, "missing") => {
            "these requests carry no credential: let the sender sign them, or see whether they are the sender's at all"
        }
        (None, _) => "compare the secret with the sender's, correct it, then POST …/refused/verify",
        (Some(Outcome::Failed), "action_failed") => {
            "read the reasons in the logs, correct the mappings, then replay them with POST …/replays"
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
