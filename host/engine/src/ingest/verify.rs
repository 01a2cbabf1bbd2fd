//! Verification: the verdict about a request, and whether it is admitted.

use inlet_core::verification::{Covers, Nonce, Sent, Verdict, Verification};

use super::incoming_request::IncomingRequest;
use crate::{Engine, snapshot::Endpoint};

/// The result of verifying a request.
pub(crate) struct Verified {
    /// The verdict and its cause.
    pub(crate) verification: Verification,
    /// The record by which a captured request is recognised when it is sent again. Present only where verification is
    /// enforced: elsewhere every request is taken.
    pub(crate) nonce: Option<Nonce>,
}

/// Verifies a request over exactly the bytes that the plugin gets, at the time of their arrival.
pub(crate) fn verify(engine: &Engine, endpoint: &Endpoint, request: &IncomingRequest) -> Verified {
    let (Some(scheme), Some(credential_header)) = (&endpoint.scheme, endpoint.credential_header.as_deref()) else {
        return Verified { verification: Verification::of(Verdict::NotConfigured), nonce: None };
    };
    let headers: Vec<(&str, &[u8])> =
        request.credentials.iter().map(|(name, value)| (name.as_str(), value.as_ref())).collect();
    let sent = Sent {
        method: &request.plugin_request.method,
        headers: &headers,
        credential_header,
        body: request.body().as_bytes(),
        at_ms: request.received_at_ms,
    };
    let verification = scheme.verify(&sent, endpoint.secrets(request.received_at_ms));
    let is_taken_once = endpoint.settings.enforce_verification && matches!(verification.verdict, Verdict::Verified(_));
    let nonce = is_taken_once.then(|| scheme.nonce(&sent, &engine.hash_key, endpoint.id)).flatten();
    Verified { verification, nonce }
}

/// Admits a request with that verdict, or returns the cause of its refusal, for the operator only.
pub(crate) fn admit(endpoint: &Endpoint, verification: Verification) -> Result<(), &'static str> {
    let settings = &endpoint.settings;
    match verification.verdict {
        _ if !settings.enforce_verification => Ok(()),
        Verdict::Verified(Covers::All) => Ok(()),
        Verdict::Verified(Covers::First) if settings.trust_unsigned_batch_items => Ok(()),
        Verdict::Verified(Covers::First) => Err("partly_signed"),
        _ => Err(verification.cause),
    }
}
