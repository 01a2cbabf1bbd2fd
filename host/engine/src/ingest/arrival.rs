//! A request as the stages see it: read whole, with nothing in it that must not leave the door but its credential.

use std::sync::Arc;

use axum::body::Bytes;
use inlet_core::{
    contract::{self, Field},
    verification::Sent,
};

use super::body::Held;
use crate::snapshot::Endpoint;

/// A request that was read whole.
pub struct Arrival {
    /// Upper case.
    pub method: String,
    /// What follows the endpoint's token.
    pub path: String,
    /// The query parameters that leave the door.
    pub query: Vec<Field>,
    /// The headers that leave the door.
    pub headers: Vec<Field>,
    /// The headers that verification reads, the credential's among them: names in lower case, values as sent.
    pub credentials: Vec<(String, Bytes)>,
    /// The body, inflated, without a byte order mark.
    pub body: contract::Body,
    /// Milliseconds since 1970.
    pub received_at_ms: i64,
    /// The room that the body takes of what all requests may take; none for one that comes from the store.
    pub(super) held: Option<Arc<Held>>,
}

impl Arrival {
    /// The request as verification sees it.
    pub fn sent<'a>(&'a self, headers: &'a [(&'a str, &'a [u8])], credential_header: &'a str) -> Sent<'a> {
        Sent {
            method: &self.method,
            headers,
            credential_header,
            body: self.body.as_bytes(),
            at_ms: self.received_at_ms,
        }
    }

    /// A request that comes from the store. It takes no room from those that are being received.
    pub(crate) fn stored(
        method: String,
        path: String,
        query: Vec<Field>,
        headers: Vec<Field>,
        credentials: Vec<(String, Bytes)>,
        body: contract::Body,
        received_at_ms: i64,
    ) -> Self {
        Self { method, path, query, headers, credentials, body, received_at_ms, held: None }
    }

    /// The body's bytes, shared.
    pub fn body_bytes(&self) -> Bytes {
        match &self.body {
            contract::Body::Text(text) => text.clone().into_bytes(),
            contract::Body::Bytes(bytes) => bytes.clone(),
        }
    }

    /// The request as its plugin gets it.
    pub fn request(&self, endpoint: &Endpoint) -> contract::Request {
        contract::Request {
            method: self.method.clone(),
            path: self.path.clone(),
            query: self.query.clone(),
            headers: self.headers.clone(),
            body: self.body.clone(),
            received_at_ms: u64::try_from(self.received_at_ms).unwrap_or_default(),
            options: endpoint.options.clone(),
            facts: endpoint.facts.clone(),
        }
    }
}
