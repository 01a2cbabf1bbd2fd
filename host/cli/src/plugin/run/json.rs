//! The JSON report of a call. Values are inserted as text, so that numbers keep their digits.

use inlet_core::{
    contract::{Field, Item, Notice, Reply, Request},
    hints::Hints,
    json,
    log::{EventLog, Outcome},
};
use inlet_sandbox::Limits;

use super::{
    TranslateCall,
    resolve::{resolve, values},
};

/// Formats a call.
pub(super) fn report(request: &Request, call: &TranslateCall, checked: &[EventLog], limits: &Limits) -> String {
    let mut members: Vec<(&str, String)> = Vec::new();
    match &call.result {
        Ok(Ok(translation)) => {
            let items = translation.items.iter().enumerate();
            let items = items.map(|(index, item)| format_item(request, item, checked.get(index)));
            members.push(("items", json::array(items)));
            if let Some(reply) = &translation.reply {
                members.push(("reply", format_reply(reply)));
            }
            members.push(("memo", json::quote(&translation.memo)));
        }
        Ok(Err(notice)) => members.push(("rejected", format_notice(notice))),
        Err(fault) => {
            members.push((
                "fault",
                object(&[("code", json::quote(fault.code())), ("message", json::quote(&fault.to_string()))]),
            ));
        }
    }
    let logs = call
        .logs
        .iter()
        .map(|line| object(&[("level", json::quote(&line.level)), ("message", json::quote(&line.message))]));
    members.push(("logs", json::array(logs)));
    let size = request.body.as_bytes().len();
    members.push((
        "used",
        object(&[
            ("wall_us", call.spent.wall.as_micros().to_string()),
            ("memory_bytes", call.spent.memory.to_string()),
            ("instructions", call.spent.instructions.unwrap_or(0).to_string()),
            ("body_bytes", size.to_string()),
        ]),
    ));
    members.push((
        "allowed",
        object(&[
            ("wall_us", limits.time_for(size).as_micros().to_string()),
            ("memory_bytes", limits.memory.to_string()),
            ("items", limits.items.to_string()),
        ]),
    ));
    object(&members)
}

fn format_item(request: &Request, item: &Item, checked: Option<&EventLog>) -> String {
    match item {
        Item::Ignored(notice) => object(&[("ignored", format_notice(notice))]),
        Item::Rejected(notice) => object(&[("rejected", format_notice(notice))]),
        Item::Event(event) => {
            let mut members = vec![("event_type", json::quote(&event.event_type))];
            members.extend(values(event).map(|(name, value)| {
                let given = serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned());
                let found = resolve(request, value).unwrap_or_else(|| "null".to_owned());
                (name, object(&[("given", given), ("found", found)]))
            }));
            let mut item = vec![("event", object(&members))];
            item.extend(checked.map(|checked| ("server", format_checked(checked))));
            object(&item)
        }
    }
}

/// Formats what the server reads in an event.
fn format_checked(checked: &EventLog) -> String {
    let text = |text: Option<&str>| text.map_or_else(|| "null".to_owned(), json::quote);
    object(&[
        ("accepted", (checked.outcome != Outcome::Rejected).to_string()),
        ("code", text(checked.code.as_deref())),
        ("reason", text(checked.reason.as_deref())),
        ("hints", checked.hints.as_deref().map_or_else(|| "{}".to_owned(), Hints::json)),
        ("warnings", json::array(checked.warnings.iter().map(|warning| json::quote(warning)))),
    ])
}

fn format_reply(reply: &Reply) -> String {
    let header = |field: &Field| json::array([json::quote(&field.name), json::quote(&field.value)]);
    object(&[
        ("status", reply.status.to_string()),
        ("content_type", json::quote(&reply.content_type)),
        ("headers", json::array(reply.headers.iter().map(header))),
        ("body", json::quote(&reply.body)),
    ])
}

fn format_notice(notice: &Notice) -> String {
    let at = notice.at.as_deref().map_or_else(|| "null".to_owned(), json::quote);
    object(&[("code", json::quote(&notice.code)), ("message", json::quote(&notice.message)), ("at", at)])
}

fn object(members: &[(&str, String)]) -> String {
    json::object(members.iter().map(|(name, value)| (*name, value.as_str())))
}
