//! Verification: the verdict about a request, and whether it is admitted.

use inlet_core::verification::{Covers, GivenWriteKeys, Nonce, Sent, Template, Verdict, Verification};

use super::incoming_request::{IncomingRequest, SentTarget};
use crate::{Engine, snapshot::Endpoint};

/// The result of verifying a request.
pub(crate) struct Verified {
    /// The verdict and its cause.
    pub(crate) verification: Verification,
    /// The record by which a captured request is recognised when it is sent again. Present only where verification is
    /// enforced: elsewhere every request is taken.
    pub(crate) nonce: Option<Nonce>,
}

/// Verifies a request over the bytes that were sent, at the time of their arrival. The plugin gets exactly these, but for
/// forms, whose fields it may get as JSON.
pub(crate) fn verify(engine: &Engine, endpoint: &Endpoint, request: &IncomingRequest) -> Verified {
    if endpoint.has_write_key() {
        return Verified { verification: verify_write_key(endpoint, request), nonce: None };
    }
    let Some(scheme) = &endpoint.scheme else {
        return Verified { verification: Verification::of(Verdict::NotConfigured), nonce: None };
    };
    let headers: Vec<(&str, &[u8])> =
        request.credentials.iter().map(|(name, value)| (name.as_str(), value.as_ref())).collect();
    let sent = Sent {
        method: &request.plugin_request.method,
        headers: &headers,
        credential_header: endpoint.credential_header.as_deref(),
        target: request.target.as_deref().map(SentTarget::as_target).unwrap_or_default(),
        options: &endpoint.options,
        body: request.sent_body().as_bytes(),
        at_ms: request.received_at_ms,
    };
    let mut sent = sent;
    let decide = |sent: &Sent<'_>| scheme.decide(sent, endpoint.secrets(request.received_at_ms));
    let (mut decided_by, mut verification): (&Template, _) = decide(&sent);
    // A sender that signs its bytes as they are sent signs their byte order mark too.
    let as_sent = request.has_byte_order_mark.then(|| request.body_as_sent());
    if let (Verdict::Failed, Some(body)) = (verification.verdict, &as_sent) {
        let with_mark = Sent { body, ..sent };
        let (by, again) = decide(&with_mark);
        if again.cause != verification.cause {
            (sent, decided_by, verification) = (with_mark, by, again);
        }
    }
    let is_taken_once = endpoint.settings.enforce_verification && matches!(verification.verdict, Verdict::Verified(_));
    let nonce = is_taken_once.then(|| decided_by.nonce(&sent, &engine.hash_key, endpoint.id)).flatten();
    Verified { verification, nonce }
}

/// Verifies a request by the write keys that it carries. Its bytes are not signed, so that no repetition is recognised.
fn verify_write_key(endpoint: &Endpoint, request: &IncomingRequest) -> Verification {
    let none = GivenWriteKeys::default();
    let given = request.write_keys.as_deref().unwrap_or(&none);
    given.verify(endpoint.write_keys(request.received_at_ms))
}

/// Admits a request with that verdict, or returns the cause of its refusal, for the operator only.
pub(crate) fn admit(endpoint: &Endpoint, verification: Verification) -> Result<(), &'static str> {
    let settings = &endpoint.settings;
    match verification.verdict {
        _ if !settings.enforce_verification => Ok(()),
        Verdict::Verified(Covers::All) | Verdict::WriteKey => Ok(()),
        Verdict::Verified(Covers::First) if settings.trust_unsigned_batch_items => Ok(()),
        Verdict::Verified(Covers::First) => Err("partly_signed"),
        _ => Err(verification.cause),
    }
}
