//! Handshakes: what a platform asks before it sends events, answered by the host from the manifest's data.
//!
//! A handshake is recognized while the whole request is there. One that the platform does not sign is answered before
//! verification, any other after it, and both are logged as ignored. No plugin sees them.

use axum::response::Response;
use inlet_core::{
    contract::{Item, Notice, Reply, Translation},
    verification::{
        Sent, Target, Verdict,
        handshake::{self, Challenge, Handshake, Proof},
    },
};
use inlet_store::Settled;

use super::{receive::RequestHead, response, translate::Translated};
use crate::snapshot::Endpoint;

/// The refusal of a handshake with another verify token than is set.
pub(super) const WRONG_VERIFY_TOKEN: &str = "wrong_verify_token";

/// The largest body of a handshake, in bytes. It is logged, and nothing may prove where it comes from.
const MAX_BODY: usize = 64 * 1024;

/// A handshake that a request is.
pub(crate) struct FoundHandshake {
    /// The index among the endpoint's handshakes.
    index: usize,
    challenge: Challenge,
}

/// The stages of a request at which a handshake may be answered.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Nothing proves the request.
    BeforeVerification,
    /// Verification admitted the request.
    Admitted(Verdict),
}

impl FoundHandshake {
    /// Finds the first handshake of the endpoint that a request is. An endpoint without handshakes costs nothing.
    pub(super) fn of(endpoint: &Endpoint, head: &RequestHead<'_>, body: &[u8]) -> Option<Box<Self>> {
        if endpoint.handshakes.is_empty() || body.len() > MAX_BODY {
            return None;
        }
        let mut names: Vec<&str> = endpoint.handshakes.iter().flat_map(Handshake::headers).collect();
        names.sort_unstable();
        names.dedup();
        let values = |name| head.headers.get_all(name).iter().map(move |value| (name, value.as_bytes()));
        let headers: Vec<(&str, &[u8])> = names.into_iter().flat_map(values).collect();
        let sent = Sent {
            method: head.method,
            headers: &headers,
            credential_header: None,
            target: Target { url: None, query: head.query },
            options: &endpoint.options,
            body,
            at_ms: 0,
        };
        let mut met = endpoint.handshakes.iter().enumerate();
        met.find_map(|(index, handshake)| Some(Box::new(Self { index, challenge: handshake.meet(&sent)? })))
    }

    /// Returns the answer if this is the stage for it; none if the handshake is not answered, so that the request goes on as
    /// any other. The error is the cause for which it is refused.
    pub(super) fn answer(
        &self,
        endpoint: &Endpoint,
        received_at_ms: i64,
        stage: Stage,
    ) -> Result<Option<Reply>, &'static str> {
        let Some(handshake) = endpoint.handshakes.get(self.index) else { return Ok(None) };
        let verdict = match (stage, handshake.unsigned) {
            (Stage::BeforeVerification, true) => None,
            (Stage::Admitted(verdict), false) => Some(verdict),
            _ => return Ok(None),
        };
        let proof = Proof {
            secret: endpoint.secrets(received_at_ms).find(|secret| !secret.is_empty()),
            scheme: endpoint.scheme.as_ref(),
            variables: endpoint.variables.public(),
            options: &endpoint.options,
            verdict,
        };
        match handshake.admits(&self.challenge, &proof) {
            true => Ok(handshake.answer(&self.challenge, &proof)),
            false => Err(WRONG_VERIFY_TOKEN),
        }
    }
}

/// Returns what a handshake becomes in the log: one ignored item.
pub(super) fn translated() -> Translated {
    let message = "the platform asked whether somebody listens here, and was answered".to_owned();
    let notice = Notice { code: handshake::CODE.to_owned(), message, at: None, tag: String::new() };
    let translation = Translation { items: vec![Item::Ignored(notice)], reply: None, memo: String::new() };
    Translated { result: Ok(Ok(translation)), logs: None, attempt: None }
}

/// Builds the response to a handshake whose item is durable; none if it was not taken.
pub(super) fn respond(answer: Reply, settled: &[Settled]) -> Option<Response> {
    settled.iter().all(|item| item.outcome.is_accepted()).then(|| response::of_reply(answer))
}
