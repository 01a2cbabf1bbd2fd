//! Masks event logs of environments that hide personal data. Received values are replaced. Keys, value kinds, times,
//! outcomes, sizes and everything that is configuration stay.

use inlet_core::{
    hints::Hints,
    json,
    log::{ActionLog, EventFields, Original, Status},
};
use inlet_store::{Kept, StoredAction, StoredEvent};

/// The replacement of a hidden text.
pub const HIDDEN: &str = "…";

/// Hides the received values, and the values computed from them.
pub fn hide(event: StoredEvent) -> StoredEvent {
    let fields = event.fields;
    // A reason beside a code may be the plugin's text, which may repeat received values. The code remains.
    let reason = match fields.code {
        Some(_) => fields.reason.map(|_| HIDDEN.to_owned()),
        None => fields.reason.as_deref().map(hide_quoted),
    };
    let fields = EventFields {
        user_id: fields.user_id.map(|_| HIDDEN.to_owned()),
        hints: fields.hints.map(|hints| Box::new(hide_hints(*hints))),
        idempotency_key: fields.idempotency_key.map(|_| HIDDEN.to_owned()),
        headers: fields.headers.as_deref().map(|text| json::mask(text).into()),
        guest_logs: fields.guest_logs.as_deref().map(|text| json::mask(text).into()),
        warnings: fields.warnings.iter().map(|_| HIDDEN.to_owned()).collect(),
        reason,
        ..fields
    };
    StoredEvent {
        fields,
        data: event.data.map(hide_kept),
        original: Kept { content: event.original.content.map(hide_original), size: event.original.size },
        actions: event.actions.into_iter().map(hide_action).collect(),
        ..event
    }
}

fn hide_hints(hints: Hints) -> Hints {
    let hidden = |hint: Option<String>| hint.map(|_| HIDDEN.to_owned());
    let Hints { tenant, anonymous_id, group_id } = hints;
    Hints { tenant: hidden(tenant), anonymous_id: hidden(anonymous_id), group_id: hidden(group_id) }
}

fn hide_kept(kept: Kept<String>) -> Kept<String> {
    Kept { content: kept.content.as_deref().map(json::mask), size: kept.size }
}

fn hide_original(original: Original) -> Original {
    match original {
        Original::Json(text) => Original::Json(json::mask(&text).into()),
        Original::Text(_) | Original::Bytes(_) => Original::Text(HIDDEN.into()),
    }
}

fn hide_action(action: StoredAction) -> StoredAction {
    StoredAction {
        payload: hide_kept(action.payload),
        result: action.result.as_deref().map(|result| hide_result(result, action.status)),
        reason: action.reason.as_deref().map(hide_quoted),
        warnings: action.warnings.iter().map(|warning| hide_quoted(warning)).collect(),
        ..action
    }
}

/// Hides the received values of an action that is not stored.
pub fn hide_action_log(action: &ActionLog) -> ActionLog {
    ActionLog {
        payload: json::mask(&action.payload),
        result: action.result.as_deref().map(|result| hide_result(result, action.status)),
        reason: action.reason.as_deref().map(hide_quoted),
        warnings: action.warnings.iter().map(|warning| hide_quoted(warning)).collect(),
        ..action.clone()
    }
}

/// Hides a result, except for the workflow run's id: it is generated here and needed to find the run.
fn hide_result(result: &str, status: Status) -> String {
    let masked = json::mask(result);
    match json::member(result, "workflow_run_id").filter(|_| status == Status::Success) {
        Some(id) => json::merge(&masked, &json::object([("workflow_run_id", id)])),
        None => masked,
    }
}

/// Hides the quoted parts of a sentence written by the server.
pub fn hide_quoted(sentence: &str) -> String {
    let mut hidden = String::new();
    let mut rest = sentence;
    while let Some((before, quoted)) = rest.split_once('"') {
        hidden.push_str(before);
        hidden.push_str("\"…\"");
        rest = after_quote(quoted);
    }
    hidden.push_str(rest);
    hidden
}

/// Returns the text after the closing quote, or an empty text if there is none.
fn after_quote(quoted: &str) -> &str {
    let mut is_escaped = false;
    for (at, character) in quoted.char_indices() {
        match character {
            '"' if !is_escaped => return &quoted[at + 1..],
            '\\' => is_escaped = !is_escaped,
            _ => is_escaped = false,
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use inlet_core::{
        ByteString, Uuid,
        log::{Outcome, PluginRef},
    };
    use inlet_store::OriginalKind;

    use super::*;

    fn kept(text: &str) -> Kept<String> {
        Kept { content: Some(text.to_owned()), size: text.len() as u64 }
    }

    fn event() -> StoredEvent {
        let action = StoredAction {
            id: Uuid::nil(),
            mapping: None,
            action_type: "workflows_trigger".to_owned(),
            status: Status::Success,
            parameters: r#"{"key":"order"}"#.to_owned(),
            payload: kept(r#"{"recipients":["ana"],"data":{"total":1}}"#),
            result: Some(r#"{"workflow_run_id":"run-1","recipients":[{"id":"ana"}]}"#.to_owned()),
            reason: Some(r#"recipient "ana\"": is "ana" 2"#.to_owned()),
            found_in: r#"{"recipients":"event"}"#.to_owned(),
            warnings: vec![r#"`data.totl` finds nothing; "x" was found"#.to_owned()],
        };
        let plugin = PluginRef { key: "http".to_owned(), version: "1".to_owned(), digest: "d".to_owned() };
        StoredEvent {
            fields: EventFields {
                event_type: "track/Order".to_owned(),
                user_id: Some("ana".to_owned()),
                outcome: Outcome::Executed,
                reason: Some("ana is unwell".to_owned()),
                code: Some("own".to_owned()),
                verification_status: "verified".to_owned(),
                idempotency_key: Some("ana-1".to_owned()),
                headers: Some(r#"{"x-user":"ana"}"#.into()),
                hints: Some(Box::new(Hints {
                    tenant: Some("ana-1".to_owned()),
                    anonymous_id: Some("ana-2".to_owned()),
                    group_id: Some("ana-3".to_owned()),
                })),
                guest_logs: Some(r#"[{"level":"info","message":"ana"}]"#.into()),
                warnings: vec!["ana".to_owned()],
                redacted: vec!["data.card".to_owned()],
                ..EventFields::new(Uuid::nil(), 0, Arc::new(plugin))
            },
            source_environment_id: 1,
            data: Some(kept(r#"{"ok":true,"total":1}"#)),
            original_kind: OriginalKind::Json,
            original: Kept { content: Some(Original::Json(ByteString::from(r#"{"userId":"ana"}"#))), size: 16 },
            body_removed: false,
            data_at: None,
            rerun_of: None,
            rerun_as: Vec::new(),
            resends: 0,
            needs_attention: false,
            retry_at_ms: None,
            actions: vec![action],
            deliveries: None,
        }
    }

    #[test]
    fn nothing_that_came_is_left() {
        let hidden = format!("{:#?}", hide(event()));
        assert!(!hidden.contains("ana"), "{hidden}");
        for stays in ["track/Order", "run-1", "data.card", "order", "total", "totl", "x-user"] {
            assert!(hidden.contains(stays), "{stays}: {hidden}");
        }
        let text = StoredEvent {
            original: Kept { content: Some(Original::Bytes(b"ana".as_slice().into())), size: 3 },
            ..event()
        };
        assert_eq!(hide(text).original.content, Some(Original::Text("…".into())));
    }

    #[test]
    fn what_a_sentence_quotes_is_hidden() {
        insta::assert_snapshot!(hide_quoted(r#"the id "a\"na": of "b" is bad"#), @r#"the id "…": of "…" is bad"#);
        insta::assert_snapshot!(hide_quoted("recipient 3: it has no id"), @"recipient 3: it has no id");
        insta::assert_snapshot!(hide_quoted(r#"it is "unfinished"#), @r#"it is "…""#);
    }
}
