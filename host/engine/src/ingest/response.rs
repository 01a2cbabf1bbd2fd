//! The HTTP responses of ingestion.
//!
//! 200 for what is on disk, never 3xx, and never 202 or 204 unless a plugin or its manifest says so: real senders count only 200
//! as delivered. Every response carries headers that keep browsers from rendering, sniffing or caching it. Source of the
//! rules: semantics.md §3.

use axum::{
    body::Body,
    http::{
        HeaderName, HeaderValue, StatusCode,
        header::{
            ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, RETRY_AFTER,
            X_CONTENT_TYPE_OPTIONS,
        },
    },
    response::Response,
};
use inlet_core::{
    contract::{Field, Notice, Reply, Translation, content_type_header},
    json,
    log::Outcome,
    settings::OnReject,
};
use inlet_store::Settled;

use super::{error::IngestError, not_accepted::NotAccepted};

/// The most items that a response lists. Beyond, it counts them and lists only those that were not accepted.
const MAX_LISTED: usize = 100;

/// Builds the response to a request that is not accepted.
pub(super) fn of_not_accepted(refused: &NotAccepted) -> Response {
    let mut response = of_error(&refused.error);
    if refused.closes {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// Builds the response to a request with an error, after which its connection can be kept.
pub(super) fn of_error(error: &IngestError) -> Response {
    let body = problem(error.code(), &error.to_string(), "");
    let mut response = respond(error.status(), "application/json", body);
    let headers = response.headers_mut();
    let retry_after = match error {
        IngestError::TooManyRefused => Some("60"),
        IngestError::RateLimited { .. } => Some("1"),
        error if error.status() == StatusCode::SERVICE_UNAVAILABLE => Some("5"),
        _ => None,
    };
    if let Some(seconds) = retry_after {
        headers.insert(RETRY_AFTER, HeaderValue::from_static(seconds));
    }
    if let IngestError::Method { allowed } = error
        && let Ok(allowed) = HeaderValue::from_str(allowed)
    {
        headers.insert(ALLOW, allowed);
    }
    response
}

/// Builds the response to a request whose plugin does not write it.
pub(super) fn of_translated<E>(
    translated: &Result<Result<Translation, Notice>, E>,
    on_reject: OnReject,
    settled: &[Settled],
) -> Response {
    match translated {
        Ok(Ok(translation)) => of_translation(translation, on_reject, settled),
        Ok(Err(_)) => of_rejection(on_reject, settled),
        Err(_) => of_outcomes(settled),
    }
}

fn of_translation(translation: &Translation, on_reject: OnReject, settled: &[Settled]) -> Response {
    let all_accepted = settled.iter().all(|item| item.outcome.is_accepted());
    match &translation.reply {
        Some(reply) if all_accepted => of_reply(reply.clone()),
        _ => of_rejection(on_reject, settled),
    }
}

/// Builds a 422 if the source environment refuses and every item was rejected, else a 200.
fn of_rejection(on_reject: OnReject, settled: &[Settled]) -> Response {
    let all_rejected = !settled.is_empty() && settled.iter().all(|item| item.outcome == Outcome::Rejected);
    match (on_reject, settled.first()) {
        (OnReject::Refuse, Some(first)) if all_rejected => {
            let message = first.reason.as_deref().unwrap_or("the request holds no event");
            let body = problem("rejected", message, &format!(",{}", listed(settled)));
            respond(StatusCode::UNPROCESSABLE_ENTITY, "application/json", body)
        }
        _ => of_outcomes(settled),
    }
}

/// Builds a 200 with the outcome of each item.
fn of_outcomes(settled: &[Settled]) -> Response {
    respond(StatusCode::OK, "application/json", format!("{{{}}}", listed(settled)))
}

/// Builds the response that a plugin wrote and the sandbox checked, or that answers a handshake. What it echoes is never
/// HTML: the type is one of a few, and browsers keep to it. XML, which may hold XHTML, runs no script under the policy.
pub(super) fn of_reply(reply: Reply) -> Response {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::OK);
    let content_type = content_type_header(&reply.content_type).unwrap_or("application/json");
    let mut response = respond(status, content_type, reply.body);
    let headers = response.headers_mut();
    if status == StatusCode::NO_CONTENT {
        headers.remove(CONTENT_TYPE);
    }
    for Field { name, value } in reply.headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(&value)) {
            headers.append(name, value);
        }
    }
    response
}

/// Writes the members with the outcomes: of all items, or counts and the items that were not accepted.
fn listed(settled: &[Settled]) -> String {
    let mut text = String::with_capacity(160 * settled.len().min(MAX_LISTED) + 16);
    if settled.len() <= MAX_LISTED {
        list(&mut text, settled.iter());
        return text;
    }
    let counts: Vec<(&str, String)> = Outcome::ALL
        .into_iter()
        .map(|outcome| (outcome.as_str(), settled.iter().filter(|item| item.outcome == outcome).count()))
        .filter(|(_, count)| *count > 0)
        .map(|(name, count)| (name, count.to_string()))
        .collect();
    text.push_str("\"counts\":");
    text.push_str(&json::object(counts.iter().map(|(name, count)| (name, count.as_str()))));
    text.push(',');
    list(&mut text, settled.iter().filter(|item| !item.outcome.is_accepted()));
    text
}

fn list<'s>(text: &mut String, items: impl Iterator<Item = &'s Settled>) {
    text.push_str("\"events\":[");
    for (index, item) in items.enumerate() {
        let mut id = [0; uuid::fmt::Hyphenated::LENGTH];
        let parts = [
            if index > 0 { "," } else { "" },
            "{\"id\":\"",
            item.id.hyphenated().encode_lower(&mut id),
            "\",\"event_type\":",
            &json::quote(&item.event_type),
            ",\"outcome\":\"",
            item.outcome.as_str(),
            "\"",
        ];
        parts.into_iter().for_each(|part| text.push_str(part));
        if let Some(reason) = item.reason.as_deref().filter(|_| !item.outcome.is_accepted()) {
            text.push_str(",\"reason\":");
            text.push_str(&json::quote(reason));
        }
        text.push('}');
    }
    text.push(']');
}

/// Writes an error in the shape that all errors have.
fn problem(code: &str, message: &str, more: &str) -> String {
    format!(r#"{{"code":{},"message":{},"field":null{more}}}"#, json::quote(code), json::quote(message))
}

/// Builds a response without a body.
pub(super) fn no_content() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

fn respond(status: StatusCode, content_type: &'static str, mut body: String) -> Response {
    if content_type == "application/json" && !body.is_empty() && !body.ends_with('\n') {
        body.push('\n');
    }
    const CLOSED: &str = "default-src 'none'; frame-ancestors 'none'; sandbox";
    let headers: [(HeaderName, &'static str); 4] = [
        (CONTENT_TYPE, content_type),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, CLOSED),
    ];
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    for (name, value) in headers {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
