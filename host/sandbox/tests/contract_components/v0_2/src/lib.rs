//! Uses every member of contract 0.2: each member of a request is part of the output. A request to `/reply` is answered with
//! the reply that its query describes, right or wrong.

mod bindings {
    #![allow(unsafe_code, missing_docs, reason = "generated")]

    wit_bindgen::generate!({ path: "../../../../../wit/v0.2", world: "answering-source" });
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
        if request.path == "/reply" {
            return Ok(Translation {
                items: vec![Item::Ignored(notice("handshake", "It asked for a reply.", None))],
                reply: Some(described_reply(request.query, text)),
                memo: String::new(),
                extras: one_extra(),
            });
        }
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
            reply: Some(Reply { status: 202, ..reply("text/plain", "translated") }),
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
        reply("text/xml", &format!("<answer>{memo}: {}</answer>", outcomes.join(", ")))
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

fn reply(content_type: &str, body: &str) -> Reply {
    Reply {
        status: 200,
        content_type: content_type.to_owned(),
        headers: vec![
            Field { name: "x-contract".to_owned(), value: "0.2".to_owned() },
            Field { name: "webhook-frozen".to_owned(), value: "since 0.2".to_owned() },
        ],
        body: body.to_owned(),
        extras: one_extra(),
    }
}

/// Returns a reply with a body. The parameters `status` and `content-type` are its own, all others are headers.
fn described_reply(query: Vec<Field>, body: String) -> Reply {
    let mut reply = Reply { headers: Vec::new(), body, ..reply("text/plain", "") };
    for field in query {
        match field.name.as_str() {
            "status" => reply.status = field.value.parse().unwrap_or_default(),
            "content-type" => reply.content_type = field.value,
            _ => reply.headers.push(field),
        }
    }
    reply
}

/// Returns an extra field. Contract 0.2 defines no names for extras, and a host accepts unknown ones.
fn one_extra() -> Vec<Field> {
    vec![Field { name: "of-the-author".to_owned(), value: "x".to_owned() }]
}
