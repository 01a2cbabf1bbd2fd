//! Event logs: search, one entry, and its explanation.

use inlet_api_types::{
    RawJson,
    hints::EventHints,
    logs::{SourceLog, SourceLogAction, SourceLogList},
};

use super::{CURSOR, ENVIRONMENT, Needs, Tool, page};
use crate::{
    client::encoded,
    event::{filters, read_event},
    mcp::{
        Session,
        given::Given,
        parameter::{Kind, filter, optional, required},
    },
    output::text::{clean, shorten},
    why,
};

/// The longest value of an event that is shown, in characters.
const VALUE: usize = 6000;
/// The longest value within a line.
const SHORT: usize = 200;

pub(super) const SEARCH_EVENTS: Tool = Tool {
    name: "search_events",
    title: "Search events",
    description: "Lists events of an environment, newest first, one on each line: time, id, source, outcome, event type, user, \
                  reason. Outcomes: executed, skipped (nobody reached), replayed (duplicate), logged (no action), ignored, \
                  rejected (unreadable), failed.",
    needs: Needs::Read,
    parameters: &[
        optional("environment", Kind::Text, ENVIRONMENT),
        optional("source", Kind::Text, "Only this source, by its key"),
        filter(filters::EVENT, Kind::Text),
        filter(filters::USER_ID, Kind::Text),
        filter(filters::IDEMPOTENCY_KEY, Kind::Text),
        filter(filters::RECIPIENT, Kind::Text),
        filter(filters::OUTCOME, Kind::Text),
        filter(filters::CODE, Kind::Text),
        filter(filters::ACTION_STATUS, Kind::Text),
        filter(filters::NEEDS_ATTENTION, Kind::Flag),
        filter(filters::STARTING_AT, Kind::Text),
        filter(filters::ENDING_AT, Kind::Text),
        optional("limit", Kind::UpTo(100), "The most events; 20 by default"),
        optional("cursor", Kind::Text, CURSOR),
    ],
    run: search,
};

pub(super) const GET_EVENT: Tool = Tool {
    name: "get_event",
    title: "Show an event",
    description: "Shows an event: what came, its headers and data, its actions with their payloads, and its deliveries. Long \
                  values are cut.",
    needs: Needs::Read,
    parameters: &[required("id", Kind::Text, "The event's id")],
    run: show,
};

pub(super) const WHY: Tool = Tool {
    name: "why",
    title: "Explain an event",
    description: "Says in plain words what became of an event at each stage, from its verification to its deliveries, and what \
                  to do about it.",
    needs: Needs::Read,
    parameters: &[required("id", Kind::Text, "The event's id")],
    run: explain,
};

fn search(session: &Session, given: &Given) -> anyhow::Result<String> {
    let logs = match given.text("source") {
        Some(source) => format!("/v1/sources/{}/logs", encoded(&source)),
        None => "/v1/logs".to_owned(),
    };
    let mut query = session.environment(given)? + &given.filters(SEARCH_EVENTS.parameters);
    query += &given.query(&[("cursor", "after"), ("limit", "limit")]);
    if given.json("limit").is_none() {
        query += "&limit=20";
    }
    let list: SourceLogList = session.client.get(&format!("{logs}?{query}"))?;
    Ok(page(list.entries.iter().map(line).collect(), list.page_info.after.as_deref()))
}

fn line(event: &SourceLog) -> String {
    let SourceLog { inserted_at, id, source, environment, outcome, event_type, user_id, reason, code, .. } = event;
    let user = user_id.as_deref().map(|user| format!(", user {}", shown(user))).unwrap_or_default();
    let code = code.as_deref().map(|code| format!(" ({})", shown(code))).unwrap_or_default();
    let reason = reason.as_deref().map(|reason| format!(": {}", shown(reason))).unwrap_or_default();
    let attention = if event.needs_attention { ", needs attention" } else { "" };
    format!("{inserted_at} {id} {source}@{environment} {outcome}{code} {}{user}{attention}{reason}", shown(event_type))
}

fn shown(text: &str) -> String {
    shorten(&clean(text), SHORT)
}

fn show(session: &Session, given: &Given) -> anyhow::Result<String> {
    let event = read_event(&session.client, &given.text("id").unwrap_or_default())?;
    let mut lines = vec![
        line(&event),
        format!("occurred {}, received {}", event.occurred_at, event.received_at),
        format!("verification {}, plugin {} {}", event.verification_status, event.plugin.key, event.plugin.version),
    ];
    lines.extend(event.hints.iter().flat_map(EventHints::iter).map(|(path, hint)| format!("{path} {}", shown(hint))));
    if let Some(key) = &event.idempotency_key {
        lines.push(format!("idempotency key {}", shown(key)));
    }
    lines.extend(event.warnings.iter().map(|warning| format!("warning: {}", shown(warning))));
    let json = |value: &Option<RawJson>| value.as_ref().map(|value| value.as_text().to_owned());
    let original = json(&event.original).or(event.original_text.clone());
    for (name, value) in [("headers", json(&event.headers)), ("data", json(&event.data)), ("item as it came", original)]
    {
        lines.extend(value.map(|value| long_value(name, &value)));
    }
    for action in event.actions.iter().flatten() {
        let SourceLogAction { action_type, action_status, action_payload, action_result, reason, warnings, .. } =
            action;
        let reason = reason.as_deref().map(|reason| format!(": {}", shown(reason))).unwrap_or_default();
        lines.push(format!("action {action_type} {action_status}{reason}"));
        for (name, value) in [("payload", json(action_payload)), ("result", json(action_result))] {
            lines.extend(value.map(|value| format!("  {}", long_value(name, &value))));
        }
        lines.extend(warnings.iter().map(|warning| format!("  warning: {}", shown(warning))));
    }
    lines.extend(event.deliveries.iter().flatten().map(super::deliveries::line));
    Ok(lines.join("\n"))
}

fn long_value(name: &str, value: &str) -> String {
    format!("{name} ({} bytes): {}", value.len(), shorten(&clean(value), VALUE))
}

fn explain(session: &Session, given: &Given) -> anyhow::Result<String> {
    Ok(why::lines(&session.client, &given.text("id").unwrap_or_default())?.join("\n"))
}
