//! Receiving: finding the endpoint of a request, reading the body, and choosing the headers and query parameters that its
//! plugin may see.
//!
//! Only this stage sees all of a request. The body goes on, and those headers and query parameters that the manifest or
//! the operator lists; credentials reach verification only. Source of the rules: semantics.md §3.1 and §3.3.

use std::sync::Arc;

use axum::{
    body::{Body, Bytes, HttpBody as _},
    extract::Request,
    http::{
        HeaderMap, HeaderValue, Method,
        header::{CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING},
        request,
    },
    response::Response,
};
use inlet_core::{
    contract::{self, Field},
    verification::{self, GivenWriteKeys, Template, WRITE_KEY},
};
use inlet_sandbox::forms;
use percent_encoding::percent_decode_str;

use super::{
    PREFIX,
    body::{self, NotRead, ReadBody, Uninflated},
    error::IngestError,
    handshake::FoundHandshake,
    header_family,
    incoming_request::{IncomingRequest, SentTarget, VisibleParts, settings_bytes},
    not_accepted::NotAccepted,
    rehearse::SampleRequest,
    response, write_key,
};
use crate::{
    Engine,
    admission::Reservation,
    clock::now_ms,
    snapshot::{Endpoint, QueryAccess, Snapshot},
};

/// The text that stands for a secret of the source environment that was sent in a wrong place.
const REDACTED: &str = "[redacted]";
/// The most query parameters that are named as withheld.
const MAX_WITHHELD: usize = 16;
/// The most characters of such a name.
const MAX_WITHHELD_NAME: usize = 100;

/// A request at its endpoint, whose body is not read yet.
pub(super) struct UnreadRequest {
    parts: request::Parts,
    body: Body,
    sub_path: String,
}

impl UnreadRequest {
    /// Returns a request that an operator describes.
    pub(super) fn of(sample: SampleRequest) -> Result<Self, IngestError> {
        let SampleRequest { method, path, query, headers, body, .. } = sample;
        let target = if query.is_empty() { "/".to_owned() } else { format!("/?{query}") };
        let request = Request::builder().method(method.as_str()).uri(target);
        // The method and the query were checked before.
        let request = request.body(Body::from(body)).map_err(|_| IngestError::Unexpected)?;
        let (mut parts, body) = request.into_parts();
        let length = HeaderValue::from(body.size_hint().exact().unwrap_or_default());
        parts.headers = headers;
        parts.headers.remove(TRANSFER_ENCODING);
        parts.headers.insert(CONTENT_LENGTH, length);
        Ok(Self { parts, body, sub_path: path })
    }

    /// Returns all headers.
    pub(super) fn headers(&self) -> &HeaderMap {
        &self.parts.headers
    }

    /// Returns the method.
    pub(super) fn method(&self) -> &Method {
        &self.parts.method
    }

    /// Returns the answer if the endpoint does not take the method.
    pub(super) fn refuse_method(&self, endpoint: &Endpoint) -> Option<Response> {
        let methods = endpoint.methods();
        if methods.contains(&self.parts.method.as_str()) {
            return None;
        }
        endpoint.meters.refused("method");
        Some(response::of_error(&IngestError::Method { allowed: methods.join(", ") }))
    }

    /// Refuses the request.
    pub(super) fn refuse(self, error: IngestError) -> NotAccepted {
        NotAccepted::drain(error, self.body)
    }
}

/// Finds the endpoint of a request.
pub(super) fn find_endpoint(
    snapshot: &Snapshot,
    request: Request,
) -> Result<(Arc<Endpoint>, UnreadRequest), IngestError> {
    let (parts, body) = request.into_parts();
    let rest = parts.uri.path().strip_prefix(PREFIX).ok_or(IngestError::UnknownEndpoint)?;
    let (token, sub_path) = match rest.find('/') {
        Some(end) => rest.split_at(end),
        None => (rest, ""),
    };
    let endpoint = snapshot.endpoint(token, now_ms()).ok_or(IngestError::UnknownEndpoint)?.clone();
    let sub_path = sub_path.to_owned();
    Ok((endpoint, UnreadRequest { parts, body, sub_path }))
}

/// The reason why a request was not received.
pub(super) enum NotReceived {
    /// It is not accepted.
    NotAccepted(NotAccepted),
    /// Its body is announced as gzip and cannot be inflated.
    Uninflated {
        /// The request, without a body.
        request: Box<IncomingRequest>,
        /// The body as it was sent.
        uninflated: Box<Uninflated>,
    },
}

/// Reads a request whole, within the endpoint's limit and the bytes that it may hold.
pub(super) async fn read(
    engine: &Engine,
    endpoint: &Endpoint,
    unread: UnreadRequest,
    reservation: Arc<Reservation>,
) -> Result<IncomingRequest, NotReceived> {
    let UnreadRequest { parts, body, sub_path } = unread;
    let read = body::read(engine, endpoint.max_body_bytes, &parts.headers, body, &reservation).await;
    reservation.enter();
    let read = read.and_then(|body| write_key::reserve_blanking(endpoint, &body.body, &reservation).map(|()| body));
    let read = read.and_then(|body| reserve_form(endpoint, &parts.headers, &body.body, &reservation).map(|()| body));
    // A script may be a hundred times as long as the request that it is for.
    let read = read.and_then(|body| Ok(reservation.extend_by(settings_bytes(endpoint)).map(|()| body)?));
    let query = parts.uri.query().unwrap_or_default();
    let target = endpoint.reads_target.then(|| {
        // An operator's sample comes without a token.
        let rest = parts.uri.path().strip_prefix(PREFIX).and_then(|rest| rest.split('/').next());
        let token = rest.unwrap_or(&endpoint.record.token);
        Box::new(SentTarget::new(engine.options.public_url.as_deref(), token, &sub_path, query))
    });
    let head = RequestHead { method: parts.method.as_str(), path: sub_path, query, headers: &parts.headers, target };
    let build = |body| {
        let request = build(endpoint, head, body, engine.now_ms());
        IncomingRequest { reservation: Some(reservation), ..request }
    };
    match read {
        Ok(body) => Ok(build(body)),
        Err(NotRead::NotAccepted(refused)) => Err(NotReceived::NotAccepted(refused)),
        Err(NotRead::Uninflated(uninflated)) => {
            let request = build(ReadBody::of(Bytes::new()));
            Err(NotReceived::Uninflated { request: Box::new(request), uninflated })
        }
    }
}

/// Reserves the bytes that the JSON object of a form may have, if the plugin gets forms so.
fn reserve_form(
    endpoint: &Endpoint,
    headers: &HeaderMap,
    body: &contract::Body,
    reservation: &Reservation,
) -> Result<(), NotRead> {
    let takes_forms = endpoint.plugin.as_ref().is_some_and(|plugin| plugin.manifest().forms);
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).filter(|_| takes_forms);
    match content_type.is_some_and(|content_type| forms::is_form(content_type, body.as_bytes())) {
        true => Ok(reservation.extend_by(forms::max_json_size(body.as_bytes()))?),
        false => Ok(()),
    }
}

/// A request without its body.
pub(super) struct RequestHead<'a> {
    /// The method, in upper case.
    pub(super) method: &'a str,
    /// The path behind the endpoint's token.
    pub(super) path: String,
    /// The query of the URL, without the question mark.
    pub(super) query: &'a str,
    /// All headers.
    pub(super) headers: &'a HeaderMap,
    /// The address, where verification reads any of it.
    pub(super) target: Option<Box<SentTarget>>,
}

/// Builds the request that goes on from the one that was sent.
pub(super) fn build(
    endpoint: &Endpoint,
    head: RequestHead<'_>,
    body: ReadBody,
    received_at_ms: i64,
) -> IncomingRequest {
    let ReadBody { mut body, has_byte_order_mark } = body;
    let handshake = FoundHandshake::of(endpoint, &head, body.as_bytes());
    let sent_headers = header_family::under_own_names(endpoint, head.headers);
    let sent = sent_headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    let mut write_keys = write_key::in_headers(endpoint, head.headers);
    let (query, mut withheld) = query(head.query, endpoint, write_keys.as_deref_mut());
    if let Some(given) = &mut write_keys {
        write_key::take_from_body(endpoint, given, &mut body, &mut withheld);
    }
    let mut headers =
        verification::forwarded_headers(sent, |name| endpoint.wants_header(name), endpoint.credential_headers());
    for header in headers.iter_mut().filter(|header| endpoint.is_secret(&header.value)) {
        header.value = REDACTED.to_owned();
        withheld.push(format!("headers.{}", header.name));
    }
    let path = blank_secret_segments(endpoint, head.path);
    let parts = VisibleParts { method: head.method.to_owned(), path, query, headers, body };
    let request = IncomingRequest::new(endpoint, parts, credentials(&sent_headers, endpoint), received_at_ms);
    IncomingRequest { has_byte_order_mark, write_keys, withheld, target: head.target, handshake, ..request }
}

/// Returns a path with the segments blanked that are a secret of the source environment.
fn blank_secret_segments(endpoint: &Endpoint, path: String) -> String {
    let is_secret = |segment: &str| !segment.is_empty() && endpoint.is_secret(segment);
    if !path.split('/').any(is_secret) {
        return path;
    }
    let blanked = |segment| if is_secret(segment) { REDACTED } else { segment };
    path.split('/').map(blanked).collect::<Vec<_>>().join("/")
}

/// Returns the headers that verification reads.
fn credentials(headers: &HeaderMap, endpoint: &Endpoint) -> Vec<(String, Bytes)> {
    let others = endpoint
        .scheme
        .iter()
        .flat_map(Template::headers)
        .filter(|name| Some(*name) != endpoint.credential_header.as_deref());
    let names = endpoint.credential_header.as_deref().into_iter().chain(others);
    names
        .flat_map(|name| headers.get_all(name).iter().map(move |value| (name, value)))
        .map(|(name, value)| (name.to_owned(), Bytes::copy_from_slice(value.as_bytes())))
        .collect()
}

/// Returns the query parameters that the plugin may see, decoded as forms are, and the paths of those that it would see if
/// they were no credentials. Write keys are added to `write_keys`.
fn query(text: &str, endpoint: &Endpoint, mut write_keys: Option<&mut GivenWriteKeys>) -> (Vec<Field>, Vec<String>) {
    let decode = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    let (mut visible, mut withheld) = (Vec::new(), Vec::new());
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decode(name), decode(value));
        if let Some(given) = write_keys.as_deref_mut().filter(|_| name == WRITE_KEY) {
            given.add(&value);
        }
        match endpoint.query_access(&name, &value) {
            QueryAccess::Visible => visible.push(Field::new(name, value)),
            QueryAccess::Credential if withheld.len() < MAX_WITHHELD => {
                let path = format!("query.{}", name.chars().take(MAX_WITHHELD_NAME).collect::<String>());
                if !withheld.contains(&path) {
                    withheld.push(path);
                }
            }
            QueryAccess::Credential | QueryAccess::NotListed => {}
        }
    }
    (visible, withheld)
}
