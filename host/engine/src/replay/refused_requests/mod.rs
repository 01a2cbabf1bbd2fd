//! Requests that verification refused, verified again with the secret of now.
//!
//! A request that verifies by now, or whose source no longer enforces verification, is translated, planned and committed like an incoming one, and leaves the ring in the
//! same transaction; any other stays. A kept signature is verified again. A secret that was sent in clear was not kept,
//! only its keyed hash, which is compared with the hash of the secret of now. Source of the rules: semantics.md §3.2.

mod stored_request;

use std::sync::Arc;

use inlet_core::{
    Uuid,
    credential::CredentialHash,
    plan::ReplayMode,
    settle::Prepared,
    verification::{Covers, Nonce, RefusalCause, Template, Verdict, Verification},
};
use inlet_store::{Author, CommitError, CommitExtras, ReadError, ReadMemory, Settled};

use super::commit;
use crate::{
    Engine, change_log,
    clock::now_ms,
    ingest::{
        incoming_request::IncomingRequest,
        kept_request, plan, translate,
        verify::{self, Verified},
    },
    snapshot::Endpoint,
};

/// The result of verifying a refused request again.
#[derive(Debug)]
pub enum VerifiedAgain {
    /// The request was let in. Holds its settled items.
    LetIn(Vec<Settled>),
    /// The request stays refused, for this cause.
    StillRefused(String),
    /// Only the request's cause, size and digest are left.
    NotKept,
}

/// The reason why a refused request could not be verified again. It stays in its ring.
#[derive(Debug, thiserror::Error)]
pub enum VerifyAgainError {
    /// The request does not exist.
    #[error("there is no refused request {0} here; it was let in, or it left the ring")]
    NotFound(Uuid),
    /// The plugin is missing.
    #[error("this server does not have the source's plugin; put it into --plugins-dir")]
    NoPlugin,
    /// No sandbox came free.
    #[error("no sandbox came free in time; try again later")]
    Busy,
    /// There is no memory for the request.
    #[error("too many large answers are being read at once; try again")]
    Memory,
    /// The storage cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The items were not committed.
    #[error(transparent)]
    Commit(#[from] CommitError),
}

/// Verifies a refused request again, and lets it in if it verifies. `memory` is that of the stored request.
pub async fn verify_again(
    engine: &Engine,
    endpoint: &Arc<Endpoint>,
    id: Uuid,
    author: Author,
    memory: &dyn ReadMemory,
) -> Result<VerifiedAgain, VerifyAgainError> {
    let stored = engine.store.refused_request_within(endpoint.id, id, memory).await?;
    let stored = stored.ok_or(VerifyAgainError::Memory)?.ok_or(VerifyAgainError::NotFound(id))?;
    if RefusalCause::named(&stored.cause).is_some_and(|cause| !cause.is_verifiable) {
        return Ok(VerifiedAgain::StillRefused(stored.cause));
    }
    let credential_hash = stored.credential_hash.clone();
    let Some(request) = stored_request::read(engine, endpoint, stored) else { return Ok(VerifiedAgain::NotKept) };
    let Verified { verification, nonce } = verify(engine, endpoint, &request, credential_hash.as_deref());
    let verdict = verification.verdict;
    if let Err(cause) = verify::admit(endpoint, verification) {
        return Ok(VerifiedAgain::StillRefused(cause.to_owned()));
    }
    let plugin = endpoint.plugin.as_ref().ok_or(VerifyAgainError::NoPlugin)?;
    let translated = translate::translate(engine, endpoint, plugin, &request, verdict).await;
    let translated = translated.map_err(|_| VerifyAgainError::Busy)?;
    let mut items = plan::plan(engine, endpoint, &request, verdict, &translated);
    for item in &mut items {
        date(item, request.received_at_ms);
    }
    // No sender waits for an answer, so the server retries whatever the plugin fails on.
    let is_retried = translated.may_be_retried();
    let extras = kept_request::extras(engine, endpoint, &request, verdict, &items, is_retried).unwrap_or_default();
    let log = change_log::repaired(author, endpoint, "verifyRefusedRequest", &format!("refused/{id}"), None);
    let extras = CommitExtras { takes_refused: Some(id), change: Some(log), ..extras };
    // The nonce recognizes a captured request that was kept beside the sender's own: nothing of it runs.
    match commit(engine, endpoint, items, nonce.map(outlive_ring), extras).await {
        Err(CommitError::Reused) => Ok(VerifiedAgain::StillRefused("reused".to_owned())),
        Err(CommitError::Forgotten(_)) => Ok(VerifiedAgain::StillRefused("stale".to_owned())),
        settled => Ok(VerifiedAgain::LetIn(settled?)),
    }
}

/// Lets a nonce live as long as a copy of its request may be in the ring. The request's time is fresh as of its arrival,
/// however long ago that was.
fn outlive_ring(nonce: Nonce) -> Nonce {
    const MONTH_MS: i64 = 31 * 24 * 60 * 60 * 1000;
    Nonce { until_ms: nonce.until_ms.max(now_ms().saturating_add(MONTH_MS)), signs_time: false, ..nonce }
}

/// Dates an item at its arrival: its data may be older than what is known by now.
fn date(item: &mut Prepared, received_at_ms: i64) {
    let as_of_ms = item.log.occurred_at_us.div_euclid(1000).min(received_at_ms);
    if let Some(plan) = &mut item.plan {
        plan.replay = Some(ReplayMode { as_of_ms, force: false });
    }
}

fn verify(engine: &Engine, endpoint: &Endpoint, request: &IncomingRequest, stored: Option<&[u8]>) -> Verified {
    if let Some(stored) = stored.filter(|_| endpoint.has_write_key()) {
        let is_right = |key: &str| CredentialHash::of(&engine.hash_key, key.as_bytes()).is(stored);
        let verification = match endpoint.write_keys(request.received_at_ms).filter(|key| is_right(key)).count() {
            0 => Verification { verdict: Verdict::Failed, cause: "wrong_write_key" },
            _ => Verification::of(Verdict::WriteKey),
        };
        return Verified { verification, nonce: None };
    }
    let (Some(Template::SharedSecret(scheme)), Some(stored)) = (&endpoint.scheme, stored) else {
        return verify::verify(engine, endpoint, request);
    };
    let mut verdict = Verdict::NotConfigured;
    for secret in endpoint.secrets(request.received_at_ms).filter(|secret| !secret.is_empty()) {
        // A sender with this secret would have sent this value. Earlier versions stored the hash of the value as it came.
        let header = endpoint.credential_header.as_deref().unwrap_or(&scheme.header);
        let as_sent = format!("{}{secret}", scheme.prefix).into_bytes();
        let is_right = [scheme.expected(header, secret), as_sent]
            .iter()
            .any(|expected| CredentialHash::of(&engine.hash_key, expected).is(stored));
        verdict = match verdict {
            Verdict::Verified(_) => verdict,
            _ if is_right => Verdict::Verified(Covers::All),
            _ => Verdict::Failed,
        };
    }
    Verified { verification: Verification::of(verdict), nonce: None }
}
