//! What a plugin receives and says, as plain values.
//!
//! The shapes of `wit/v0.1/types.wit`, apart from any contract version and from wasm: the sandbox converts each
//! version's own types to and from these after it has bounded them, and the core reads nothing else of a plugin.

use std::time::Duration;

use bytestring::ByteString;
use serde::{Deserialize, Serialize};

/// A name and a value: a header, a query parameter, a fact or an extra. Names may repeat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// Headers: lower case.
    pub name: String,
    /// Headers: bytes that are not UTF-8 are U+FFFD.
    pub value: String,
}

impl Field {
    /// A field of this name and value.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into() }
    }
}

/// The body of a request, inflated, without a byte order mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// It is UTF-8.
    Text(ByteString),
    /// It is not.
    Bytes(bytes::Bytes),
}

impl Body {
    /// The body's bytes.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Body::Text(text) => text.as_bytes(),
            Body::Bytes(bytes) => bytes,
        }
    }

    /// The body as text, if it is UTF-8.
    pub fn as_text(&self) -> Option<&ByteString> {
        match self {
            Body::Text(text) => Some(text),
            Body::Bytes(_) => None,
        }
    }
}

/// One request of a platform, after the door: only the headers and query parameters that may leave it, no secret.
#[derive(Debug, Clone)]
pub struct Request {
    /// Upper case.
    pub method: String,
    /// What follows the endpoint's token, with its leading slash; else empty.
    pub path: String,
    /// The query parameters that the manifest lists, decoded.
    pub query: Vec<Field>,
    /// The headers that the manifest or the operator lists.
    pub headers: Vec<Field>,
    /// The body.
    pub body: Body,
    /// When it arrived, in milliseconds since 1970.
    pub received_at_ms: u64,
    /// The plugin's own settings, a JSON object.
    pub options: String,
    /// What else there is to know; documented names.
    pub facts: Vec<Field>,
}

/// A value of an event as the plugin gave it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// JSON Pointer from the top of the body; nothing there means absent.
    At(String),
    /// An object made of values pointed at: member name and pointer.
    Assembled(Vec<(String, String)>),
    /// JSON text that the plugin wrote, already validated by the sandbox.
    Made(String),
}

/// One thing that happened, as the plugin described it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TranslatedEvent {
    /// Empty: the item holds none.
    pub event_type: String,
    /// Whom it is about.
    pub user_id: Option<Value>,
    /// The main content.
    pub data: Option<Value>,
    /// What the platform repeats unchanged.
    pub idempotency_key: Option<Value>,
    /// When it happened.
    pub occurred_at: Option<Value>,
    /// Pointer to the item as it came; none is the whole body.
    pub original: Option<String>,
    /// The author's own.
    pub tag: String,
    /// Documented names: `warning`.
    pub extras: Vec<Field>,
}

/// Why something is not an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// For programs and metrics.
    pub code: String,
    /// For people.
    pub message: String,
    /// Pointer to what it speaks of; none is the whole request.
    pub at: Option<String>,
    /// The author's own.
    pub tag: String,
}

/// What one item of a request is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// Something happened.
    Event(TranslatedEvent),
    /// Nothing happened and nothing is wrong.
    Ignored(Notice),
    /// It should be an event and cannot be read as one.
    Rejected(Notice),
}

/// A body that the plugin answers with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// `application/json` or `text/plain`, checked by the sandbox.
    pub content_type: String,
    /// The body; JSON is validated by the sandbox.
    pub body: String,
}

/// What a request holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Translation {
    /// In the request's order.
    pub items: Vec<Item>,
    /// Sent after the commit, when every item was accepted.
    pub reply: Option<Reply>,
    /// Comes back to the answerer. Empty: the answerer is not asked.
    pub memo: String,
}

/// What became of one item, for the answerer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemOutcome {
    /// Its place among the items, from 0.
    pub index: u32,
    /// The item's own tag.
    pub tag: String,
    /// See [`crate::log::Outcome`].
    pub status: String,
    /// The id of its event log.
    pub event_id: String,
    /// Why, for people; else empty.
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

/// What a call into a plugin cost.
#[derive(Debug, Clone, Copy, Default)]
pub struct Spent {
    /// From taking a sandbox to dropping it.
    pub wall: Duration,
    /// The largest linear memory, in bytes.
    pub memory: usize,
    /// WebAssembly instructions, about: the sandbox's fuel. None where it does not count.
    pub instructions: Option<u64>,
}
