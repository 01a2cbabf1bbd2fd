//! The door: whose request is it, may it come in, and what of it goes on.
//!
//! Only here are a request's credentials seen. What leaves is the body, and those headers and query parameters that the
//! manifest or the operator lists. Source of the rules: semantics.md §3.1 and §3.3.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::Request,
    http::{HeaderMap, request},
};
use inlet_core::{
    contract::{self, Field},
    verification::{self, Template},
};
use percent_encoding::percent_decode_str;

use crate::{
    Engine,
    clock::now_ms,
    ingest::{PREFIX, answer::Refusal, arrival::Arrival, body},
    snapshot::{Endpoint, Snapshot},
};

/// A request at its endpoint, its body not read yet.
pub struct Delivery {
    parts: request::Parts,
    body: axum::body::Body,
    sub_path: String,
}

/// Finds the endpoint of a request and checks its method.
pub fn open(snapshot: &Snapshot, request: Request) -> Result<(Arc<Endpoint>, Delivery), Refusal> {
    let (parts, body) = request.into_parts();
    let rest = parts.uri.path().strip_prefix(PREFIX).ok_or(Refusal::UnknownEndpoint)?;
    let (token, sub_path) = match rest.find('/') {
        Some(end) => rest.split_at(end),
        None => (rest, ""),
    };
    let endpoint = snapshot.endpoint(token, now_ms()).ok_or(Refusal::UnknownEndpoint)?.clone();
    let methods = endpoint.methods();
    if !methods.contains(&parts.method.as_str()) {
        endpoint.meters.refused("method");
        return Err(Refusal::Method { allowed: methods.join(", ") });
    }
    let sub_path = sub_path.to_owned();
    Ok((endpoint, Delivery { parts, body, sub_path }))
}

/// Reads a request whole, as far as its endpoint's limit and the room left allow.
pub async fn receive(engine: &Engine, endpoint: &Endpoint, delivery: Delivery) -> Result<Arrival, Refusal> {
    let Delivery { parts, body, sub_path } = delivery;
    let (body, held) = body::read(engine, endpoint.max_body_bytes, &parts.headers, body).await?;
    let query = parts.uri.query().unwrap_or_default();
    let head = Head { method: parts.method.as_str(), path: sub_path, query, headers: &parts.headers };
    Ok(Arrival { held: Some(Arc::new(held)), ..arrive(endpoint, head, body, now_ms()) })
}

/// A request but for its body.
pub struct Head<'a> {
    /// Upper case.
    pub method: &'a str,
    /// What follows the endpoint's token.
    pub path: String,
    /// As in the URL, without the question mark.
    pub query: &'a str,
    /// All of them.
    pub headers: &'a HeaderMap,
}

/// What of a request goes on, with a body that was read.
pub fn arrive(endpoint: &Endpoint, head: Head<'_>, body: contract::Body, received_at_ms: i64) -> Arrival {
    let credential_header = endpoint.credential_header.as_deref();
    let sent = head.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    Arrival {
        method: head.method.to_owned(),
        path: head.path,
        query: query(head.query, endpoint),
        headers: verification::forwarded_headers(sent, |name| endpoint.wants_header(name), credential_header),
        credentials: credentials(head.headers, endpoint),
        body,
        received_at_ms,
        held: None,
    }
}

/// What verification reads.
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

/// The query parameters that the manifest lists, decoded as forms are.
fn query(text: &str, endpoint: &Endpoint) -> Vec<Field> {
    let decode = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decode(name), decode(value)))
        .filter(|(name, value)| endpoint.wants_query(name, value))
        .map(|(name, value)| Field::new(name, value))
        .collect()
}
