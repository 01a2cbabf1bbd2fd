//! Keeps requests that verification refused, so that they can be verified again once the secret is right.

use inlet_core::{contract::Field, credential::CredentialHash, verification::Template};
use inlet_store::NewRefused;
use sha2::{Digest as _, Sha256};

use super::{arrival::Arrival, kept_request};
use crate::{
    Engine,
    snapshot::{Endpoint, new_id},
};

/// Keeps a refused request, as far as its ring has room, so that it can be verified again.
pub(crate) async fn keep_refused(engine: &Engine, endpoint: &Endpoint, arrival: &Arrival, cause: &'static str) {
    // A keyed hash may be kept to be verified again; a secret that was sent as it is may not.
    let mut headers = arrival.headers.clone();
    if let Some(scheme @ Template::Signature(_)) = &endpoint.scheme {
        let is_kept = |name: &str, value: &[u8]| match endpoint.credential_header.as_deref() == Some(name) {
            true => scheme.may_be_kept(value),
            false => !headers.iter().any(|header| header.name == name),
        };
        let signed = arrival.credentials.iter().filter(|(name, value)| is_kept(name, value));
        let signed: Vec<_> = signed.map(|(name, value)| Field::new(name, String::from_utf8_lossy(value))).collect();
        headers.extend(signed);
    }
    let body = arrival.body_bytes();
    let request = NewRefused {
        id: new_id(),
        source_environment_id: endpoint.id,
        received_at_ms: arrival.received_at_ms,
        cause: cause.to_owned(),
        digest: Sha256::digest(&body).into(),
        method: arrival.method.clone(),
        path: arrival.path.clone(),
        query: kept_request::write_fields(&arrival.query),
        headers: kept_request::write_fields(&headers),
        credential_hash: credential_hash(engine, endpoint, arrival),
        body,
    };
    if let Err(error) = engine.store.refuse(request).await {
        tracing::warn!(source = endpoint.source, environment = endpoint.environment, %error, "a refused request was not kept");
    }
}

/// What is kept of the credentials of a request that is refused, beside its headers.
fn credential_hash(engine: &Engine, endpoint: &Endpoint, arrival: &Arrival) -> Option<[u8; 32]> {
    match (&endpoint.scheme, arrival.credentials.as_slice()) {
        // Sent twice, it is no claim that could come true.
        (Some(Template::SharedSecret(_)), [(_, value)]) => Some(CredentialHash::of(&engine.hash_key, value).0),
        _ => None,
    }
}
