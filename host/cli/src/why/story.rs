//! The stages of an event as sentences, in their order.

use inlet_api_types::{
    RawJson,
    deliveries::{Delivery, DeliveryStatus},
    logs::{SourceLog, SourceLogAction},
    rehearsals::RehearsedMapping,
};
use serde::Deserialize;

use super::Trace;
use crate::{
    output::text::{clean, counted},
    route_commands::{Subject, with_commands_for},
};

/// Returns the sentences, for people.
pub fn lines(trace: &Trace) -> Vec<String> {
    let event = &trace.event;
    let name = if event.event_type.is_empty() { "an item without a type" } else { &event.event_type };
    let mut lines = vec![
        format!("{} from {}@{}: {}", clean(name), event.source, event.environment, outcome(event)),
        String::new(),
        format!("Received      {} ({} bytes), event {}", event.received_at, event.original_size, event.id),
        format!("Verification  {}", verification(&event.verification_status)),
        format!("Plugin        {} {} {}", event.plugin.key, event.plugin.version, translated(event)),
        format!("Idempotency   {}", idempotency(trace)),
    ];
    if event.resends > 0 {
        lines.push(format!(
            "Resends       the same signed bytes came again {}; nothing ran then",
            counted(event.resends, "time", "times")
        ));
    }
    if let Some(rerun_of) = &event.rerun_of {
        lines.push(format!("Replay        it replays {rerun_of}"));
    }
    if !event.rerun_as.is_empty() {
        lines.push(format!("Replayed as   {}", event.rerun_as.join(", ")));
    }
    lines.extend(mappings(trace));
    lines.extend(actions(event));
    lines.extend(deliveries(event));
    for warning in &event.warnings {
        lines.push(format!("Warning       {}", clean(warning)));
    }
    lines
}

fn outcome(event: &SourceLog) -> String {
    let subject = Subject { source: Some(event.source.as_str()), environment: Some(event.environment.as_str()) };
    let reason = event.reason.as_deref().map(|reason| clean(&with_commands_for(subject, reason)));
    let reason = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
    let code = event.code.as_deref().map(|code| format!(" ({})", clean(code))).unwrap_or_default();
    let said = match event.outcome.as_str() {
        "executed" => "done",
        "skipped" => "nobody reached",
        "replayed" => "a duplicate; it was executed before, and not again",
        "logged" => "no action",
        "ignored" => "a message of the platform that is no event, ignored",
        "rejected" => "unreadable",
        "failed" => "failed",
        other => other,
    };
    format!("{said}{code}{reason}")
}

fn verification(status: &str) -> String {
    let (enforced, result) = match status.strip_prefix("enforced:") {
        Some(result) => (true, result),
        None => (false, status),
    };
    let said = match result {
        "verified" => "the signature is right",
        "write_key" => "the write key is right, which browsers show to everybody",
        "failed" => "the signature is wrong",
        "missing" => "there was no signature",
        "not_configured" => "the source has no secret, so nobody knows who sent it",
        other => other,
    };
    match enforced {
        true => format!("{said}; it is enforced"),
        false => format!("{said}; it is not enforced"),
    }
}

fn translated(event: &SourceLog) -> String {
    match event.outcome.as_str() {
        "rejected" => "could not translate it".to_owned(),
        "failed" if event.event_type.is_empty() => "failed on it".to_owned(),
        _ => match &event.user_id {
            Some(user) => format!("made {} about the user {} of it", clean(&event.event_type), clean(user)),
            None => format!("made {} of it, about no user", clean(&event.event_type)),
        },
    }
}

fn idempotency(trace: &Trace) -> String {
    let event = &trace.event;
    let at = trace.earlier.as_ref().map(|earlier| format!(" of {}", earlier.inserted_at)).unwrap_or_default();
    let key = event.idempotency_key.as_deref().map(clean);
    match (&event.replay_of, &event.resumes, key) {
        (Some(earlier), _, Some(key)) => format!("the key {key} was executed before, by {earlier}{at}"),
        (Some(earlier), _, None) => format!("it was executed before, by {earlier}{at}"),
        (None, Some(earlier), _) => format!("it executed only the actions that had failed in {earlier}{at}"),
        (None, None, Some(key)) => match is_enforced(trace) {
            Some(false) => format!("the key {key} is not checked: idempotency is off"),
            _ => format!("the key {key} was new"),
        },
        (None, None, None) => "it has no key, so a second one would be executed too".to_owned(),
    }
}

fn is_enforced(trace: &Trace) -> Option<bool> {
    let settings = trace.source.as_ref()?.environment_settings.as_ref()?.get(&trace.event.environment)?;
    Some(settings.settings.enforce_idempotency)
}

/// The mappings are those of now: which ones there were is not kept, but what they did is.
fn mappings(trace: &Trace) -> Vec<String> {
    let Some(item) = &trace.rehearsed else {
        return vec![
            "Mappings      they could not be looked at: the item is no longer kept, or the token may not".to_owned(),
        ];
    };
    if item.mappings.is_empty() {
        return vec!["Mappings      the source has none".to_owned()];
    }
    let mut lines = vec!["Mappings      as they are now".to_owned()];
    for RehearsedMapping { id, event_type, action_type, active, matched, why_not, .. } in &item.mappings {
        let mapping = format!("{id} ({} → {action_type})", clean(event_type));
        let verdict = match (matched, why_not, active) {
            (true, ..) => "matches".to_owned(),
            (false, Some(why), _) => format!("does not match: {}", clean(why)),
            (false, None, false) => "is inactive".to_owned(),
            (false, None, true) => "does not match".to_owned(),
        };
        lines.push(format!("  {mapping} {verdict}"));
    }
    if item.mappings_left_out > 0 {
        lines.push(format!("  and {} that match other types", item.mappings_left_out));
    }
    lines
}

/// The parts of an action's result that say what it did.
#[derive(Default, Deserialize)]
#[serde(default)]
struct ActionResult {
    workflow_run_id: Option<String>,
    recipients: Vec<serde::de::IgnoredAny>,
    skipped_recipients: Vec<SkippedRecipient>,
    waiting_recipients: Vec<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct SkippedRecipient {
    id: String,
    #[serde(default)]
    reason: String,
}

fn actions(event: &SourceLog) -> Vec<String> {
    let actions = event.actions.as_deref().unwrap_or_default();
    if actions.is_empty() {
        return vec!["Actions       none".to_owned()];
    }
    let mut lines = vec!["Actions".to_owned()];
    for action in actions {
        let SourceLogAction { action_type, action_status, action_payload, action_result, reason, warnings, .. } =
            action;
        let key = action_payload.as_ref().and_then(workflow_key).map(|key| format!(" {}", clean(&key)));
        let reason = reason.as_deref().map(|reason| format!(": {}", clean(reason))).unwrap_or_default();
        lines.push(format!("  {action_type}{} {action_status}{reason}", key.unwrap_or_default()));
        let read = |result: &RawJson| serde_json::from_str::<ActionResult>(result.as_text()).ok();
        let result = action_result.as_ref().and_then(read).unwrap_or_default();
        if let Some(run) = result.workflow_run_id {
            let reached = counted(result.recipients.len() as u64, "recipient", "recipients");
            lines.push(format!("    run {run} for {reached}"));
        }
        if !result.waiting_recipients.is_empty() {
            let waiting = counted(result.waiting_recipients.len() as u64, "recipient", "recipients");
            lines.push(format!("    {waiting} waited for until somebody identifies them"));
        }
        for skipped in result.skipped_recipients {
            lines.push(format!("    left out: {} ({})", clean(&skipped.id), clean(&skipped.reason)));
        }
        lines.extend(warnings.iter().map(|warning| format!("    warning: {}", clean(warning))));
    }
    lines
}

fn workflow_key(payload: &RawJson) -> Option<String> {
    #[derive(Deserialize)]
    struct Payload {
        key: String,
    }
    serde_json::from_str::<Payload>(payload.as_text()).ok().map(|payload| payload.key)
}

fn deliveries(event: &SourceLog) -> Vec<String> {
    let deliveries = event.deliveries.as_deref().unwrap_or_default();
    if deliveries.is_empty() {
        return match has_run(event) {
            true => vec!["Deliveries    not sent: no target wants it".to_owned()],
            false => Vec::new(),
        };
    }
    let delivered = deliveries.iter().filter(|delivery| delivery.status == DeliveryStatus::Delivered).count();
    let mut lines = vec![format!("Deliveries    {delivered} of {} delivered", deliveries.len())];
    for delivery in deliveries {
        let Delivery { id, target, status, attempts, last_error, next_attempt_at, .. } = delivery;
        let state = match status {
            DeliveryStatus::Delivered => "delivered".to_owned(),
            DeliveryStatus::Dead => "given up".to_owned(),
            DeliveryStatus::Canceled => "canceled".to_owned(),
            DeliveryStatus::Pending | DeliveryStatus::Retrying => match next_attempt_at {
                Some(at) => format!("to be sent at {at}"),
                None => "waiting".to_owned(),
            },
        };
        let error = last_error.as_deref().filter(|_| *status != DeliveryStatus::Delivered);
        let error = error.map(|error| format!(": {}", clean(error))).unwrap_or_default();
        let attempts = counted(u64::from(*attempts), "attempt", "attempts");
        lines.push(format!("  {id} to {target} {state} after {attempts}{error}"));
    }
    lines
}

/// Returns true if an action created a run.
pub(super) fn has_run(event: &SourceLog) -> bool {
    let read = |result: &RawJson| serde_json::from_str::<ActionResult>(result.as_text()).ok();
    let mut results = event.actions.iter().flatten().filter_map(|action| action.action_result.as_ref().and_then(read));
    results.any(|result| result.workflow_run_id.is_some())
}
