//! `inlet plugin run`: what a plugin makes of one request, and what it takes.

use std::{fmt::Write as _, path::PathBuf};

use anyhow::bail;
use inlet_core::{
    contract::{Body, Field, Item, Notice, Request, TranslatedEvent, Translation, Value},
    json::{self, Cut},
};
use inlet_sandbox::{Call, Limits};

use super::{file, request::RequestArguments};

/// What it takes.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The plugin
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    request: RequestArguments,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let plugin = file::load(&arguments.file)?;
    let request = arguments.request.request(plugin.manifest())?;
    let limits = Limits::default();
    let call = file::block_on(plugin.translate(&request, &limits))?;
    let shown = if arguments.json { as_json(&request, &call, &limits) } else { for_people(&request, &call, &limits) };
    println!("{}", shown.trim_end());
    match call.result {
        Ok(_) => Ok(()),
        Err(fault) => bail!(fault),
    }
}

type Translated = Call<Result<Translation, Notice>>;

fn for_people(request: &Request, call: &Translated, limits: &Limits) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    match &call.result {
        Ok(Ok(translation)) => {
            for (index, item) in translation.items.iter().enumerate() {
                let _ = writeln!(text, "{index}: {}", item_for_people(request, item));
            }
            if let Some(reply) = &translation.reply {
                let _ = writeln!(text, "reply ({}): {}", reply.content_type, reply.body);
            }
        }
        Ok(Err(notice)) => {
            let _ = writeln!(text, "the whole request is rejected: {}", notice_for_people(notice));
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

fn item_for_people(request: &Request, item: &Item) -> String {
    match item {
        Item::Ignored(notice) => format!("ignored: {}", notice_for_people(notice)),
        Item::Rejected(notice) => format!("rejected: {}", notice_for_people(notice)),
        Item::Event(event) => {
            let mut text = format!("event {:?}", event.event_type);
            for (name, value) in values(event) {
                let pointed = match value {
                    Value::At(at) => format!("at {at:?}"),
                    Value::Assembled(_) => "assembled".to_owned(),
                    Value::Made(_) => "made".to_owned(),
                };
                let found = resolved(request, value).unwrap_or_else(|| "absent: nothing is there".to_owned());
                let _ = write!(text, "\n   {name:<16}{} ({pointed})", shortened(&found));
            }
            for Field { name, value } in &event.extras {
                let _ = write!(text, "\n   {name:<16}{value}");
            }
            text
        }
    }
}

fn notice_for_people(notice: &Notice) -> String {
    let at = notice.at.as_ref().map(|at| format!(" (at {at:?})")).unwrap_or_default();
    format!("{}: {}{at}", notice.code, notice.message)
}

fn values(event: &TranslatedEvent) -> impl Iterator<Item = (&'static str, &Value)> {
    [
        ("user_id", &event.user_id),
        ("data", &event.data),
        ("idempotency_key", &event.idempotency_key),
        ("occurred_at", &event.occurred_at),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value.as_ref()?)))
}

/// The text that the host would cut out.
fn resolved(request: &Request, value: &Value) -> Option<String> {
    let body = match &request.body {
        Body::Text(text) => text.as_ref(),
        Body::Bytes(_) => "",
    };
    let cut = |at: &str| {
        let mut cut = Cut::new();
        let slot = cut.add(at);
        cut.resolve(body).get(slot).map(str::to_owned)
    };
    match value {
        Value::At(at) => cut(at),
        Value::Made(text) => Some(text.clone()),
        Value::Assembled(members) => {
            let found: Vec<(&str, String)> =
                members.iter().filter_map(|(key, at)| Some((key.as_str(), cut(at)?))).collect();
            Some(json::object(found.iter().map(|(key, value)| (key, value.as_str()))))
        }
    }
}

fn shortened(text: &str) -> String {
    const MOST: usize = 200;
    match text.len() {
        ..=MOST => text.to_owned(),
        length => format!("{}… ({length} bytes)", &text[..text.floor_char_boundary(MOST)]),
    }
}

/// Values appear as the text they are, so that no digit is lost on the way to the reader.
fn as_json(request: &Request, call: &Translated, limits: &Limits) -> String {
    let mut members: Vec<(&str, String)> = Vec::new();
    match &call.result {
        Ok(Ok(translation)) => {
            members.push(("items", json::array(translation.items.iter().map(|item| item_as_json(request, item)))));
            if let Some(reply) = &translation.reply {
                let reply = [("content_type", json::quote(&reply.content_type)), ("body", json::quote(&reply.body))];
                members.push(("reply", object(&reply)));
            }
            members.push(("memo", json::quote(&translation.memo)));
        }
        Ok(Err(notice)) => members.push(("rejected", notice_as_json(notice))),
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

fn item_as_json(request: &Request, item: &Item) -> String {
    match item {
        Item::Ignored(notice) => object(&[("ignored", notice_as_json(notice))]),
        Item::Rejected(notice) => object(&[("rejected", notice_as_json(notice))]),
        Item::Event(event) => {
            let mut members = vec![("event_type", json::quote(&event.event_type))];
            members.extend(values(event).map(|(name, value)| {
                let given = serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned());
                let found = resolved(request, value).unwrap_or_else(|| "null".to_owned());
                (name, object(&[("given", given), ("found", found)]))
            }));
            object(&[("event", object(&members))])
        }
    }
}

fn notice_as_json(notice: &Notice) -> String {
    let at = notice.at.as_deref().map_or_else(|| "null".to_owned(), json::quote);
    object(&[("code", json::quote(&notice.code)), ("message", json::quote(&notice.message)), ("at", at)])
}

fn object(members: &[(&str, String)]) -> String {
    json::object(members.iter().map(|(name, value)| (name, value.as_str())))
}
