//! The request to rehearse.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    RawJson,
    sources::{MappingRequest, SettingsRequest},
};

/// A request as a sender would send it, with `payload`, `body` or `log_id`, and the configuration to try it with.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = SourceRehearseRequest)]
pub struct RehearseSource {
    /// The body, if it is a JSON object or an array. It is used as the text that was sent, with every digit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Value>)]
    pub payload: Option<RawJson>,
    /// A log entry of the source in this environment, whose item and headers are sent again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Uuid)]
    pub log_id: Option<String>,
    /// Settings to try, merged into the present ones as by `PUT /v1/sources/{key}`. They are not saved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settings: Option<SettingsRequest>,
    /// All mappings to try, in place of the present ones. They are not saved.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 1000)]
    pub mappings: Option<Vec<MappingRequest>>,
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
    /// The time of receipt, for example `2026-01-02T03:04:05.678Z`; now if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub received_at: Option<String>,
}
