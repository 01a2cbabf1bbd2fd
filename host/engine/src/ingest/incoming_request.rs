//! A request that was read whole, as the stages of ingestion and replays see it.

use std::sync::Arc;

use axum::body::Bytes;
use inlet_core::{
    contract::{self, Field},
    verification::{GivenWriteKeys, Target},
};
use inlet_store::Hold;

use super::{PREFIX, body::BYTE_ORDER_MARK, error::IngestError, handshake::FoundHandshake, reserve};
use crate::{admission::Reservation, snapshot::Endpoint};

/// A request that was read whole.
pub(crate) struct IncomingRequest {
    /// The request as its plugin gets it, without a credential. Shared with the plugin's call.
    pub(crate) plugin_request: Arc<contract::Request>,
    /// The headers that verification reads, among them the credential's: names in lower case, values as sent.
    pub(crate) credentials: Vec<(String, Bytes)>,
    /// The address, where verification reads any of it.
    pub(crate) target: Option<Box<SentTarget>>,
    /// The handshake that the request is.
    pub(super) handshake: Option<Box<FoundHandshake>>,
    /// The form that was sent, where the plugin gets its fields as a JSON object instead.
    pub(super) sent_form: Option<contract::Body>,
    /// True if the body came with a byte order mark, which the plugin does not see.
    pub(crate) has_byte_order_mark: bool,
    /// The write keys that the request carries. `None` unless its source environment has one.
    pub(crate) write_keys: Option<Box<GivenWriteKeys>>,
    /// The query parameters and members that were withheld because they hold a credential, as paths for the log.
    pub(crate) withheld: Vec<String>,
    /// The time of arrival, in milliseconds since 1970.
    pub(crate) received_at_ms: i64,
    /// The bytes that the request has reserved. `None` for a stored request.
    pub(super) reservation: Option<Arc<Reservation>>,
}

/// The address of a request.
pub(crate) struct SentTarget {
    /// The URL that the sender calls. `None`: the server does not know its public URL.
    pub(crate) url: Option<String>,
    /// The query as sent, without the question mark.
    pub(crate) query: String,
}

impl SentTarget {
    /// Builds the address under which a sender reaches an endpoint. Nothing of it comes from a header, which anybody writes.
    /// `token` and `sub_path` are those of the request.
    pub(crate) fn new(public_url: Option<&str>, token: &str, sub_path: &str, query: &str) -> Self {
        let mark = if query.is_empty() { "" } else { "?" };
        let url = public_url.map(|public_url| format!("{public_url}{PREFIX}{token}{sub_path}{mark}{query}"));
        Self { url, query: query.to_owned() }
    }

    /// Returns the address as verification reads it.
    pub(crate) fn as_target(&self) -> Target<'_> {
        Target { url: self.url.as_deref(), query: &self.query }
    }
}

/// Returns the variables that a source's plugin sees, if it sees any. They change without the source.
fn variables(endpoint: &Endpoint) -> Option<&str> {
    let sees_variables = endpoint.plugin.as_ref().is_some_and(|plugin| plugin.manifest().variables);
    sees_variables.then(|| endpoint.variables.public())
}

/// Returns the facts about a source that its plugin sees.
fn facts(endpoint: &Endpoint) -> Vec<Field> {
    let variables = variables(endpoint).map(|variables| Field::new("variables", variables));
    endpoint.facts.iter().cloned().chain(variables).collect()
}

/// Returns the bytes of the operator's settings of which every request has a copy for its plugin.
pub(super) fn settings_bytes(endpoint: &Endpoint) -> usize {
    endpoint.options.len() + variables(endpoint).map_or(0, str::len)
}

/// The parts of a request that its plugin may see.
pub(crate) struct VisibleParts {
    /// The method, in upper case.
    pub(crate) method: String,
    /// The path behind the endpoint's token.
    pub(crate) path: String,
    /// The query parameters that the plugin may see.
    pub(crate) query: Vec<Field>,
    /// The headers that the plugin may see.
    pub(crate) headers: Vec<Field>,
    /// The body, inflated, without a byte order mark.
    pub(crate) body: contract::Body,
}

impl IncomingRequest {
    /// Builds a request to an endpoint that reserves no bytes, such as a stored one.
    pub(crate) fn new(
        endpoint: &Endpoint,
        parts: VisibleParts,
        credentials: Vec<(String, Bytes)>,
        received_at_ms: i64,
    ) -> Self {
        let VisibleParts { method, path, query, headers, body } = parts;
        let plugin = endpoint.plugin.as_ref();
        let (body, sent_form) = match plugin.and_then(|plugin| plugin.manifest().form_body(&headers, &body)) {
            Some(json) => (json, Some(body)),
            None => (body, None),
        };
        let plugin_request = Arc::new(contract::Request {
            method,
            path,
            query,
            headers,
            body,
            received_at_ms: u64::try_from(received_at_ms).unwrap_or_default(),
            options: endpoint.options.clone(),
            facts: facts(endpoint),
        });
        Self {
            plugin_request,
            credentials,
            target: None,
            handshake: None,
            sent_form,
            has_byte_order_mark: false,
            write_keys: None,
            withheld: Vec::new(),
            received_at_ms,
            reservation: None,
        }
    }

    /// Reserves further bytes for what was made of the request, or refuses it.
    pub(super) fn reserve(&self, bytes: usize) -> Result<(), IngestError> {
        match &self.reservation {
            Some(reservation) => Ok(reservation.extend_by(bytes)?),
            None => Ok(()),
        }
    }

    /// Lets the request hold so many bytes of its body besides its head.
    pub(super) fn shrink_to(&self, bytes: usize) {
        if let Some(reservation) = &self.reservation {
            reservation.change_to(reserve::REQUEST_BYTES + bytes);
        }
    }

    /// Returns what the store holds until it has written or dropped what was made of the request.
    pub(super) fn hold(&self) -> Hold {
        match &self.reservation {
            Some(reservation) => reservation.clone(),
            None => Arc::new(()),
        }
    }

    /// Returns the method, in upper case.
    pub(super) fn method(&self) -> &str {
        &self.plugin_request.method
    }

    /// Returns the body as the plugin gets it: the values of events are cut from it.
    pub(crate) fn body(&self) -> &contract::Body {
        &self.plugin_request.body
    }

    /// Returns the body that was sent, inflated, without a byte order mark. It differs from [`IncomingRequest::body`] where
    /// the plugin gets a form as a JSON object.
    pub(crate) fn sent_body(&self) -> &contract::Body {
        self.sent_form.as_ref().unwrap_or(&self.plugin_request.body)
    }

    /// Returns the body with the byte order mark that it came with.
    pub(crate) fn body_as_sent(&self) -> Bytes {
        match self.has_byte_order_mark {
            true => [BYTE_ORDER_MARK, self.sent_body().as_bytes()].concat().into(),
            false => self.sent_bytes(),
        }
    }

    /// Returns the bytes of the body that was sent, without a byte order mark, shared.
    pub(crate) fn sent_bytes(&self) -> Bytes {
        match self.sent_body() {
            contract::Body::Text(text) => text.clone().into_bytes(),
            contract::Body::Bytes(bytes) => bytes.clone(),
        }
    }
}
