//! Requests that verification refused, or whose body cannot be read. They are kept within a budget, so that they can be
//! looked at, and verified again once the secret is right.

use std::time::Instant;

use axum::body::Bytes;
use inlet_core::{contract::Field, credential::CredentialHash, verification::Template};
use inlet_store::{CommitError, NewRefused};
use sha2::{Digest as _, Sha256};

use super::{
    body::{FIRST_BYTES, Uninflated},
    error::IngestError,
    incoming_request::IncomingRequest,
    stored_fields,
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
    keep(engine, endpoint, request, RefusedBody { body: first, size, digest }, "not_gzip", Some(error.to_string()))
        .await;
    error
}

/// Counts a refused request. Returns true if too many of its peer were refused at this source environment. Requests that
/// verify are not asked.
fn is_over_rate(engine: &Engine, endpoint: &Endpoint, peer: Peer) -> bool {
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
    let first = body.len().min(FIRST_BYTES);
    let body = match engine.refusal_budgets.take(endpoint.id, body.len() as u64, first as u64, Instant::now()) {
        KeptBody::Whole => Some(body),
        // A copy, so that the rest is freed.
        KeptBody::Part => Some(Bytes::copy_from_slice(&body[..first])),
        KeptBody::Nothing => None,
    };
    let sent = &request.plugin_request;
    let refused = NewRefused {
        id: engine.store.clock().new_id(),
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
        body,
        reason,
    };
    let hold = request.hold();
    request.shrink_to(refused.body.as_ref().map_or(0, Bytes::len));
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

/// Returns the headers to keep. A signature may be kept to be verified again; a secret that was sent in clear may not.
fn kept_headers(endpoint: &Endpoint, request: &IncomingRequest) -> Vec<Field> {
    let sent = &request.plugin_request;
    let mut headers = sent.headers.clone();
    if let Some(scheme @ Template::Signature(_)) = &endpoint.scheme {
        let is_kept = |name: &str, value: &[u8]| match endpoint.credential_header.as_deref() == Some(name) {
            true => scheme.may_be_kept(value),
            false => !sent.headers.iter().any(|header| header.name == name),
        };
        let signed = request.credentials.iter().filter(|(name, value)| is_kept(name, value));
        headers.extend(signed.map(|(name, value)| Field::new(name, String::from_utf8_lossy(value))));
    }
    headers
}

/// Returns the keyed hash of a shared secret that was sent in clear. A secret sent twice never verifies, so it is not
/// kept.
fn credential_hash(engine: &Engine, endpoint: &Endpoint, request: &IncomingRequest) -> Option<[u8; 32]> {
    match (&endpoint.scheme, request.credentials.as_slice()) {
        (Some(Template::SharedSecret(scheme)), [(name, value)]) => {
            Some(CredentialHash::of(&engine.hash_key, &scheme.comparable(name, value)).0)
        }
        _ => None,
    }
}
