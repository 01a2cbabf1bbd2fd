//! A refused request as it was when it was received.

use inlet_core::{
    contract::Field,
    verification::{self, Template},
};
use inlet_store::RefusedRequest;

use crate::{
    ingest::{
        incoming_request::{IncomingRequest, VisibleParts},
        kept_request,
    },
    snapshot::Endpoint,
};

/// Returns a refused request as it was when it was received. `None` if its body or headers left the ring.
pub(super) fn read(endpoint: &Endpoint, stored: RefusedRequest) -> Option<IncomingRequest> {
    let (headers, body) = (kept_request::read_headers(stored.headers.as_deref()?), stored.body?);
    let credential_header = endpoint.credential_header.as_deref();
    let verified = endpoint.scheme.as_ref().map(Template::headers).unwrap_or_default();
    let is_verified =
        |field: &&Field| Some(field.name.as_str()) == credential_header || verified.contains(&field.name.as_str());
    let credentials = headers.iter().filter(is_verified);
    let credentials = credentials.map(|field| (field.name.clone(), field.value.clone().into())).collect();
    let sent = headers.iter().map(|field| (field.name.as_str(), field.value.as_bytes()));
    let parts = VisibleParts {
        method: stored.method.unwrap_or_else(|| "POST".to_owned()),
        path: stored.path.unwrap_or_default(),
        query: stored.query.as_deref().map(kept_request::read_fields).unwrap_or_default(),
        headers: verification::forwarded_headers(sent, |name| endpoint.wants_header(name), credential_header),
        body: kept_request::body(body),
    };
    Some(IncomingRequest::new(endpoint, parts, credentials, stored.received_at_ms))
}
