//! What a sender hears.
//!
//! 200 for what is on disk, never 202, 204 or 3xx: real senders count only 200 as delivered. Every answer carries
//! headers that keep it from being shown as a page, guessed at or cached. Source of the rules: semantics.md §3.

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
    contract::{Item, ItemOutcome, Notice, Reply, Translation},
    json,
    log::Outcome,
};
use inlet_sandbox::manifest::OnReject;
use inlet_store::Settled;

/// Beyond this many items the answer counts them, and names only those that were not accepted.
const MAX_LISTED: usize = 100;

/// Why a request is not accepted. Nothing of it was executed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// No endpoint has this token.
    UnknownEndpoint,
    /// The endpoint takes other methods.
    Method {
        /// For the `Allow` header.
        allowed: String,
    },
    /// The body is over the limit.
    TooLarge {
        /// Bytes, inflated.
        limit: usize,
    },
    /// A content encoding other than one `gzip`.
    Encoding,
    /// It says gzip and is not.
    NotGzip,
    /// The body paused for too long.
    TooSlow,
    /// The connection broke while the body came.
    Broken,
    /// Verification is enforced and failed, for whatever cause.
    Unverified,
    /// All requests together hold as many bytes as they may.
    NoRoom,
    /// No sandbox came free in time.
    NoSandbox,
    /// The writer has as much to do as it can take.
    Overloaded,
    /// Storage cannot be written.
    NotStored,
    /// This server does not have the source's plugin.
    NoPlugin,
    /// The plugin whose platform reads the answer failed.
    PluginFailed,
    /// A bug of ours.
    Unexpected,
}

impl Refusal {
    /// The name used in metrics and answers.
    pub fn cause(&self) -> &'static str {
        match self {
            Refusal::UnknownEndpoint => "unknown_endpoint",
            Refusal::Method { .. } => "method_not_allowed",
            Refusal::TooLarge { .. } => "body_too_large",
            Refusal::Encoding => "unsupported_encoding",
            Refusal::NotGzip => "not_gzip",
            Refusal::TooSlow => "body_too_slow",
            Refusal::Broken => "body_broken",
            Refusal::Unverified => "not_verified",
            Refusal::NoRoom => "too_many_bytes_in_flight",
            Refusal::NoSandbox => "no_sandbox_free",
            Refusal::Overloaded => "overloaded",
            Refusal::NotStored => "storage_unavailable",
            Refusal::NoPlugin => "plugin_missing",
            Refusal::PluginFailed => "plugin_failed",
            Refusal::Unexpected => "internal",
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Refusal::UnknownEndpoint => StatusCode::NOT_FOUND,
            Refusal::Method { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Refusal::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Refusal::Encoding => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Refusal::NotGzip | Refusal::Broken => StatusCode::BAD_REQUEST,
            Refusal::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Refusal::Unverified => StatusCode::UNAUTHORIZED,
            Refusal::NoRoom | Refusal::NoSandbox | Refusal::Overloaded | Refusal::NotStored | Refusal::NoPlugin => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Refusal::PluginFailed | Refusal::Unexpected => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The sentence for the sender.
    pub fn message(&self) -> String {
        match self {
            Refusal::UnknownEndpoint => {
                "there is no endpoint at this address; copy it from the source's settings".into()
            }
            Refusal::Method { allowed } => format!("this endpoint takes {allowed}"),
            Refusal::TooLarge { limit } => {
                format!("the body is larger than {limit} bytes; send smaller batches, or raise max_body_bytes")
            }
            Refusal::Encoding => "the content encoding is not supported; send the body plain or with one gzip".into(),
            Refusal::NotGzip => "the content encoding is gzip, and the body is not valid gzip".into(),
            Refusal::TooSlow => "the body paused for too long; send it again".into(),
            Refusal::Broken => "the body ended before its end; send it again".into(),
            // One answer for every cause: it must not tell a forger what was wrong.
            Refusal::Unverified => "the request could not be verified".into(),
            Refusal::NoRoom => "too many bytes are being received at once; send it again later".into(),
            Refusal::NoSandbox => "no sandbox came free in time; send it again later".into(),
            Refusal::Overloaded => "too many requests are waiting to be stored; send it again later".into(),
            Refusal::NotStored => "the request could not be stored; send it again later".into(),
            Refusal::NoPlugin => "this server does not have the source's plugin; send it again later".into(),
            Refusal::PluginFailed => "the plugin could not answer this request".into(),
            Refusal::Unexpected => "receiving the request failed unexpectedly; send it again later".into(),
        }
    }
}

/// The answer to a request that is not accepted.
pub fn refuse(refusal: Refusal) -> Response {
    let body = problem(refusal.cause(), &refusal.message(), "");
    let mut response = respond(refusal.status(), "application/json", body);
    let headers = response.headers_mut();
    if refusal.status() == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(RETRY_AFTER, HeaderValue::from_static("5"));
    }
    if let Refusal::Method { allowed } = &refusal
        && let Ok(allowed) = HeaderValue::from_str(allowed)
    {
        headers.insert(ALLOW, allowed);
    }
    if matches!(refusal, Refusal::TooLarge { .. } | Refusal::Encoding | Refusal::NoRoom | Refusal::TooSlow) {
        // The body was not read to its end: nothing that follows on this connection could be told from it.
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// The answer to a request that went through its plugin, which writes none itself.
pub fn of_translated<E>(
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

/// The answer to a translated request.
fn of_translation(translation: &Translation, on_reject: OnReject, settled: &[Settled]) -> Response {
    let all_accepted = settled.iter().all(|item| item.outcome.is_accepted());
    match &translation.reply {
        Some(reply) if all_accepted => of_reply(reply.clone()),
        _ => of_rejection(on_reject, settled),
    }
}

/// The answer to a request of which perhaps everything was rejected.
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

/// 200 with what became of each item.
fn of_outcomes(settled: &[Settled]) -> Response {
    respond(StatusCode::OK, "application/json", format!("{{{}}}", listed(settled)))
}

/// 200 with the body that a plugin wrote. Its content type was checked by the sandbox.
pub fn of_reply(reply: Reply) -> Response {
    let content_type =
        if reply.content_type == "text/plain" { "text/plain; charset=utf-8" } else { "application/json" };
    respond(StatusCode::OK, content_type, reply.body)
}

/// The outcomes as an answering plugin reads them.
pub fn outcomes(translation: &Translation, settled: &[Settled]) -> Vec<ItemOutcome> {
    let tags = translation.items.iter().map(|item| match item {
        Item::Event(event) => &event.tag,
        Item::Ignored(notice) | Item::Rejected(notice) => &notice.tag,
    });
    // Where the translation as a whole was not taken, one item stands for all of them.
    let whole = settled.len() != translation.items.len();
    tags.enumerate()
        .filter_map(|(index, tag)| {
            let item = if whole { settled.first()? } else { settled.get(index)? };
            Some(ItemOutcome {
                index: u32::try_from(index).unwrap_or(u32::MAX),
                tag: tag.clone(),
                status: item.outcome.as_str().to_owned(),
                event_id: item.id.to_string(),
                reason: item.reason.clone().unwrap_or_default(),
            })
        })
        .collect()
}

/// The members that say what became of the items: all of them, or counts and those that were not accepted.
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

/// An error in the one shape that all of them have.
fn problem(code: &str, message: &str, more: &str) -> String {
    format!(r#"{{"code":{},"message":{},"field":null{more}}}"#, json::quote(code), json::quote(message))
}

fn respond(status: StatusCode, content_type: &'static str, body: String) -> Response {
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
