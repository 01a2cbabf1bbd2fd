//! Requests that verification refused, verified again with the secret of now.
//!
//! What verifies by now is translated, planned and committed as a request that has just come, and leaves the ring in the
//! same transaction; what does not stays. A signature is kept and checked again; a secret that was sent as it is was not
//! kept, only a keyed hash, which tells whether it was the secret of now. Source of the rules: semantics.md §3.2.

use std::sync::Arc;

use inlet_core::{
    Uuid,
    contract::Field,
    credential::CredentialHash,
    plan::ReplayMode,
    settle::Prepared,
    verification::{self, Covers, Template, Verdict, Verification},
};
use inlet_store::{Author, CommitError, CommitExtras, ReadError, RefusedRequest, Settled};

use super::commit;
use crate::{
    Engine, change_log,
    ingest::{arrival::Arrival, kept_request, stages},
    snapshot::Endpoint,
};

/// What came of verifying a refused request again.
#[derive(Debug)]
pub enum Verified {
    /// It was let in.
    Taken(Vec<Settled>),
    /// It stays, for this cause.
    Stays(String),
    /// Only its cause, size and digest are left.
    NotKept,
}

/// Why a refused request could not be verified again. It is where it was.
#[derive(Debug, thiserror::Error)]
pub enum NotDone {
    /// There is none of that id.
    #[error("there is no refused request {0} here; it was let in, or it left the ring")]
    NotFound(Uuid),
    /// The plugin is gone.
    #[error("this server does not have the source's plugin; put it into --plugins-dir")]
    NoPlugin,
    /// No sandbox came free.
    #[error("no sandbox came free in time; try again later")]
    Busy,
    /// The storage cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// It was not committed.
    #[error(transparent)]
    Commit(#[from] CommitError),
}

/// Verifies a refused request again, and lets it in if it can be.
pub async fn verify_again(
    engine: &Engine,
    endpoint: &Arc<Endpoint>,
    id: Uuid,
    author: Author,
) -> Result<Verified, NotDone> {
    let request = engine.store.refused_request(endpoint.id, id).await?.ok_or(NotDone::NotFound(id))?;
    let credential_hash = request.credential_hash.clone();
    let Some(arrival) = arrival(endpoint, request) else { return Ok(Verified::NotKept) };
    let found = verify(engine, endpoint, &arrival, credential_hash.as_deref());
    let verdict = found.verdict;
    if let Err(cause) = stages::admit(endpoint, found) {
        return Ok(Verified::Stays(cause.to_owned()));
    }
    if !matches!(verdict, Verdict::Verified(_)) {
        // Enforcement was switched off since: that makes nobody of who they say they are.
        return Ok(Verified::Stays(verdict.as_str().to_owned()));
    }
    let plugin = endpoint.plugin.as_ref().ok_or(NotDone::NoPlugin)?;
    let translated = stages::translate(engine, endpoint, plugin, &arrival).await.map_err(|_| NotDone::Busy)?;
    let mut items = stages::plan(engine, endpoint, &arrival, verdict, &translated);
    for item in &mut items {
        date(item, arrival.received_at_ms);
    }
    // Nobody waits for the answer, so the server tries again what the plugin fails on.
    let extras =
        kept_request::extras(engine, endpoint, &arrival, verdict, &items, translated.is_retried()).unwrap_or_default();
    let log = change_log::repaired(author, endpoint, "verifyRefusedRequest", &format!("refused/{id}"), None);
    let extras = CommitExtras { takes_refused: Some(id), change: Some(log), ..extras };
    // A captured request does not become the sender's own by being verified once more.
    let nonce = stages::nonce(engine, endpoint, &arrival, found);
    match commit(engine, endpoint, items, nonce, extras).await {
        Err(CommitError::Seen) => Ok(Verified::Stays("replayed".to_owned())),
        settled => Ok(Verified::Taken(settled?)),
    }
}

/// What it says may be older than what is known by now.
fn date(item: &mut Prepared, received_at_ms: i64) {
    let as_of_ms = item.log.occurred_at_us.div_euclid(1000).min(received_at_ms);
    if let Some(plan) = &mut item.plan {
        plan.replay = Some(ReplayMode { as_of_ms, force: false });
    }
}

/// The request as it was at the door; none when its body or headers were let go.
fn arrival(endpoint: &Endpoint, request: RefusedRequest) -> Option<Arrival> {
    let (headers, body) = (kept_request::read_headers(request.headers.as_deref()?), request.body?);
    let credential_header = endpoint.credential_header.as_deref();
    let read = endpoint.scheme.as_ref().map(Template::headers).unwrap_or_default();
    let is_read =
        |field: &&Field| Some(field.name.as_str()) == credential_header || read.contains(&field.name.as_str());
    let credentials = headers.iter().filter(is_read);
    let credentials = credentials.map(|field| (field.name.clone(), field.value.clone().into())).collect();
    let sent = headers.iter().map(|field| (field.name.as_str(), field.value.as_bytes()));
    let forwarded = verification::forwarded_headers(sent, |name| endpoint.wants_header(name), credential_header);
    Some(Arrival::stored(
        request.method.unwrap_or_else(|| "POST".to_owned()),
        request.path.unwrap_or_default(),
        request.query.as_deref().map(kept_request::read_fields).unwrap_or_default(),
        forwarded,
        credentials,
        kept_request::body(body),
        request.received_at_ms,
    ))
}

fn verify(engine: &Engine, endpoint: &Endpoint, arrival: &Arrival, stored: Option<&[u8]>) -> Verification {
    let (Some(Template::SharedSecret(scheme)), Some(stored)) = (&endpoint.scheme, stored) else {
        return stages::verify(endpoint, arrival);
    };
    let mut verdict = Verdict::NotConfigured;
    for secret in endpoint.secrets(arrival.received_at_ms).filter(|secret| !secret.is_empty()) {
        // What a sender with this secret would have sent.
        let expected = format!("{}{secret}", scheme.prefix);
        let is_right = CredentialHash::of(&engine.hash_key, expected.as_bytes()).is(stored);
        verdict = match verdict {
            Verdict::Verified(_) => verdict,
            _ if is_right => Verdict::Verified(Covers::All),
            _ => Verdict::Failed,
        };
    }
    Verification::of(verdict)
}
