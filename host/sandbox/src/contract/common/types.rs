//! The types that `wit/v0.1/types.wit` and `wit/v0.2/types.wit` share, as wasmtime lowers and lifts them.
//!
//! They are written by hand because `bindgen!` cannot borrow: a body is copied once, from the request into the guest's
//! memory. Names and order follow the WIT; loading a plugin detects a mismatch.

use inlet_core::contract as plain;
use wasmtime::component::{ComponentType, Lift, Lower};

/// A field passed to the guest.
#[derive(ComponentType, Lower, Clone, Copy)]
#[component(record)]
pub(super) struct FieldRef<'a> {
    name: &'a str,
    value: &'a str,
}

#[derive(ComponentType, Lower, Clone, Copy)]
#[component(variant)]
pub(super) enum Body<'a> {
    #[component(name = "text")]
    Text(&'a str),
    #[component(name = "bytes")]
    Bytes(&'a [u8]),
}

#[derive(ComponentType, Lower, Clone, Copy)]
#[component(record)]
pub(super) struct Request<'a> {
    method: &'a str,
    path: &'a str,
    query: &'a [FieldRef<'a>],
    headers: &'a [FieldRef<'a>],
    body: Body<'a>,
    #[component(name = "received-at-ms")]
    received_at_ms: u64,
    options: &'a str,
    facts: &'a [FieldRef<'a>],
}

/// The field lists of a request, which a [`Request`] borrows.
pub(super) struct Fields<'a> {
    query: Vec<FieldRef<'a>>,
    headers: Vec<FieldRef<'a>>,
    facts: Vec<FieldRef<'a>>,
}

impl<'a> Fields<'a> {
    pub(super) fn of(request: &'a plain::Request) -> Self {
        let borrow = |fields: &'a [plain::Field]| {
            fields.iter().map(|field| FieldRef { name: &field.name, value: &field.value }).collect()
        };
        Self { query: borrow(&request.query), headers: borrow(&request.headers), facts: borrow(&request.facts) }
    }

    pub(super) fn request(&'a self, request: &'a plain::Request) -> Request<'a> {
        Request {
            method: &request.method,
            path: &request.path,
            query: &self.query,
            headers: &self.headers,
            body: match &request.body {
                plain::Body::Text(text) => Body::Text(text),
                plain::Body::Bytes(bytes) => Body::Bytes(bytes),
            },
            received_at_ms: request.received_at_ms,
            options: &request.options,
            facts: &self.facts,
        }
    }
}

#[derive(ComponentType, Lower, Clone, Copy)]
#[component(record)]
pub(super) struct Outcome<'a> {
    index: u32,
    tag: &'a str,
    status: &'a str,
    #[component(name = "event-id")]
    event_id: &'a str,
    reason: &'a str,
    extras: &'a [FieldRef<'a>],
}

impl<'a> From<&'a plain::ItemOutcome> for Outcome<'a> {
    fn from(outcome: &'a plain::ItemOutcome) -> Self {
        Self {
            index: outcome.index,
            tag: &outcome.tag,
            status: &outcome.status,
            event_id: &outcome.event_id,
            reason: &outcome.reason,
            extras: &[],
        }
    }
}

#[derive(ComponentType, Lift, Clone, Copy)]
#[component(enum)]
#[repr(u8)]
#[expect(dead_code, reason = "wasmtime creates a variant from its number")]
pub(super) enum Level {
    #[component(name = "debug")]
    Debug,
    #[component(name = "info")]
    Info,
    #[component(name = "warn")]
    Warn,
    #[component(name = "error")]
    Error,
}

impl Level {
    pub(super) fn name(self) -> &'static str {
        match self {
            Level::Debug => "debug",
            Level::Info => "info",
            Level::Warn => "warn",
            Level::Error => "error",
        }
    }
}

/// A field returned by the guest.
#[derive(ComponentType, Lift)]
#[component(record)]
pub(crate) struct Field {
    name: String,
    value: String,
}

impl From<Field> for plain::Field {
    fn from(Field { name, value }: Field) -> Self {
        Self { name, value }
    }
}

#[derive(ComponentType, Lift)]
#[component(record)]
pub(super) struct Pointed {
    key: String,
    at: String,
}

#[derive(ComponentType, Lift)]
#[component(variant)]
pub(super) enum Value {
    #[component(name = "at")]
    At(String),
    #[component(name = "assembled")]
    Assembled(Vec<Pointed>),
    #[component(name = "made")]
    Made(String),
}

impl From<Value> for plain::Value {
    fn from(value: Value) -> Self {
        match value {
            Value::At(pointer) => plain::Value::At(pointer),
            Value::Assembled(members) => {
                plain::Value::Assembled(members.into_iter().map(|member| (member.key, member.at)).collect())
            }
            Value::Made(json) => plain::Value::Made(json),
        }
    }
}

#[derive(ComponentType, Lift)]
#[component(record)]
pub(super) struct Event {
    #[component(name = "event-type")]
    event_type: String,
    #[component(name = "user-id")]
    user_id: Option<Value>,
    data: Option<Value>,
    #[component(name = "idempotency-key")]
    idempotency_key: Option<Value>,
    #[component(name = "occurred-at")]
    occurred_at: Option<Value>,
    original: Option<String>,
    tag: String,
    extras: Vec<Field>,
}

impl From<Event> for plain::TranslatedEvent {
    fn from(event: Event) -> Self {
        Self {
            event_type: event.event_type,
            user_id: event.user_id.map(Into::into),
            data: event.data.map(Into::into),
            idempotency_key: event.idempotency_key.map(Into::into),
            occurred_at: event.occurred_at.map(Into::into),
            original: event.original,
            tag: event.tag,
            extras: event.extras.into_iter().map(Into::into).collect(),
        }
    }
}

#[derive(ComponentType, Lift)]
#[component(record)]
pub(super) struct Notice {
    code: String,
    message: String,
    at: Option<String>,
    tag: String,
    #[expect(dead_code, reason = "no field name is in use yet")]
    extras: Vec<Field>,
}

impl From<Notice> for plain::Notice {
    fn from(Notice { code, message, at, tag, .. }: Notice) -> Self {
        Self { code, message, at, tag }
    }
}

#[derive(ComponentType, Lift)]
#[component(variant)]
pub(super) enum Item {
    #[component(name = "event")]
    Event(Event),
    #[component(name = "ignored")]
    Ignored(Notice),
    #[component(name = "rejected")]
    Rejected(Notice),
}

impl From<Item> for plain::Item {
    fn from(item: Item) -> Self {
        match item {
            Item::Event(event) => plain::Item::Event(event.into()),
            Item::Ignored(notice) => plain::Item::Ignored(notice.into()),
            Item::Rejected(notice) => plain::Item::Rejected(notice.into()),
        }
    }
}

/// A translation with the reply of a version.
#[derive(ComponentType, Lift)]
#[component(record)]
pub(super) struct Translation<Reply> {
    items: Vec<Item>,
    reply: Option<Reply>,
    memo: String,
    #[expect(dead_code, reason = "no field name is in use yet")]
    extras: Vec<Field>,
}

impl<Reply: Into<plain::Reply>> From<Translation<Reply>> for plain::Translation {
    fn from(Translation { items, reply, memo, .. }: Translation<Reply>) -> Self {
        Self { items: items.into_iter().map(Into::into).collect(), reply: reply.map(Into::into), memo }
    }
}
