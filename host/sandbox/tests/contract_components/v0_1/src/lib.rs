//! Uses every member of contract 0.1: each member of a request is part of the output.

mod bindings {
    #![allow(unsafe_code, missing_docs, reason = "generated")]

    wit_bindgen::generate!({ path: "../../../../../wit/v0.1", world: "answering-source" });
}

use bindings::{
    exports::inlet::source::{
        answerer::{Guest as Answerer, Outcome, Reply},
        translator::{Guest as Translator, Notice, Request, Translation},
    },
    inlet::source::{
        log::{Level, log},
        types::{Body, Event, Field, Item, Pointed, Value},
    },
};

struct Frozen;

bindings::export!(Frozen with_types_in bindings);

impl Translator for Frozen {
    fn translate(request: Request) -> Result<Translation, Notice> {
        for (level, name) in
            [(Level::Debug, "debug"), (Level::Info, "info"), (Level::Warn, "warn"), (Level::Error, "error")]
        {
            log(level, name);
        }
        let text = match request.body {
            Body::Text(text) => text,
            Body::Bytes(bytes) => {
                return Err(notice("not_utf8", &format!("{} bytes that are not UTF-8.", bytes.len()), None));
            }
        };
        let mut extras = request.query;
        extras.extend(request.headers);
        extras.extend(request.facts);
        let all = Event {
            event_type: format!("{} {}", request.method, request.path),
            user_id: Some(Value::At("/user/id".to_owned())),
            data: Some(Value::Assembled(vec![
                Pointed { key: "total".to_owned(), at: "/data/total".to_owned() },
                Pointed { key: "nowhere".to_owned(), at: "/nowhere".to_owned() },
            ])),
            idempotency_key: Some(Value::Made(format!("\"{}\"", text.len()))),
            occurred_at: Some(Value::Made(request.received_at_ms.to_string())),
            original: Some(String::new()),
            tag: "all".to_owned(),
            extras,
        };
        let least = Event {
            event_type: String::new(),
            user_id: None,
            data: Some(Value::Made(request.options)),
            idempotency_key: None,
            occurred_at: None,
            original: None,
            tag: String::new(),
            extras: vec![Field { name: "warning".to_owned(), value: "It says little.".to_owned() }],
        };
        Ok(Translation {
            items: vec![
                Item::Event(all),
                Item::Event(least),
                Item::Ignored(notice("ping", "Nothing happened.", None)),
                Item::Rejected(notice("wrong_type", "It cannot be read.", Some("/data"))),
            ],
            reply: Some(reply("translated")),
            memo: "a memo".to_owned(),
            extras: one_extra(),
        })
    }
}

impl Answerer for Frozen {
    fn answer(memo: String, outcomes: Vec<Outcome>) -> Reply {
        let outcomes: Vec<String> = outcomes
            .into_iter()
            .map(|Outcome { index, tag, status, event_id, reason, extras }| {
                format!("{index} {tag} {status} {event_id} {reason} {}", extras.len())
            })
            .collect();
        reply(&format!("{memo}: {}", outcomes.join(", ")))
    }
}

fn notice(code: &str, message: &str, at: Option<&str>) -> Notice {
    Notice {
        code: code.to_owned(),
        message: message.to_owned(),
        at: at.map(str::to_owned),
        tag: "noticed".to_owned(),
        extras: one_extra(),
    }
}

fn reply(body: &str) -> Reply {
    Reply { content_type: "text/plain".to_owned(), body: body.to_owned(), extras: one_extra() }
}

/// Returns an extra field. Contract 0.1 defines no names for extras, and a host accepts unknown ones.
fn one_extra() -> Vec<Field> {
    vec![Field { name: "of-the-author".to_owned(), value: "x".to_owned() }]
}
