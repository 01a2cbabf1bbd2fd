//! The door: whose request is it, may it come in, and what of it goes on.
//!
//! Only here are a request's credentials seen. What leaves is the body, and those headers and query parameters that the
//! manifest or the operator lists. Source of the rules: semantics.md §3.1 and §3.3.

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use axum::{
    body::Bytes,
    extract::Request,
    http::{HeaderMap, request},
};
use inlet_core::{contract::Field, verification};
use percent_encoding::percent_decode_str;

use crate::{
    app::App,
    configuration::{Configuration, Endpoint},
    ingest::{PREFIX, answer::Refusal, arrival::Arrival, body},
};

/// A request at its endpoint, its body not read yet.
pub struct Delivery {
    parts: request::Parts,
    body: axum::body::Body,
    sub_path: String,
}

/// Finds the endpoint of a request and checks its method.
pub fn open(configuration: &Configuration, request: Request) -> Result<(Arc<Endpoint>, Delivery), Refusal> {
    let (parts, body) = request.into_parts();
    let rest = parts.uri.path().strip_prefix(PREFIX).ok_or(Refusal::UnknownEndpoint)?;
    let (token, sub_path) = match rest.find('/') {
        Some(end) => rest.split_at(end),
        None => (rest, ""),
    };
    let endpoint = configuration.endpoint(token, now_ms()).ok_or(Refusal::UnknownEndpoint)?.clone();
    let methods = endpoint.methods();
    if !methods.contains(&parts.method.as_str()) {
        endpoint.meters.refused("method");
        return Err(Refusal::Method { allowed: methods.join(", ") });
    }
    let sub_path = sub_path.to_owned();
    Ok((endpoint, Delivery { parts, body, sub_path }))
}

/// Reads a request whole, as far as its endpoint's limit and the room left allow.
pub async fn receive(app: &App, endpoint: &Endpoint, delivery: Delivery) -> Result<Arrival, Refusal> {
    let Delivery { parts, body, sub_path } = delivery;
    let (body, held) = body::read(app, endpoint.max_body_bytes, &parts.headers, body).await?;
    let credential_header = endpoint.credential_header.as_deref();
    let sent = parts.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    Ok(Arrival {
        method: parts.method.as_str().to_owned(),
        path: sub_path,
        query: query(parts.uri.query().unwrap_or_default(), endpoint),
        headers: verification::leaving(sent, |name| endpoint.wants_header(name), credential_header),
        credentials: credentials(&parts.headers, credential_header),
        body,
        received_at_ms: now_ms(),
        _held: Some(held),
    })
}

fn credentials(headers: &HeaderMap, name: Option<&str>) -> Vec<Bytes> {
    name.map(|name| headers.get_all(name).iter().map(|value| Bytes::copy_from_slice(value.as_bytes())).collect())
        .unwrap_or_default()
}

/// The query parameters that the manifest lists, decoded as forms are.
fn query(text: &str, endpoint: &Endpoint) -> Vec<Field> {
    let decode = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decode(name), value))
        .filter(|(name, _)| endpoint.wants_query(name))
        .map(|(name, value)| Field::new(name, decode(value)))
        .collect()
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
