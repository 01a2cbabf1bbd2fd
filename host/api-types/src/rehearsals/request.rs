//! The request to rehearse.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::RawJson;

/// A request as a sender would send it, with `payload` or `body`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = SourceRehearseRequest)]
pub struct RehearseSource {
    /// The body, if it is a JSON object. It is used as the text that was sent, with every digit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub payload: Option<RawJson>,
    /// The body as text: for arrays, for several lines, and for anything that is not JSON.
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
    /// The time of receipt, for example `2026-01-02T03:04:05.678Z`; now if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub received_at: Option<String>,
}
