//! The human-readable report of a call.

use std::fmt::Write as _;

use inlet_core::{
    contract::{Item, Notice, Request, Value},
    log::{EventLog, Outcome},
};
use inlet_sandbox::Limits;

use super::{
    TranslateCall,
    resolve::{resolve, values},
};

/// The longest value that is printed in full, in bytes.
const MAX_VALUE_BYTES: usize = 200;

// Writing to a `String` cannot fail, so the results of `write!` are dropped.

/// Formats a call.
pub(super) fn report(request: &Request, call: &TranslateCall, checked: &[EventLog], limits: &Limits) -> String {
    let mut text = String::new();
    match &call.result {
        Ok(Ok(translation)) => {
            for (index, item) in translation.items.iter().enumerate() {
                let _ = writeln!(text, "{index}: {}", format_item(request, item, checked.get(index)));
            }
            if let Some(reply) = &translation.reply {
                let _ = writeln!(text, "reply ({}, {}): {}", reply.status, reply.content_type, reply.body);
                for header in &reply.headers {
                    let _ = writeln!(text, "   {}: {}", header.name, header.value);
                }
            }
        }
        Ok(Err(notice)) => {
            let _ = writeln!(text, "the whole request is rejected: {}", format_notice(notice));
        }
        Err(_) => {}
    }
    for line in &call.logs {
        let _ = writeln!(text, "log {}: {}", line.level, line.message);
    }
    let size = request.body.as_bytes().len();
    let spent = &call.spent;
    let _ = writeln!(
        text,
        "used {} of {} ms, {} of {} KiB of memory, {} instructions, for a body of {size} bytes",
        spent.wall.as_micros() as f64 / 1000.0,
        limits.time_for(size).as_millis(),
        spent.memory / 1024,
        limits.memory / 1024,
        spent.instructions.unwrap_or(0),
    );
    text
}

fn format_item(request: &Request, item: &Item, checked: Option<&EventLog>) -> String {
    match item {
        Item::Ignored(notice) => format!("ignored: {}", format_notice(notice)),
        Item::Rejected(notice) => format!("rejected: {}", format_notice(notice)),
        Item::Event(event) => {
            let mut text = format!("event {:?}", event.event_type);
            for (name, value) in values(event) {
                let pointed = match value {
                    Value::At(at) => format!("at {at:?}"),
                    Value::Assembled(_) => "assembled".to_owned(),
                    Value::Made(_) => "made".to_owned(),
                };
                let found = resolve(request, value).unwrap_or_else(|| "absent: nothing is there".to_owned());
                let _ = write!(text, "\n   {name:<16}{} ({pointed})", shortened(&found));
            }
            for (name, hint) in checked.iter().flat_map(|checked| &checked.hints).flat_map(|hints| hints.iter()) {
                let _ = write!(text, "\n   {name:<16}{hint:?}");
            }
            // The server's warnings begin with the plugin's.
            for warning in checked.iter().flat_map(|checked| &checked.warnings) {
                let _ = write!(text, "\n   {:<16}{warning}", "warning");
            }
            if let Some(checked) = checked.filter(|checked| checked.outcome == Outcome::Rejected) {
                let (code, reason) = (checked.code.as_deref(), checked.reason.as_deref());
                let (code, reason) = (code.unwrap_or_default(), reason.unwrap_or_default());
                let _ = write!(text, "\n   the server rejects it: {code}: {reason}");
            }
            text
        }
    }
}

fn format_notice(notice: &Notice) -> String {
    let at = notice.at.as_ref().map(|at| format!(" (at {at:?})")).unwrap_or_default();
    format!("{}: {}{at}", notice.code, notice.message)
}

fn shortened(text: &str) -> String {
    match text.len() {
        ..=MAX_VALUE_BYTES => text.to_owned(),
        length => format!("{}… ({length} bytes)", &text[..text.floor_char_boundary(MAX_VALUE_BYTES)]),
    }
}
