//! Entries about targets. Secrets appear as `"set"` or `"changed"`, never by value.

use inlet_core::json;
use inlet_store::{Author, Environment, NewChange, NewTarget, TargetRecord, TargetState};

use super::string_or_null;

/// Logs the creation or the change of a target.
pub(crate) fn target_put(
    author: Author,
    environment: &Environment,
    present: Option<&TargetRecord>,
    new: &NewTarget,
) -> NewChange {
    let had_secrets = present.is_some_and(|present| present.has_secrets);
    let secrets = match (&new.secrets, had_secrets) {
        (Some(_), true) => "\"changed\"",
        (Some(_), false) | (None, true) => "\"set\"",
        (None, false) => "null",
    };
    let state = new.state.or(present.map(|present| present.state)).unwrap_or(TargetState::Running);
    let after = shown(&new.kind, &new.settings, secrets, state);
    let (before, after) = match present.map(shown_record) {
        None => (None, after),
        Some(before) => {
            let (before, after) = json::difference(&before, &after);
            (Some(before), after)
        }
    };
    entry(author, "upsertTarget", environment, &new.key, before, Some(after))
}

/// Logs the deletion of a target.
pub(crate) fn target_deleted(author: Author, environment: &Environment, target: &TargetRecord) -> NewChange {
    entry(author, "deleteTarget", environment, &target.key, Some(shown_record(target)), None)
}

/// Logs a change of a target's state.
pub(crate) fn target_state_set(
    author: Author,
    environment: &Environment,
    target: &TargetRecord,
    state: TargetState,
    reason: Option<&str>,
) -> NewChange {
    let shown = |state: TargetState, reason| {
        json::object([("state", json::quote(state.as_str()).as_str()), ("state_reason", &string_or_null(reason))])
    };
    let before = shown(target.state, target.state_reason.as_deref());
    entry(author, "setTargetState", environment, &target.key, Some(before), Some(shown(state, reason)))
}

fn entry(
    author: Author,
    operation: &'static str,
    environment: &Environment,
    key: &str,
    before: Option<String>,
    after: Option<String>,
) -> NewChange {
    let resource = format!("targets/{key}");
    NewChange { author, operation, resource, environment_id: Some(environment.id), before, after }
}

fn shown_record(target: &TargetRecord) -> String {
    let secrets = if target.has_secrets { "\"set\"" } else { "null" };
    shown(&target.kind, &target.settings, secrets, target.state)
}

fn shown(kind: &str, settings: &str, secrets: &str, state: TargetState) -> String {
    json::object([
        ("kind", json::quote(kind).as_str()),
        ("settings", settings),
        ("secrets", secrets),
        ("state", &json::quote(state.as_str())),
    ])
}
