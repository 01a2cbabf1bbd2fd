//! Sending a request to a source as its sender would.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{RawJson, rehearsals::RehearsedAnswer};

/// A request as a sender would send it, with `payload` or `body`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SendToSource {
    /// The body, if it is a JSON object or an array. It is used as the text that was sent, with every digit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Value>)]
    pub payload: Option<RawJson>,
    /// The body as text: for several lines, and for anything that is not JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The method; POST if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The path after the endpoint's token, for example `/v1/batch`; empty if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Query parameters: by name a value, or a list of values.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub query: Option<IndexMap<String, RawJson>>,
    /// Headers: by name a value, or a list of values. Only headers that the plugin or `keep_headers` names are forwarded.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub headers: Option<IndexMap<String, RawJson>>,
    /// Sign the request with the source's signing secret in this environment, as the sender would. False if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sign: Option<bool>,
}

/// The answer that the sender would have received.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SentToSource {
    /// The answer.
    pub answer: RehearsedAnswer,
    /// The items that the answer names, in the request's order; none if the plugin wrote the answer.
    pub events: Vec<SentEvent>,
}

/// An item of the request that was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SentEvent {
    /// The id of its log entry.
    #[schema(format = Uuid)]
    pub id: String,
    /// The event type; empty if the item has none.
    #[serde(default)]
    pub event_type: String,
    /// `executed`, `skipped`, `replayed`, `logged`, `failed`, `rejected` or `ignored`.
    pub outcome: String,
}
