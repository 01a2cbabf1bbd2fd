//! Rehearsals: a request takes the stages of a webhook and leaves nothing behind.
//!
//! Nothing is written, counted or kept. The plugin runs in a sandbox as always, the items are settled against the stored
//! data, and the result says what would have been written.

mod sample_request;

use axum::{body::to_bytes, http::header::CONTENT_TYPE, response::Response};
use inlet_core::{
    contract::Reply,
    settle::{Job, Prepared, Settlement},
    verification::{Nonce, Verdict},
};
use inlet_sandbox::{Fault, Plugin};
use inlet_store::{ReadError, Rehearsal, Settled};

pub use self::sample_request::{SampleRequest, Unsignable};
use super::{
    answer,
    error::IngestError,
    handshake,
    incoming_request::IncomingRequest,
    plan, receive, response,
    translate::{self, AnsweredBy, Translated},
    verify,
};
use crate::{Engine, clock::now_ms, snapshot::Endpoint};

/// The result of a rehearsal.
pub struct Rehearsed {
    /// The result of verification. `None` if the request is refused before.
    pub verification: Option<RehearsedVerdict>,
    /// The reason why the request would not be accepted.
    pub error: Option<IngestError>,
    /// The result of the stages from translation on. Present even if verification alone would refuse the request.
    pub trace: Option<Trace>,
    /// The answer that the sender would get.
    pub answer: Answer,
}

/// The result of verification in a rehearsal.
pub struct RehearsedVerdict {
    /// The verdict.
    pub verdict: Verdict,
    /// The cause for which the request would be refused, for the operator only. `None` if it would be admitted.
    pub refused_for: Option<&'static str>,
}

/// The result of the stages from translation on.
pub struct Trace {
    /// The items, as they would be committed.
    pub items: Vec<Prepared>,
    /// The items' outcomes, and what would be written.
    pub rehearsal: Rehearsal,
    /// The plugin's log lines, a JSON array. `None` if it logged nothing.
    pub logs: Option<std::sync::Arc<str>>,
}

/// The answer that a sender would get.
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The content type.
    pub content_type: String,
    /// The body.
    pub body: String,
}

/// The reason why there is no rehearsal. It says nothing about the request.
#[derive(Debug, thiserror::Error)]
pub enum RehearseError {
    /// No sandbox came free in time.
    #[error("no sandbox came free in time; try again")]
    Busy,
    /// There is no memory for what must be read.
    #[error("too many large answers are being read at once; try again")]
    Memory,
    /// The storage could not be read.
    #[error(transparent)]
    Storage(#[from] ReadError),
    /// The answer could not be read back.
    #[error("the answer of a rehearsal could not be read")]
    Answer,
}

impl RehearseError {
    /// Returns true if a rehearsal may succeed a moment later.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Busy | Self::Memory)
    }
}

/// Rehearses a request.
pub async fn rehearse(engine: &Engine, endpoint: &Endpoint, sample: SampleRequest) -> Result<Rehearsed, RehearseError> {
    let methods = endpoint.methods();
    if !methods.contains(&sample.method.as_str()) {
        return refused(IngestError::Method { allowed: methods.join(", ") }).await;
    }
    let Some(plugin) = &endpoint.plugin else { return refused(IngestError::NoPlugin).await };
    if sample.body.len() > endpoint.max_body_bytes {
        return refused(IngestError::TooLarge { limit: endpoint.max_body_bytes }).await;
    }
    let (body, target) = (sample.body(), sample.target(engine, endpoint));
    let received_at_ms = sample.received_at_ms.unwrap_or_else(now_ms);
    let (path, query) = (sample.path, &sample.query);
    let head = receive::RequestHead { method: &sample.method, path, query, headers: &sample.headers, target };
    let request = receive::build(endpoint, head, body, received_at_ms);
    let asked = |stage| request.handshake.as_ref().map_or(Ok(None), |it| it.answer(endpoint, received_at_ms, stage));
    let before = asked(handshake::Stage::BeforeVerification);
    let verify::Verified { verification, nonce } = verify::verify(engine, endpoint, &request);
    let verdict = verification.verdict;
    let (handshake, not_admitted) = match before {
        Ok(None) => match verify::admit(endpoint, verification) {
            Ok(()) => split(asked(handshake::Stage::Admitted(verdict))),
            Err(cause) => (None, Some(cause)),
        },
        before => split(before),
    };
    let nonce = nonce.filter(|_| not_admitted.is_none());

    // A request that verification alone would refuse is traced all the same: mappings of a source in production are
    // tried without its secret.
    let translated = match handshake {
        Some(_) => handshake::translated(),
        None => {
            let translated = translate::translate_uncounted(engine, endpoint, plugin, &request).await;
            translated.map_err(|_| RehearseError::Busy)?
        }
    };
    let trace = trace(engine, endpoint, &request, verdict, nonce, &translated).await?;
    let refused_for = not_admitted.or(trace.rehearsal.refused_for);
    let handshake = handshake.and_then(|answer| handshake::respond(answer, &trace.settled()));
    let answered = match (refused_for, handshake) {
        (Some(_), _) => Err(IngestError::Unverified),
        (None, Some(response)) => Ok(response),
        (None, None) => answer_of(engine, endpoint, plugin, &request, &translated, &trace).await?,
    };
    let (error, response) = match answered {
        Ok(response) => (None, response),
        Err(error) => (Some(error.clone()), response::of_error(&error)),
    };
    let verification = Some(RehearsedVerdict { verdict, refused_for });
    Ok(Rehearsed { verification, error, trace: Some(trace), answer: Answer::read(response).await? })
}

/// Returns the rehearsal of a request that is refused before verification.
async fn refused(error: IngestError) -> Result<Rehearsed, RehearseError> {
    let answer = Answer::read(response::of_error(&error)).await?;
    Ok(Rehearsed { verification: None, error: Some(error), trace: None, answer })
}

/// Returns the answer to a handshake and the cause for which it is refused, of which there is one at most.
fn split(asked: Result<Option<Reply>, &'static str>) -> (Option<Reply>, Option<&'static str>) {
    match asked {
        Ok(answer) => (answer, None),
        Err(cause) => (None, Some(cause)),
    }
}

async fn trace(
    engine: &Engine,
    endpoint: &Endpoint,
    request: &IncomingRequest,
    verdict: Verdict,
    nonce: Option<Nonce>,
    translated: &Translated,
) -> Result<Trace, RehearseError> {
    let items = plan::plan_uncounted(engine, endpoint, request, verdict, translated);
    let items = items.unwrap_or_else(|unfit| vec![unfit.failed]);
    let job = Job { environment: endpoint.environment_id, source_environment: endpoint.id, items, nonce };
    let rehearsal = engine.store.rehearse(&job).await?;
    let logs = translated.logs.clone();
    Ok(Trace { items: job.items, rehearsal, logs })
}

async fn answer_of(
    engine: &Engine,
    endpoint: &Endpoint,
    plugin: &Plugin,
    request: &IncomingRequest,
    translated: &Translated,
    trace: &Trace,
) -> Result<Result<Response, IngestError>, RehearseError> {
    let settled = trace.settled();
    let translation = match translated.answered_by(plugin) {
        Ok(AnsweredBy::Plugin(translation)) => translation,
        Ok(AnsweredBy::Server) => {
            return Ok(Ok(response::of_translated(&translated.result, endpoint.on_reject, &settled)));
        }
        Err(error) => return Ok(Err(error)),
    };
    let call = answer::call_answer(engine, endpoint, plugin, request, translation, &settled, |permit| permit).await;
    match call.map_err(|_| RehearseError::Busy)?.result {
        Ok(reply) => Ok(Ok(response::of_reply(reply))),
        Err(Fault::Busy) => Err(RehearseError::Busy),
        Err(_) => Ok(Err(IngestError::PluginFailed)),
    }
}

impl Trace {
    /// Iterates over the items with their settlements.
    pub fn settled_items(&self) -> impl Iterator<Item = (&Prepared, &Settlement)> {
        self.items.iter().zip(&self.rehearsal.settlements)
    }

    /// Returns the settled items as the store would.
    fn settled(&self) -> Vec<Settled> {
        self.settled_items()
            .enumerate()
            .map(|(at, (item, settlement))| match self.rehearsal.resent.get(at) {
                Some(Some(resent)) => resent.clone(),
                _ => Settled {
                    id: item.log.id,
                    event_type: item.log.event_type.clone(),
                    outcome: settlement.outcome,
                    reason: settlement.reason.clone(),
                    actions: settlement.actions.iter().map(|action| (action.action_type, action.status)).collect(),
                    run: settlement.first_run(),
                    replay_of: settlement.replay_of,
                    replay_differs: settlement.replay_differs,
                },
            })
            .collect()
    }
}

impl Answer {
    /// Reads an answer whole.
    pub async fn read(response: Response) -> Result<Self, RehearseError> {
        let status = response.status().as_u16();
        let content_type = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let content_type = content_type.unwrap_or_default().to_owned();
        // The server built it, and it is in memory.
        let body = to_bytes(response.into_body(), usize::MAX).await.map_err(|_| RehearseError::Answer)?;
        Ok(Self { status, content_type, body: String::from_utf8_lossy(&body).into_owned() })
    }
}
