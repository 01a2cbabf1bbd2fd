//! A rehearsal: a request goes the way of a webhook, in the same stages, and leaves nothing behind.
//!
//! Nothing is written, nothing is counted and nothing is kept: the plugin runs in a sandbox of its own as always, the
//! items are settled on what is stored now, and what would be written is told instead.

use axum::{
    body::{Bytes, to_bytes},
    http::{HeaderMap, HeaderName, HeaderValue, header::CONTENT_TYPE},
    response::Response,
};
use inlet_core::{
    contract,
    settle::{Job, Prepared, Settlement},
    verification::{CannotSign, Nonce, ToSign, Verdict},
};
use inlet_sandbox::{Fault, Plugin};
use inlet_store::{ReadError, Rehearsal, Settled};

use super::{
    answer::{self, Refusal},
    arrival::Arrival,
    body, door,
    stages::{self, Translated},
};
use crate::{
    Engine,
    clock::now_ms,
    snapshot::{Endpoint, new_id},
};

/// A request as a sender would send it.
pub struct Sent {
    /// Upper case.
    pub method: String,
    /// What follows the endpoint's token.
    pub path: String,
    /// As in the URL, without the question mark.
    pub query: String,
    /// All of them.
    pub headers: HeaderMap,
    /// The body, inflated.
    pub body: String,
    /// When it arrives, in milliseconds since 1970; none: now.
    pub received_at_ms: Option<i64>,
}

/// What would become of a request.
pub struct Rehearsed {
    /// None: it does not come as far as that.
    pub verification: Option<Verification>,
    /// What the sender would be told instead of its items' outcomes.
    pub refusal: Option<Refusal>,
    /// What the plugin makes of it, and what that comes to. There too when verification alone would refuse it.
    pub trace: Option<Trace>,
    /// What the sender would hear.
    pub answer: Answer,
}

/// What verification finds.
pub struct Verification {
    /// The verdict.
    pub verdict: Verdict,
    /// Why the request would be refused, for our own records; none: it would not.
    pub refused_for: Option<&'static str>,
}

/// The way of a request from its plugin on.
pub struct Trace {
    /// Its items, as they would be committed.
    pub items: Vec<Prepared>,
    /// What they come to.
    pub rehearsal: Rehearsal,
    /// What the plugin logged, a JSON array; none when it said nothing.
    pub logs: Option<std::sync::Arc<str>>,
}

/// What a sender would hear.
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Its content type.
    pub content_type: String,
    /// Its body.
    pub body: String,
}

/// Why there is no rehearsal. It says nothing about the request.
#[derive(Debug, thiserror::Error)]
pub enum NotRehearsed {
    /// No sandbox came free in time.
    #[error("no sandbox came free in time; try again")]
    Busy,
    /// The storage could not be read.
    #[error(transparent)]
    Storage(#[from] ReadError),
    /// The answer could not be put together.
    #[error("the answer of a rehearsal could not be read")]
    Answer,
}

/// Why a request cannot be signed as its sender would sign it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unsignable {
    /// Its platform does not sign.
    #[error("the source's platform has no verification scheme; leave it out")]
    NoScheme,
    /// There is nothing to sign with.
    #[error("the source has no signing secret in this environment; set signing_secret first, or leave it out")]
    NoSecret,
    /// The scheme signs a part that this request does not have, or the secret cannot sign.
    #[error(transparent)]
    Scheme(#[from] CannotSign),
    /// The header cannot hold it.
    #[error("the credential cannot be put into its header; check verification_header and signing_secret")]
    Header,
}

impl Sent {
    /// Signs the request with the source environment's secret, as its sender would.
    pub fn sign(&mut self, endpoint: &Endpoint) -> Result<(), Unsignable> {
        let scheme = endpoint.scheme.as_ref().ok_or(Unsignable::NoScheme)?;
        let secret = endpoint.record.signing_secret.as_deref().filter(|secret| !secret.is_empty());
        let secret = secret.ok_or(Unsignable::NoSecret)?;
        let body = self.body();
        let headers: Vec<(&str, &[u8])> =
            self.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        let request = ToSign {
            credential_header: endpoint.credential_header.as_deref().unwrap_or_else(|| scheme.header()),
            method: &self.method,
            headers: &headers,
            id: &format!("msg_{}", new_id().simple()),
            at_ms: self.received_at_ms.unwrap_or_else(now_ms),
            body: body.as_bytes(),
        };
        for field in scheme.sign(secret, &request)? {
            let name: HeaderName = field.name.parse().map_err(|_| Unsignable::Header)?;
            let value = HeaderValue::from_str(&field.value).map_err(|_| Unsignable::Header)?;
            self.headers.insert(name, value);
        }
        Ok(())
    }

    /// The body as it is after the door.
    fn body(&self) -> contract::Body {
        body::text_or_bytes(Bytes::from(self.body.clone()))
    }
}

/// Rehearses a request.
pub async fn rehearse(engine: &Engine, endpoint: &Endpoint, sent: Sent) -> Result<Rehearsed, NotRehearsed> {
    let methods = endpoint.methods();
    if !methods.contains(&sent.method.as_str()) {
        return refused(Refusal::Method { allowed: methods.join(", ") }).await;
    }
    let Some(plugin) = &endpoint.plugin else { return refused(Refusal::NoPlugin).await };
    if sent.body.len() > endpoint.max_body_bytes {
        return refused(Refusal::TooLarge { limit: endpoint.max_body_bytes }).await;
    }
    let body = sent.body();
    let received_at_ms = sent.received_at_ms.unwrap_or_else(now_ms);
    let head = door::Head { method: &sent.method, path: sent.path, query: &sent.query, headers: &sent.headers };
    let arrival = door::arrive(endpoint, head, body, received_at_ms);
    let found = stages::verify(endpoint, &arrival);
    let verdict = found.verdict;
    let not_admitted = stages::admit(endpoint, found).err();
    let nonce = stages::nonce(engine, endpoint, &arrival, found).filter(|_| not_admitted.is_none());

    // Why a mapping does not match is asked of a source in production too, whose secret nobody has at hand: what verification
    // alone would refuse is still traced.
    let (translated, trace) = trace(engine, endpoint, plugin, &arrival, verdict, nonce).await?;
    let refused_for = not_admitted.or(trace.rehearsal.seen.then_some("replayed"));
    let verification = Some(Verification { verdict, refused_for });
    let (refusal, response) = match refused_for {
        Some(_) => (Some(Refusal::Unverified), answer::refuse(Refusal::Unverified)),
        None => answer_of(engine, endpoint, plugin, &arrival, &translated, &trace).await?,
    };
    Ok(Rehearsed { verification, refusal, trace: Some(trace), answer: Answer::read(response).await? })
}

/// A request that does not come as far as verification.
async fn refused(refusal: Refusal) -> Result<Rehearsed, NotRehearsed> {
    let answer = Answer::read(answer::refuse(refusal.clone())).await?;
    Ok(Rehearsed { verification: None, refusal: Some(refusal), trace: None, answer })
}

async fn trace(
    engine: &Engine,
    endpoint: &Endpoint,
    plugin: &Plugin,
    arrival: &Arrival,
    verdict: Verdict,
    nonce: Option<Nonce>,
) -> Result<(Translated, Trace), NotRehearsed> {
    let call = stages::call_translate(engine, endpoint, plugin, arrival, |permit| permit)
        .await
        .map_err(|_| NotRehearsed::Busy)?;
    if matches!(call.result, Err(Fault::Busy)) {
        return Err(NotRehearsed::Busy);
    }
    let translated = Translated::of(call);
    let items = stages::prepare(engine, endpoint, arrival, verdict, &translated).unwrap_or_else(|whole| vec![*whole]);
    let job = Job { environment: endpoint.environment_id, source_environment: endpoint.id, items, nonce };
    let rehearsal = engine.store.rehearse(&job).await?;
    let logs = translated.logs.clone();
    Ok((translated, Trace { items: job.items, rehearsal, logs }))
}

async fn answer_of(
    engine: &Engine,
    endpoint: &Endpoint,
    plugin: &Plugin,
    arrival: &Arrival,
    translated: &Translated,
    trace: &Trace,
) -> Result<(Option<Refusal>, Response), NotRehearsed> {
    let settled = trace.settled();
    let translation = match &translated.result {
        Ok(Ok(translation)) if plugin.answers() && !translation.memo.is_empty() => translation,
        Err(_) if plugin.answers() => return Ok(plugin_failed()),
        result => return Ok((None, answer::of_translated(result, plugin.manifest().on_reject, &settled))),
    };
    let call = stages::call_answer(engine, endpoint, plugin, arrival, translation, &settled, |permit| permit).await;
    match call.map_err(|_| NotRehearsed::Busy)?.result {
        Ok(reply) => Ok((None, answer::of_reply(reply))),
        Err(Fault::Busy) => Err(NotRehearsed::Busy),
        Err(_) => Ok(plugin_failed()),
    }
}

fn plugin_failed() -> (Option<Refusal>, Response) {
    (Some(Refusal::PluginFailed), answer::refuse(Refusal::PluginFailed))
}

impl Trace {
    /// Each item with what it comes to.
    pub fn settled_items(&self) -> impl Iterator<Item = (&Prepared, &Settlement)> {
        self.items.iter().zip(&self.rehearsal.settlements)
    }

    /// What the store would answer.
    fn settled(&self) -> Vec<Settled> {
        self.settled_items()
            .map(|(item, settlement)| Settled {
                id: item.log.id,
                event_type: item.log.event_type.clone(),
                outcome: settlement.outcome,
                reason: settlement.reason.clone(),
            })
            .collect()
    }
}

impl Answer {
    async fn read(response: Response) -> Result<Self, NotRehearsed> {
        let status = response.status().as_u16();
        let content_type = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let content_type = content_type.unwrap_or_default().to_owned();
        // Our own, and in memory already.
        let body = to_bytes(response.into_body(), usize::MAX).await.map_err(|_| NotRehearsed::Answer)?;
        Ok(Self { status, content_type, body: String::from_utf8_lossy(&body).into_owned() })
    }
}
