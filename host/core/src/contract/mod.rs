//! The input and output of plugins, as plain values.
//!
//! The shapes of the newest `types.wit`, independent of contract versions and of wasm: the sandbox bounds each version's own
//! types and converts them to and from these. The core reads nothing else of a plugin.

mod reply;

use std::time::Duration;

use bytestring::ByteString;
pub use reply::{
    MAX_REPLY_HEADERS, REPLY_STATUSES, Reply, content_type_header, is_reply_header_name, is_reply_header_value,
};
use serde::{Deserialize, Serialize};

/// The most fields of a form that is read at all. Each costs far more memory than its bytes, which may be two, and anybody who
/// knows an endpoint sends forms before they are verified.
pub const MAX_FORM_FIELDS: usize = 1000;

/// A name and a value: a header, a query parameter, a fact or an extra. Names may repeat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// The name; of a header, in lower case.
    pub name: String,
    /// The value; in a header, bytes that are not UTF-8 become U+FFFD.
    pub value: String,
}

impl Field {
    /// Creates a field.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into() }
    }
}

/// The body of a request, inflated, without a byte order mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// A body of UTF-8.
    Text(ByteString),
    /// Any other body.
    Bytes(bytes::Bytes),
}

impl Body {
    /// Returns the body's bytes.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Body::Text(text) => text.as_bytes(),
            Body::Bytes(bytes) => bytes,
        }
    }

    /// Returns the body as text if it is UTF-8.
    pub fn as_text(&self) -> Option<&ByteString> {
        match self {
            Body::Text(text) => Some(text),
            Body::Bytes(_) => None,
        }
    }
}

/// One request of a platform as a plugin sees it: forwarded headers and query parameters only, no secret.
#[derive(Debug, Clone)]
pub struct Request {
    /// The method in upper case.
    pub method: String,
    /// The path behind the endpoint's token, with its leading slash; empty if there is none.
    pub path: String,
    /// The query parameters that the manifest lists, decoded.
    pub query: Vec<Field>,
    /// The headers that the manifest or the operator lists.
    pub headers: Vec<Field>,
    /// The body.
    pub body: Body,
    /// The time of arrival, in milliseconds since 1970.
    pub received_at_ms: u64,
    /// The plugin's own settings, a JSON object.
    pub options: String,
    /// Further facts under documented names.
    pub facts: Vec<Field>,
}

impl Request {
    /// Returns the bytes that the sender chose: body, path, query and headers.
    pub fn size(&self) -> usize {
        let fields = self.query.iter().chain(&self.headers).map(|field| field.name.len() + field.value.len());
        self.body.as_bytes().len() + self.path.len() + fields.sum::<usize>()
    }
}

/// A value of an event as the plugin gave it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// A JSON Pointer from the top of the body. A pointer to nothing means absent.
    At(String),
    /// An object assembled from values: member names and pointers.
    Assembled(Vec<(String, String)>),
    /// JSON text that the plugin wrote, validated by the sandbox.
    Made(String),
}

/// One thing that happened, as the plugin described it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TranslatedEvent {
    /// The event type; empty if the item holds none.
    pub event_type: String,
    /// The id of the user that the event is about.
    pub user_id: Option<Value>,
    /// The main content.
    pub data: Option<Value>,
    /// The idempotency key, which the platform repeats unchanged.
    pub idempotency_key: Option<Value>,
    /// The time at which the event happened.
    pub occurred_at: Option<Value>,
    /// The pointer to the item in the body; none for the whole body.
    pub original: Option<String>,
    /// A tag for the plugin's author.
    pub tag: String,
    /// Further fields under documented names: `warning`, and the [`Hints`](crate::hints::Hints).
    pub extras: Vec<Field>,
}

/// The reason why an item is not an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The machine-readable code.
    pub code: String,
    /// The human-readable message.
    pub message: String,
    /// The pointer to the item in the body; none for the whole request.
    pub at: Option<String>,
    /// A tag for the plugin's author.
    pub tag: String,
}

/// The translation of one item of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// An event.
    Event(TranslatedEvent),
    /// No event, and nothing is wrong.
    Ignored(Notice),
    /// An item that should be an event and cannot be read as one.
    Rejected(Notice),
}

/// The translation of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Translation {
    /// The items, in the request's order.
    pub items: Vec<Item>,
    /// The answer to send after the commit if every item was accepted.
    pub reply: Option<Reply>,
    /// A memo for the answerer. If it is empty, the answerer is not called.
    pub memo: String,
}

/// The outcome of one item, for the answerer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemOutcome {
    /// The index of the item, from 0.
    pub index: u32,
    /// The item's tag.
    pub tag: String,
    /// The name of a [`crate::log::Outcome`].
    pub status: String,
    /// The id of the event log.
    pub event_id: String,
    /// The human-readable reason; empty if there is none.
    pub reason: String,
}

/// One line that a plugin logged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuestLog {
    /// `debug`, `info`, `warn` or `error`.
    pub level: String,
    /// The line.
    pub message: String,
}

/// The cost of a call into a plugin.
#[derive(Debug, Clone, Copy, Default)]
pub struct Spent {
    /// The time from taking a sandbox to dropping it.
    pub wall: Duration,
    /// The largest linear memory, in bytes.
    pub memory: usize,
    /// The approximate number of WebAssembly instructions (fuel); none where it is not counted.
    pub instructions: Option<u64>,
}
