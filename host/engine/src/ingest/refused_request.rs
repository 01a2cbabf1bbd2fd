//! Requests that verification refused, or whose body cannot be read. They are kept within a budget, so that they can be
//! looked at, and verified again once the secret is right.

use std::time::Instant;

use axum::body::Bytes;
use inlet_core::{contract::Field, credential::CredentialHash, verification::Template};
use inlet_store::{CommitError, NewRefused};
use percent_encoding::percent_decode_str;
use sha2::{Digest as _, Sha256};

use super::{
    body::{FIRST_BYTES, Uninflated},
    error::IngestError,
    incoming_request::IncomingRequest,
    stored_fields, write_key,
};
use crate::{
    Engine, Happening,
    admission::{Peer, refusal_budget::KeptBody},
    snapshot::Endpoint,
};

/// Refuses a request that verification does not admit.
pub(super) async fn refuse(
    engine: &Engine,
    endpoint: &Endpoint,
    peer: Peer,
    request: IncomingRequest,
    cause: &'static str,
) -> IngestError {
    endpoint.meters.unverified(cause);
    engine.notice(endpoint.notice(Happening::Refused, cause));
    if is_over_rate(engine, endpoint, peer) {
        return IngestError::TooManyRefused;
    }
    let body = request.body_as_sent();
    let refused = RefusedBody { size: body.len() as u64, digest: digest(&body).await, body };
    keep(engine, endpoint, request, refused, cause, None).await;
    IngestError::Unverified
}

/// Refuses a request whose body cannot be inflated.
pub(super) async fn refuse_body(
    engine: &Engine,
    endpoint: &Endpoint,
    peer: Peer,
    request: IncomingRequest,
    uninflated: Uninflated,
) -> IngestError {
    if is_over_rate(engine, endpoint, peer) {
        return IngestError::TooManyRefused;
    }
    let Uninflated { first, size, digest, found } = uninflated;
    let error = IngestError::NotGzip { found };
    let first = write_key::blank_uninflated(endpoint, first);
    keep(engine, endpoint, request, RefusedBody { body: first, size, digest }, "not_gzip", Some(error.to_string()))
        .await;
    error
}

/// Counts a refused request. Returns true if too many of its peer were refused at this source environment. Requests that
/// verify are not asked.
pub(super) fn is_over_rate(engine: &Engine, endpoint: &Endpoint, peer: Peer) -> bool {
    let (address, now) = (peer.0.map(|address| (endpoint.id, address)), Instant::now());
    let is_over = engine.refusals.is_over(address, now);
    engine.refusals.count(address, now);
    is_over
}

/// Returns the SHA-256 of a body. A large one is hashed on another thread, so that other requests need not wait for it.
async fn digest(body: &Bytes) -> [u8; 32] {
    const LARGE: usize = 256 * 1024;
    if body.len() > LARGE {
        let body = body.clone();
        if let Ok(digest) = tokio::task::spawn_blocking(move || Sha256::digest(&body)).await {
            return digest.into();
        }
    }
    Sha256::digest(body).into()
}

/// The body of a refused request, or its first bytes, with the size and the digest of all of it.
struct RefusedBody {
    body: Bytes,
    size: u64,
    digest: [u8; 32],
}

/// The bytes of the head that are kept with a part of the body.
const HEAD_WITH_PART: usize = 4096;
/// The bytes of the head that are kept where nothing of the body is. No budget counts them.
const HEAD_WITHOUT_BODY: usize = 512;

/// Returns true if the first bytes of the body are all of it. Such a request can be verified again, so its head stays whole.
fn is_short(refused: &NewRefused) -> bool {
    refused.body.as_ref().is_none_or(|body| body.len() <= FIRST_BYTES)
}

/// Returns the most bytes that [`cut`] leaves.
fn bytes_in_part(refused: &NewRefused) -> usize {
    match is_short(refused) {
        true => refused.bytes(),
        false => FIRST_BYTES + HEAD_WITH_PART,
    }
}

/// Cuts a request to the first bytes of its body and head.
fn cut(refused: &mut NewRefused) {
    if is_short(refused) {
        return;
    }
    // A copy, so that the rest is freed.
    refused.body = refused.body.as_ref().map(|body| Bytes::copy_from_slice(&body[..FIRST_BYTES]));
    cut_head(refused, HEAD_WITH_PART);
}

/// Cuts the path, and leaves out the last query parameters and headers, so that at most `limit` bytes stay.
fn cut_head(refused: &mut NewRefused, limit: usize) {
    let path = refused.path.floor_char_boundary(limit / 4);
    refused.path = refused.path[..path].to_owned();
    refused.query = first_fields(&refused.query, limit / 4);
    let left = limit - refused.path.len() - refused.query.len();
    refused.headers = first_fields(&refused.headers, left);
}

/// Returns the first of these stored fields, at most `limit` bytes.
fn first_fields(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    let mut left = limit.saturating_sub("[]".len());
    let mut fields = stored_fields::read_fields(text);
    let kept = fields.iter().take_while(|field| {
        // Without the two brackets, with a comma.
        let bytes = stored_fields::write_fields(std::slice::from_ref(field)).len() - 1;
        let rest = left.checked_sub(bytes);
        left = rest.unwrap_or_default();
        rest.is_some()
    });
    fields.truncate(kept.count());
    stored_fields::write_fields(&fields)
}

/// Keeps a request in its source's ring as far as there is room.
async fn keep(
    engine: &Engine,
    endpoint: &Endpoint,
    request: IncomingRequest,
    refused: RefusedBody,
    cause: &'static str,
    reason: Option<String>,
) {
    let RefusedBody { body, size, digest } = refused;
    let sent = &request.plugin_request;
    let mut refused = NewRefused {
        id: engine.store.clock().new_id(),
        environment_id: endpoint.environment_id,
        source_environment_id: endpoint.id,
        received_at_ms: request.received_at_ms,
        cause: cause.to_owned(),
        digest,
        method: sent.method.clone(),
        path: sent.path.clone(),
        query: stored_fields::write_fields(&sent.query),
        headers: stored_fields::write_fields(&kept_headers(endpoint, &request)),
        credential_hash: credential_hash(engine, endpoint, &request),
        size,
        body: Some(body),
        reason,
    };
    let (whole, part) = (refused.bytes() as u64, bytes_in_part(&refused) as u64);
    match engine.refusal_budgets.take(endpoint.id, whole, part, Instant::now()) {
        KeptBody::Whole => {}
        KeptBody::Part => cut(&mut refused),
        KeptBody::Nothing => {
            refused.body = None;
            cut_head(&mut refused, HEAD_WITHOUT_BODY);
        }
    }
    let hold = request.hold();
    request.shrink_to(refused.bytes());
    // The body is freed before the wait.
    drop(request);
    match engine.store.refuse(refused, hold).await {
        Ok(()) => {}
        // Only counted: a flood of requests must not become a flood of log lines.
        Err(CommitError::Overloaded(_)) => endpoint.meters.not_kept(),
        // The writer logs the error itself.
        Err(_) => {
            endpoint.meters.not_kept();
            engine.notice(endpoint.notice(Happening::NotStored, "refused"));
        }
    }
}

/// The name of the field, which no header has, that keeps a query where a signature covers it.
pub(crate) const SIGNED_QUERY: &str = ":query";

/// Returns true if a query holds none of the source environment's secrets and no token.
fn may_keep_query(endpoint: &Endpoint, query: &str) -> bool {
    let decode = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    let is_harmless = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decode(name), decode(value));
        !endpoint.is_token_parameter(&name) && !endpoint.is_secret(&name) && !endpoint.is_secret(&value)
    };
    !query.is_empty() && query.split('&').all(is_harmless)
}

/// Returns the headers to keep. A signature may be kept to be verified again; a secret that was sent in clear may not.
fn kept_headers(endpoint: &Endpoint, request: &IncomingRequest) -> Vec<Field> {
    let sent = &request.plugin_request;
    let mut headers = sent.headers.clone();
    if let Some(scheme) = &endpoint.scheme {
        let is_kept = |name: &str, value: &[u8]| {
            let is_visible = sent.headers.iter().any(|header| header.name == name);
            !is_visible && scheme.may_be_kept(endpoint.credential_header.as_deref(), name, value)
        };
        let signed = request.credentials.iter().filter(|(name, value)| is_kept(name, value));
        headers.extend(signed.map(|(name, value)| Field::new(name, String::from_utf8_lossy(value))));
    }
    if let Some(target) = request.target.as_deref().filter(|target| may_keep_query(endpoint, &target.query)) {
        headers.push(Field::new(SIGNED_QUERY, target.query.as_str()));
    }
    headers
}

/// Returns the keyed hash of a shared secret or a write key that was sent in clear. A secret sent twice and write keys that
/// differ never verify, so they are not kept.
fn credential_hash(engine: &Engine, endpoint: &Endpoint, request: &IncomingRequest) -> Option<[u8; 32]> {
    if let Some(given) = &request.write_keys {
        return given.sole().map(|key| CredentialHash::of(&engine.hash_key, key.as_bytes()).0);
    }
    match (&endpoint.scheme, request.credentials.as_slice()) {
        (Some(Template::SharedSecret(scheme)), [(name, value)]) => {
            Some(CredentialHash::of(&engine.hash_key, &scheme.comparable(name, value)).0)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use inlet_core::Uuid;

    use super::*;

    fn refused(body: usize) -> NewRefused {
        let fields: Vec<Field> = (0..1000).map(|number| Field::new(format!("x-{number}"), "\"é".to_owned())).collect();
        NewRefused {
            environment_id: 1,
            source_environment_id: 1,
            id: Uuid::nil(),
            received_at_ms: 0,
            cause: "failed".to_owned(),
            digest: [0; 32],
            method: "POST".to_owned(),
            path: "é/".repeat(10_000),
            query: stored_fields::write_fields(&fields),
            headers: stored_fields::write_fields(&fields),
            credential_hash: None,
            size: body as u64,
            body: Some(vec![0; body].into()),
            reason: None,
        }
    }

    #[test]
    fn the_head_of_a_request_in_part_is_cut() {
        let mut large = refused(FIRST_BYTES + 1);
        let most = bytes_in_part(&large);
        cut(&mut large);
        assert_eq!(large.body.as_ref().map(Bytes::len), Some(FIRST_BYTES));
        assert!((most - 200..=most).contains(&large.bytes()), "{}", large.bytes());
        let headers = stored_fields::read_fields(&large.headers);
        assert_eq!((headers[0].name.as_str(), headers[0].value.as_str()), ("x-0", "\"é"));
        large.body = None;
        cut_head(&mut large, HEAD_WITHOUT_BODY);
        assert!((1..=HEAD_WITHOUT_BODY).contains(&large.bytes()), "{}", large.bytes());
    }

    #[test]
    fn a_request_with_a_short_body_keeps_its_head_to_be_verified_again() {
        let mut short = refused(FIRST_BYTES);
        let bytes = short.bytes();
        assert_eq!(bytes_in_part(&short), bytes);
        cut(&mut short);
        assert_eq!(short.bytes(), bytes);
    }
}
