//! One webhook, one straight line: receive → verify → translate → plan → commit → answer.
//!
//! [`ingest`] reads in that order; each stage is a file. Every error ends in one documented response ([`error`],
//! [`response`]), and a 200 is given only for what is on disk. [`rehearse`] takes the same stages and writes nothing;
//! [`rehearse_last`] takes them with many stored events, and [`compare`] with two versions of a plugin. Source of the
//! rules: semantics.md §3.

mod answer;
pub mod api_body;
pub(crate) mod body;
pub(crate) mod commit;
pub mod compare;
mod cors;
pub mod error;
mod handshake;
mod header_family;
mod held_answer;
pub(crate) mod incoming_request;
pub(crate) mod kept_request;
mod not_accepted;
pub(crate) mod plan;
mod plugin_attempt;
mod plugin_call;
pub mod pointed_values;
mod receive;
pub(crate) mod refused_request;
pub mod rehearse;
pub mod rehearse_last;
mod reserve;
mod response;
pub mod stored_fields;
mod stored_request;
pub mod test_case;
pub(crate) mod translate;
pub(crate) mod verify;
pub(crate) mod write_key;

use std::{sync::Arc, time::Instant};

use axum::{extract::Request, response::Response};

use inlet_core::{
    log::{StageTimes, TimedStage},
    verification::Nonce,
};

use self::{
    commit::NotCommitted,
    cors::Cors,
    error::{IngestError, UNKNOWN_ENDPOINT},
    not_accepted::NotAccepted,
    receive::{NotReceived, UnreadRequest},
    rehearse::SampleRequest,
};
use crate::{
    Engine, Happening, Notice,
    admission::{Peer, held_bytes, peer::ConnectionPeer},
    metrics::Stage,
    snapshot::Endpoint,
};

/// The path before an endpoint's token.
pub const PREFIX: &str = "/integrations/receive/";

/// Receives one webhook from the other end of a connection and answers it.
pub async fn receive(engine: &Engine, connection: ConnectionPeer, request: Request) -> Response {
    let start = Instant::now();
    let (endpoint, unread) = match receive::find_endpoint(&engine.snapshot(), request) {
        Ok(found) => found,
        Err(error) => {
            if error == IngestError::UnknownEndpoint {
                metrics::counter!("inlet_unrouted_total", "cause" => "unknown_endpoint").increment(1);
                engine.unrouted.count("unknown_endpoint", UNKNOWN_ENDPOINT);
                let happening = Happening::UnknownEndpoint;
                engine.notice(Notice { happening, source: "", environment: "", cause: "unknown_endpoint" });
            }
            return response::of_error(&error);
        }
    };
    let cors = Cors::of(&endpoint, unread.headers());
    let is_preflight = |cors: &Cors| cors.preflight(&endpoint, unread.method(), unread.headers());
    let mut response = match cors.as_ref().and_then(is_preflight).or_else(|| unread.refuse_method(&endpoint)) {
        Some(answer) => answer,
        None => receive_at(engine, &endpoint, connection, unread, start).await,
    };
    if let Some(cors) = cors {
        cors.add_to(&mut response);
    }
    response
}

/// Receives a request of an operator at an endpoint as if its sender had sent it: it takes all stages, and is carried out.
pub async fn receive_sample(engine: &Engine, endpoint: &Arc<Endpoint>, sample: SampleRequest) -> Response {
    let start = Instant::now();
    let unread = match UnreadRequest::of(sample) {
        Ok(unread) => unread,
        Err(error) => return response::of_error(&error),
    };
    if let Some(answer) = unread.refuse_method(endpoint) {
        return answer;
    }
    receive_at(engine, endpoint, ConnectionPeer::Sender(Peer::NONE), unread, start).await
}

/// Receives one webhook at its endpoint and answers it.
async fn receive_at(
    engine: &Engine,
    endpoint: &Arc<Endpoint>,
    connection: ConnectionPeer,
    unread: UnreadRequest,
    start: Instant,
) -> Response {
    let peer = connection.of_request(unread.headers(), &engine.options.trusted_proxies);
    let ingested = ingest(engine, endpoint, peer, unread, start).await;
    let response = ingested.unwrap_or_else(|refused| {
        endpoint.meters.refused(refused.error.cause());
        // What was not verified is noticed with its cause where it is kept, and what was not stored where it failed.
        if !matches!(refused.error, IngestError::Unverified | IngestError::NotStored) {
            engine.notice(endpoint.notice(Happening::Refused, refused.error.cause()));
        }
        if refused.error.is_against_peer() {
            engine.failures.count(peer.0, Instant::now());
        }
        response::of_not_accepted(&refused)
    });
    endpoint.meters.answered(response.status().as_u16());
    endpoint.meters.stage(Stage::Total, start.elapsed());
    response
}

/// Returns the response to a request whose ingestion panicked.
pub fn unexpected() -> Response {
    response::of_error(&IngestError::Unexpected)
}

/// Takes a request through all stages. What few requests need is boxed, because every request pays for the largest part of
/// this future.
async fn ingest(
    engine: &Engine,
    endpoint: &Arc<Endpoint>,
    peer: Peer,
    unread: UnreadRequest,
    start: Instant,
) -> Result<Response, NotAccepted> {
    let Some(plugin) = &endpoint.plugin else { return Err(unread.refuse(IngestError::NoPlugin)) };
    let reservation = match reserve::reserve(engine, endpoint, peer, unread.headers(), start) {
        Ok(reservation) => reservation,
        Err(error) => return Err(unread.refuse(error)),
    };
    let mut clock = StageClock::start(endpoint, start);

    let mut request = match receive::read(engine, endpoint, unread, reservation).await {
        Ok(request) => request,
        Err(NotReceived::NotAccepted(refused)) => return Err(refused),
        Err(NotReceived::Uninflated { request, uninflated }) => {
            let refused = refused_request::refuse_body(engine, endpoint, peer, *request, *uninflated);
            return Err(Box::pin(refused).await.into());
        }
    };
    clock.lap(Stage::Receive);

    let found = request.handshake.take();
    let asked = |stage| found.as_ref().map_or(Ok(None), |found| found.answer(endpoint, request.received_at_ms, stage));
    let mut handshake = match asked(handshake::Stage::BeforeVerification) {
        Ok(answer) => answer,
        Err(cause) => {
            return Err(Box::pin(refused_request::refuse(engine, endpoint, peer, request, cause)).await.into());
        }
    };
    // Who only knows the address must not fill the log.
    if handshake.is_some()
        && endpoint.settings.enforce_verification
        && refused_request::is_over_rate(engine, endpoint, peer)
    {
        return Err(IngestError::TooManyRefused.into());
    }
    let verified = verify::verify(engine, endpoint, &request);
    clock.lap(Stage::Verify);
    let verdict = verified.verification.verdict;
    if handshake.is_none() {
        let admitted = verify::admit(endpoint, verified.verification);
        match admitted.and_then(|()| asked(handshake::Stage::Admitted(verdict))) {
            Ok(answer) => handshake = answer,
            Err(cause) => {
                return Err(Box::pin(refused_request::refuse(engine, endpoint, peer, request, cause)).await.into());
            }
        }
    }
    if handshake.is_none() && is_without_events(request.method()) {
        return Err(IngestError::Method { allowed: methods_of_events(endpoint) }.into());
    }
    engine.request_rates.admit(endpoint, Instant::now())?;

    let upcoming = endpoint.upcoming.admit(engine, endpoint, request.body().as_bytes().len())?;
    let translated = match handshake {
        Some(_) => handshake::translated(),
        None => translate::translate(engine, endpoint, plugin, &request, verdict).await?,
    };
    translated.admit(endpoint)?;
    request.reserve(translated.held_bytes())?;
    clock.lap(Stage::Translate);

    let mut items = plan::plan(engine, endpoint, &request, verdict, &translated);
    clock.lap(Stage::Plan);
    for item in &mut items {
        item.log.stage_times = Some(clock.times.settling_since(clock.last));
    }

    let is_retried = translated.is_retried_by_server(plugin);
    let extras = kept_request::extras(engine, endpoint, &request, verdict, &items, is_retried).map(Box::new);
    let extras_bytes = extras.as_deref().map_or(0, held_bytes::of_extras);
    request.reserve(extras_bytes + held_bytes::of_planned(&items, request.body().as_bytes()))?;
    let first_id = items.first().map(|item| item.log.id);
    // From here on the store's queue counts it.
    upcoming.translated(items.len());
    let settled = match commit::commit(engine, endpoint, items, verified.nonce, extras, request.hold()).await {
        Ok(settled) => settled,
        Err(NotCommitted::Refused(cause)) => {
            return Err(Box::pin(refused_request::refuse(engine, endpoint, peer, request, cause)).await.into());
        }
        Err(NotCommitted::Error(error)) => return Err(error.into()),
    };
    clock.lap(Stage::Commit);

    if let Some(response) = handshake.and_then(|answer| handshake::respond(answer, &settled)) {
        return Ok(held_answer::hold_until_written(response, &request));
    }
    let response = match answer::answer(engine, endpoint, plugin, &request, &translated, &settled).await {
        Ok(response) => response,
        Err(error) => {
            let is_first = settled.first().map(|item| item.id) == first_id;
            Box::pin(forget_unanswered(engine, verified.nonce.filter(|_| is_first), &error)).await;
            return Err(error.into());
        }
    };
    Ok(held_answer::hold_until_written(response, &request))
}

/// Returns true for a method by which platforms only ask and send no events.
fn is_without_events(method: &str) -> bool {
    matches!(method, "HEAD" | "OPTIONS")
}

/// Returns the methods by which events come, for the header `Allow`.
fn methods_of_events(endpoint: &Endpoint) -> String {
    let methods = endpoint.methods();
    methods.into_iter().filter(|method| !is_without_events(method)).collect::<Vec<_>>().join(", ")
}

/// Forgets the nonce of a request that was answered 5xx: its sender will send it again, and must not be told that it was
/// answered before.
async fn forget_unanswered(engine: &Engine, nonce: Option<Nonce>, error: &IngestError) {
    if let Some(nonce) = nonce.filter(|_| error.status().is_server_error())
        && let Err(error) = engine.store.forget_nonce(nonce.digest).await
    {
        tracing::warn!(%error, "a signed request was answered 5xx and stays known as taken");
    }
}

/// Times the stages of a request.
struct StageClock<'a> {
    endpoint: &'a Endpoint,
    last: Instant,
    /// The times that are stored with the events.
    times: StageTimes,
}

impl<'a> StageClock<'a> {
    fn start(endpoint: &'a Endpoint, start: Instant) -> Self {
        Self { endpoint, last: start, times: StageTimes::default() }
    }

    /// Records the time since the last lap for a stage.
    fn lap(&mut self, stage: Stage) {
        let now = Instant::now();
        let took = now - self.last;
        self.endpoint.meters.stage(stage, took);
        let timed = match stage {
            Stage::Receive => Some(TimedStage::Receive),
            Stage::Verify => Some(TimedStage::Verify),
            Stage::Translate => Some(TimedStage::Translate),
            Stage::Plan => Some(TimedStage::Plan),
            Stage::Commit | Stage::Total => None,
        };
        if let Some(timed) = timed {
            self.times = self.times.with(timed, took);
        }
        self.last = now;
    }
}
