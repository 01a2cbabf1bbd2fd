//! Examples of a platform's requests.

use std::collections::BTreeMap;

use inlet_core::{
    ByteString,
    contract::{Body, Field, Request},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::types::Manifest;

/// An example of a request from the platform.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// Event type of the translated event.
    pub event_type: String,
    /// Method of the request. `None`: the first of the manifest's methods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Path behind the endpoint's token, with its leading slash; else empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// Query parameters that the translation depends on, decoded.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub query: BTreeMap<String, String>,
    /// Headers that the translation depends on.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Body of the request: a JSON value, or a string that contains the text of the body ([`Example::text`]).
    pub body: Value,
}

impl Example {
    /// Returns the text of the body.
    pub fn text(&self) -> String {
        match &self.body {
            Value::String(text) => text.clone(),
            value => value.to_string(),
        }
    }

    /// True unless the headers name a content type that is not JSON.
    pub fn is_json(&self) -> bool {
        self.headers.get("content-type").is_none_or(|content_type| content_type.to_ascii_lowercase().contains("json"))
    }

    /// Returns the method of the request.
    pub fn method<'a>(&'a self, manifest: &'a Manifest) -> &'a str {
        self.method.as_deref().or_else(|| manifest.methods.first().map(String::as_str)).unwrap_or("POST")
    }

    /// Returns the headers that the plugin never receives, because the manifest does not list them. The content type is not
    /// among them: it says what the body is.
    pub fn unlisted_headers(&self, manifest: &Manifest) -> Vec<String> {
        let is_unlisted = |name: &&String| *name != "content-type" && !manifest.headers.contains(name);
        self.headers.keys().filter(is_unlisted).cloned().collect()
    }

    /// Returns the query parameters that the plugin never receives, because the manifest does not list them.
    pub fn unlisted_query_parameters(&self, manifest: &Manifest) -> Vec<String> {
        self.query.keys().filter(|name| !manifest.lists_query_parameter(name)).cloned().collect()
    }

    /// Returns the request as the plugin receives it: with the headers and query parameters that the manifest lists.
    ///
    /// `options` are the plugin's settings ([`Manifest::check_options`]).
    pub fn request(&self, manifest: &Manifest, options: &Value) -> Request {
        let fields = |fields: &BTreeMap<String, String>, is_listed: &dyn Fn(&String) -> bool| {
            let listed = fields.iter().filter(|(name, _)| is_listed(name));
            listed.map(|(name, value)| Field::new(name.as_str(), value.as_str())).collect()
        };
        manifest.with_form_body(Request {
            method: self.method(manifest).to_owned(),
            path: self.path.clone(),
            query: fields(&self.query, &|name| manifest.lists_query_parameter(name)),
            headers: fields(&self.headers, &|name| manifest.headers.contains(name)),
            body: Body::Text(ByteString::from(self.text())),
            received_at_ms: 0,
            options: options.to_string(),
            facts: Vec::new(),
        })
    }
}
