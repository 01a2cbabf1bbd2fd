//! A refused request as it was when it was received.

use inlet_core::{
    contract::Field,
    verification::{self, GivenWriteKeys, Template},
};
use inlet_store::RefusedRequest;

use crate::{
    Engine,
    ingest::{
        body::ReadBody,
        incoming_request::{IncomingRequest, SentTarget, VisibleParts},
        refused_request::SIGNED_QUERY,
        stored_fields, write_key,
    },
    snapshot::Endpoint,
};

/// Returns a refused request as it was when it was received. `None` if its body or headers are not kept
/// whole.
pub(super) fn read(engine: &Engine, endpoint: &Endpoint, stored: RefusedRequest) -> Option<IncomingRequest> {
    if !stored.has_body {
        return None;
    }
    let (headers, body) = (stored_fields::read_headers(stored.headers.as_deref()?), stored.body?);
    let ReadBody { body, has_byte_order_mark } = ReadBody::of(body);
    let credential_header = endpoint.credential_header.as_deref();
    let verified = endpoint.scheme.as_ref().map(Template::headers).unwrap_or_default();
    let is_verified =
        |field: &&Field| Some(field.name.as_str()) == credential_header || verified.contains(&field.name.as_str());
    let credentials = headers.iter().filter(is_verified);
    let credentials = credentials.map(|field| (field.name.clone(), field.value.clone().into())).collect();
    let sent = headers.iter().map(|field| (field.name.as_str(), field.value.as_bytes()));
    // A source environment that has a write key by now may have had none when the request was refused.
    let (mut body, mut withheld) = (body, Vec::new());
    let mut write_keys = endpoint.has_write_key().then(Box::<GivenWriteKeys>::default);
    if let Some(given) = &mut write_keys {
        write_key::take_from_body(endpoint, given, &mut body, &mut withheld);
    }
    let target = endpoint.reads_target.then(|| {
        let query = headers.iter().find(|field| field.name == SIGNED_QUERY).map_or("", |field| field.value.as_str());
        let path = stored.path.as_deref().unwrap_or_default();
        // The token of then is not kept. A source whose endpoint was replaced since verifies such requests no more.
        Box::new(SentTarget::new(engine.options.public_url.as_deref(), &endpoint.record.token, path, query))
    });
    let parts = VisibleParts {
        method: stored.method.unwrap_or_else(|| "POST".to_owned()),
        path: stored.path.unwrap_or_default(),
        query: stored.query.as_deref().map(stored_fields::read_fields).unwrap_or_default(),
        headers: verification::forwarded_headers(
            sent,
            |name| endpoint.wants_header(name),
            endpoint.credential_headers(),
        ),
        body,
    };
    let mut request = IncomingRequest::new(endpoint, parts, credentials, stored.received_at_ms);
    request.has_byte_order_mark = has_byte_order_mark;
    request.write_keys = write_keys;
    request.withheld = withheld;
    request.target = target;
    Some(request)
}
