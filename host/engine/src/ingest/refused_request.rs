//! Requests that verification refused. They are kept, so that they can be verified again once the secret is right.

use inlet_core::{contract::Field, credential::CredentialHash, verification::Template};
use inlet_store::{CommitError, NewRefused};
use sha2::{Digest as _, Sha256};

use super::{error::IngestError, incoming_request::IncomingRequest, kept_request};
use crate::{Engine, snapshot::Endpoint};

/// Refuses a request: keeps it in its source's ring as far as there is room, and returns the error for its sender.
pub(super) async fn refuse(
    engine: &Engine,
    endpoint: &Endpoint,
    request: &IncomingRequest,
    cause: &'static str,
) -> IngestError {
    let sent = &request.plugin_request;
    // A signature may be kept to be verified again; a secret that was sent in clear may not.
    let mut headers = sent.headers.clone();
    if let Some(scheme @ Template::Signature(_)) = &endpoint.scheme {
        let is_kept = |name: &str, value: &[u8]| match endpoint.credential_header.as_deref() == Some(name) {
            true => scheme.may_be_kept(value),
            false => !sent.headers.iter().any(|header| header.name == name),
        };
        let signed = request.credentials.iter().filter(|(name, value)| is_kept(name, value));
        headers.extend(signed.map(|(name, value)| Field::new(name, String::from_utf8_lossy(value))));
    }
    let body = request.body_bytes();
    let refused = NewRefused {
        id: engine.store.clock().new_id(),
        source_environment_id: endpoint.id,
        received_at_ms: request.received_at_ms,
        cause: cause.to_owned(),
        digest: Sha256::digest(&body).into(),
        method: sent.method.clone(),
        path: sent.path.clone(),
        query: kept_request::write_fields(&sent.query),
        headers: kept_request::write_fields(&headers),
        credential_hash: credential_hash(engine, endpoint, request),
        body,
    };
    match engine.store.refuse(refused, request.hold()).await {
        Ok(()) => {}
        // Only counted: a flood of requests must not become a flood of log lines.
        Err(CommitError::Overloaded(_)) => endpoint.meters.not_kept(),
        Err(error) => {
            tracing::warn!(source = endpoint.source, environment = endpoint.environment, %error, "a refused request was not kept")
        }
    }
    IngestError::Unverified
}

/// Returns the keyed hash of a shared secret that was sent in clear. A secret sent twice never verifies, so it is not
/// kept.
fn credential_hash(engine: &Engine, endpoint: &Endpoint, request: &IncomingRequest) -> Option<[u8; 32]> {
    match (&endpoint.scheme, request.credentials.as_slice()) {
        (Some(Template::SharedSecret(_)), [(_, value)]) => Some(CredentialHash::of(&engine.hash_key, value).0),
        _ => None,
    }
}
