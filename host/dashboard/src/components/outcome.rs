//! The names, colours and icons of everything that can come of an event, a run or a delivery. They stand here and nowhere
//! else. A colour never stands alone: the icon and the text say the same.

use inlet_api_types::{
    deliveries::{Delivery, DeliveryCounts, DeliveryStatus},
    logs::{MAX_COUNTED_DELIVERIES, SourceLog},
    runs::WorkflowRunStatus,
    targets::TargetState,
};
use std::borrow::Borrow;

use super::{Html, icon::icon};
use crate::html::escape;

/// The meaning of a colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tone {
    /// It went well.
    Done,
    /// Nothing was to be done.
    Quiet,
    /// It was seen before.
    Duplicate,
    /// It waits, or reached nobody.
    Waiting,
    /// It went wrong.
    Failed,
}

impl Tone {
    /// The suffix of the classes in `outcomes.css`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Quiet => "quiet",
            Self::Duplicate => "duplicate",
            Self::Waiting => "waiting",
            Self::Failed => "failed",
        }
    }
}

/// A state with its name, colour and icon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Badge {
    /// The name that people read.
    pub label: String,
    /// The colour.
    pub tone: Tone,
    /// The icon's id.
    pub icon: &'static str,
}

impl Badge {
    fn new(label: &str, tone: Tone, icon: &'static str) -> Self {
        Self { label: label.to_owned(), tone, icon }
    }

    /// Adds a few words, such as `delivered 2/3`.
    pub fn with_detail(mut self, detail: &str) -> Self {
        self.label = format!("{} ({detail})", self.label);
        self
    }

    /// Takes a worse tone, with its icon, if there is one.
    pub fn at_least(mut self, tone: Tone) -> Self {
        if tone > self.tone {
            self.tone = tone;
            self.icon = match tone {
                Tone::Failed => "i-failed",
                Tone::Waiting => "i-waiting",
                Tone::Duplicate => "i-duplicate",
                Tone::Quiet | Tone::Done => "i-none",
            };
        }
        self
    }

    /// Returns the badge.
    pub fn html(&self) -> Html {
        let (tone, icon, label) = (self.tone.as_str(), icon(self.icon), escape(&self.label));
        Html::trusted(format!(r#"<span class="badge tone-{tone}">{icon}{label}</span>"#))
    }
}

/// Every outcome of an event, as the API names it, in the order in which filters and charts show them.
pub const EVENT_OUTCOMES: [&str; 7] = ["executed", "skipped", "replayed", "logged", "ignored", "rejected", "failed"];

/// The outcome of an event.
pub fn event(outcome: &str) -> Badge {
    match outcome {
        "executed" => Badge::new("Done", Tone::Done, "i-done"),
        "skipped" => Badge::new("Nobody reached", Tone::Waiting, "i-nobody"),
        "replayed" => Badge::new("Duplicate (idempotent)", Tone::Duplicate, "i-duplicate"),
        "logged" => Badge::new("No action", Tone::Quiet, "i-none"),
        "ignored" => Badge::new("Handshake", Tone::Quiet, "i-handshake"),
        "rejected" => Badge::new("Unreadable", Tone::Failed, "i-unreadable"),
        "failed" => Badge::new("Failed", Tone::Failed, "i-failed"),
        "refused" => Badge::new("Signature refused", Tone::Failed, "i-refused"),
        other => Badge::new(other, Tone::Quiet, "i-none"),
    }
}

/// The status of an action.
pub fn action(status: &str) -> Badge {
    match status {
        "success" => Badge::new("Done", Tone::Done, "i-done"),
        "skipped" => Badge::new("Skipped", Tone::Quiet, "i-none"),
        "error" => Badge::new("Failed", Tone::Failed, "i-failed"),
        other => Badge::new(other, Tone::Quiet, "i-none"),
    }
}

/// The verdict of idempotency about an event: `none`, `replays` or `resumes`.
pub fn idempotency(verdict: &str) -> Badge {
    match verdict {
        "none" => Badge::new("Not a duplicate", Tone::Done, "i-done"),
        "replays" => Badge::new("Duplicate (idempotent)", Tone::Duplicate, "i-duplicate"),
        "resumes" => Badge::new("Resumes a failed execution", Tone::Waiting, "i-replay"),
        "no_key" => Badge::new("No key", Tone::Quiet, "i-none"),
        other => Badge::new(other, Tone::Quiet, "i-none"),
    }
}

/// The match of a mapping with an event.
pub fn mapping(is_matched: bool, is_active: bool) -> Badge {
    match (is_matched, is_active) {
        (true, _) => Badge::new("Matches", Tone::Done, "i-done"),
        (false, true) => Badge::new("Does not match", Tone::Quiet, "i-none"),
        (false, false) => Badge::new("Off", Tone::Quiet, "i-none"),
    }
}

/// A mapping that is on or off.
pub fn switch(is_on: impl Borrow<bool>) -> Badge {
    match is_on.borrow() {
        true => Badge::new("On", Tone::Done, "i-done"),
        false => Badge::new("Off", Tone::Quiet, "i-none"),
    }
}

/// The verdict on one attempt of a delivery.
pub fn attempt(outcome: &str) -> Badge {
    match outcome {
        "delivered" => Badge::new("Delivered", Tone::Done, "i-done"),
        "failed" => Badge::new("Failed", Tone::Failed, "i-failed"),
        "throttled" => Badge::new("Asked to wait", Tone::Waiting, "i-waiting"),
        "not_sent" => Badge::new("Not sent", Tone::Waiting, "i-waiting"),
        "rejected" => Badge::new("Refused by the target", Tone::Failed, "i-dead"),
        "wrong_credentials" => Badge::new("Wrong credentials", Tone::Failed, "i-refused"),
        "gone" => Badge::new("Gone", Tone::Failed, "i-dead"),
        other => Badge::new(other, Tone::Quiet, "i-none"),
    }
}

/// The status of a delivery, as [`delivery`] names it.
pub fn delivery_status(delivery: &Delivery) -> &'static str {
    match delivery.status {
        _ if delivery.under_way => "sending",
        DeliveryStatus::Pending => "pending",
        DeliveryStatus::Retrying => "retrying",
        DeliveryStatus::Delivered => "delivered",
        DeliveryStatus::Dead => "dead",
        DeliveryStatus::Canceled => "canceled",
    }
}

/// Returns how many deliveries of an entry arrived, in words, and the worst colour among them; none if it has none.
pub fn delivered(entry: &SourceLog) -> Option<(String, Tone)> {
    let DeliveryCounts { pending, retrying, delivered: arrived, dead, canceled } = entry.delivery_counts?;
    let all = pending + retrying + arrived + dead + canceled;
    let counted = [("pending", pending), ("retrying", retrying), ("delivered", arrived), ("dead", dead)];
    let tones = counted.iter().filter(|(_, count)| *count > 0).map(|(status, _)| delivery(status).tone);
    let more = if all >= MAX_COUNTED_DELIVERIES { "+" } else { "" };
    (all > 0).then(|| (format!("delivered {arrived}/{all}{more}"), tones.max().unwrap_or(Tone::Quiet)))
}

/// The badge of an entry, with what became of its deliveries.
pub fn entry(entry: &SourceLog) -> Badge {
    let badge = event(&entry.outcome);
    match delivered(entry) {
        // What happened last decides about the colour, unless the event itself went worse.
        Some((detail, tone)) => badge.with_detail(&detail).at_least(tone),
        None => badge,
    }
}

/// The status of a delivery.
pub fn delivery(status: &str) -> Badge {
    match status {
        "delivered" | "succeeded" => Badge::new("Delivered", Tone::Done, "i-done"),
        "pending" => Badge::new("Waiting", Tone::Waiting, "i-waiting"),
        "sending" | "in_flight" => Badge::new("Sending", Tone::Waiting, "i-waiting"),
        "retrying" => Badge::new("Trying again", Tone::Waiting, "i-waiting"),
        "dead" => Badge::new("Gave up", Tone::Failed, "i-dead"),
        "discarded" => Badge::new("Discarded", Tone::Quiet, "i-none"),
        "canceled" => Badge::new("Cancelled", Tone::Quiet, "i-none"),
        other => Badge::new(other, Tone::Quiet, "i-none"),
    }
}

/// The state of a job that runs many events again.
pub fn replay(state: &str) -> Badge {
    match state {
        "running" => Badge::new("Running", Tone::Waiting, "i-waiting"),
        "finished" => Badge::new("Finished", Tone::Done, "i-done"),
        "cancelled" => Badge::new("Cancelled", Tone::Quiet, "i-none"),
        other => Badge::new(other, Tone::Quiet, "i-none"),
    }
}

/// The state of an issue.
pub fn issue(state: &str) -> Badge {
    match state {
        "open" => Badge::new("Open", Tone::Failed, "i-issues"),
        "acknowledged" => Badge::new("Acknowledged", Tone::Waiting, "i-waiting"),
        "muted" => Badge::new("Muted", Tone::Quiet, "i-none"),
        "resolved" => Badge::new("Resolved", Tone::Done, "i-done"),
        other => Badge::new(other, Tone::Quiet, "i-none"),
    }
}

/// A run whose workflow has no target.
pub fn without_target() -> Badge {
    Badge::new("Not sent: no target", Tone::Waiting, "i-nobody")
}

/// The status of a run, or of one of its recipients.
pub fn run(status: WorkflowRunStatus) -> Badge {
    match status {
        WorkflowRunStatus::Recorded => without_target(),
        WorkflowRunStatus::Delivering => Badge::new("Delivering", Tone::Waiting, "i-waiting"),
        WorkflowRunStatus::Delivered => Badge::new("Delivered", Tone::Done, "i-done"),
        WorkflowRunStatus::Failed => Badge::new("Gave up", Tone::Failed, "i-dead"),
        WorkflowRunStatus::Canceled => Badge::new("Cancelled", Tone::Quiet, "i-none"),
    }
}

/// The state of a target.
pub fn target(state: TargetState) -> Badge {
    match state {
        TargetState::Running => Badge::new("Running", Tone::Done, "i-done"),
        TargetState::Paused => Badge::new("Paused", Tone::Waiting, "i-waiting"),
        TargetState::Disabled => Badge::new("Disabled", Tone::Failed, "i-dead"),
    }
}

/// A condition of the server.
pub fn check(is_good: bool) -> Badge {
    match is_good {
        true => Badge::new("Good", Tone::Done, "i-done"),
        false => Badge::new("Check failed", Tone::Failed, "i-failed"),
    }
}

/// The outcome of a run of a background job.
pub fn job(outcome: &str) -> Badge {
    match outcome {
        "succeeded" => Badge::new("Done", Tone::Done, "i-done"),
        "failed" => Badge::new("Failed", Tone::Failed, "i-failed"),
        "panicked" => Badge::new("Crashed", Tone::Failed, "i-failed"),
        "held_elsewhere" => Badge::new("Runs on another node", Tone::Quiet, "i-none"),
        "lease_lost" => Badge::new("Stopped: another node took over", Tone::Waiting, "i-waiting"),
        other => Badge::new(other, Tone::Quiet, "i-none"),
    }
}

/// The state of a server.
pub fn node(is_alive: bool) -> Badge {
    match is_alive {
        true => Badge::new("Alive", Tone::Done, "i-done"),
        false => Badge::new("Not heard of", Tone::Failed, "i-failed"),
    }
}

/// The sending of an operational event to the webhook.
pub fn operational_event(status: &str) -> Badge {
    match status {
        "delivered" => Badge::new("Delivered", Tone::Done, "i-done"),
        "pending" => Badge::new("Waiting", Tone::Waiting, "i-waiting"),
        "dead" => Badge::new("Gave up", Tone::Failed, "i-dead"),
        "unsent" => Badge::new("Not sent: no webhook", Tone::Quiet, "i-none"),
        other => Badge::new(other, Tone::Quiet, "i-none"),
    }
}

/// A law of plugins: kept or not, by a plugin that must keep it or should.
pub fn law(is_kept: bool, is_must: bool) -> Badge {
    match (is_kept, is_must) {
        (true, _) => Badge::new("Kept", Tone::Done, "i-done"),
        (false, true) => Badge::new("Broken", Tone::Failed, "i-failed"),
        (false, false) => Badge::new("Could be better", Tone::Waiting, "i-nobody"),
    }
}

/// A plugin that translates the requests of a source environment.
pub fn running() -> Badge {
    Badge::new("Running", Tone::Done, "i-done")
}

/// A plugin that is not run, because it failed on most requests.
pub fn quarantined() -> Badge {
    Badge::new("Quarantined", Tone::Failed, "i-dead")
}

/// A plugin whose version does not load.
pub fn not_loaded() -> Badge {
    Badge::new("Does not load", Tone::Failed, "i-failed")
}

/// The verdict on a request's signature, as the API names it, with or without `enforced:`.
pub fn verification(status: &str) -> Badge {
    match status.trim_start_matches("enforced:") {
        "verified" => Badge::new("Verified", Tone::Done, "i-verified"),
        "write_key" => Badge::new("Write key", Tone::Done, "i-verified"),
        "failed" => Badge::new("Signature refused", Tone::Failed, "i-refused"),
        "missing" => Badge::new("Not signed", Tone::Waiting, "i-unsigned"),
        "not_configured" => Badge::new("Not verified: no secret", Tone::Quiet, "i-unsigned"),
        other => Badge::new(other, Tone::Quiet, "i-unsigned"),
    }
}

/// Requests whose URL leads to no source.
pub fn wrong_url() -> Badge {
    Badge::new("Wrong URL", Tone::Failed, "i-refused")
}

/// A difference between two environments: `added`, `changed` or `removed`.
pub fn difference(change: &str) -> Badge {
    match change {
        "added" => Badge::new("Added", Tone::Done, "i-plus"),
        "removed" => Badge::new("Removed", Tone::Failed, "i-close"),
        "changed" => Badge::new("Changed", Tone::Waiting, "i-differs"),
        other => Badge::new(other, Tone::Quiet, "i-none"),
    }
}

/// The health of a source, by the number of its items that need attention.
pub fn health(needs_attention: i64, has_events: bool) -> Badge {
    match (needs_attention, has_events) {
        (0, false) => Badge::new("No events yet", Tone::Quiet, "i-none"),
        (0, true) => Badge::new("Healthy", Tone::Done, "i-done"),
        (count, _) => Badge::new(&attention(count), Tone::Failed, "i-failed"),
    }
}

/// Returns how many need attention, in words.
pub fn attention(count: i64) -> String {
    match count {
        1 => "1 needs attention".to_owned(),
        count => format!("{} need attention", crate::html::grouped(count)),
    }
}
