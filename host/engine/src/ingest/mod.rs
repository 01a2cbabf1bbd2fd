//! One webhook, one straight line: receive → verify → translate → plan → commit → answer.
//!
//! [`ingest`] reads in that order; each stage is a file. Every error ends in one documented response ([`error`],
//! [`response`]), and a 200 is given only for what is on disk. [`rehearse`] takes the same stages and writes nothing;
//! [`compare`] takes them with two versions of a plugin. Source of the rules: semantics.md §3.

mod answer;
mod body;
mod commit;
pub mod compare;
pub mod error;
pub(crate) mod incoming_request;
pub(crate) mod kept_request;
pub(crate) mod plan;
mod plugin_attempt;
mod plugin_call;
mod receive;
mod refused_request;
pub mod rehearse;
mod response;
pub(crate) mod translate;
pub(crate) mod verify;

use std::{sync::Arc, time::Instant};

use axum::{extract::Request, response::Response};

use self::{error::IngestError, receive::UnreadRequest};
use crate::{Engine, metrics::Stage, snapshot::Endpoint};

/// The path before an endpoint's token.
pub const PREFIX: &str = "/integrations/receive/";

/// Receives one webhook and answers it.
pub async fn receive(engine: &Engine, request: Request) -> Response {
    let start = Instant::now();
    let (endpoint, unread) = match receive::find_endpoint(&engine.snapshot(), request) {
        Ok(found) => found,
        Err(error) => return response::of_error(&error),
    };
    let response = ingest(engine, &endpoint, unread).await.unwrap_or_else(|error| {
        endpoint.meters.refused(error.cause());
        response::of_error(&error)
    });
    endpoint.meters.answered(response.status().as_u16());
    endpoint.meters.stage(Stage::Total, start.elapsed());
    response
}

/// Returns the response to a request whose ingestion panicked.
pub fn unexpected() -> Response {
    response::of_error(&IngestError::Unexpected)
}

async fn ingest(engine: &Engine, endpoint: &Arc<Endpoint>, unread: UnreadRequest) -> Result<Response, IngestError> {
    let plugin = endpoint.plugin.as_ref().ok_or(IngestError::NoPlugin)?;
    let mut clock = StageClock::start(endpoint);

    let request = receive::read(engine, endpoint, unread).await?;
    clock.lap(Stage::Receive);

    let verified = verify::verify(engine, endpoint, &request);
    clock.lap(Stage::Verify);
    if let Err(cause) = verify::admit(endpoint, verified.verification) {
        return Err(refused_request::refuse(engine, endpoint, &request, cause).await);
    }
    let verdict = verified.verification.verdict;

    let translated = translate::translate(engine, endpoint, plugin, &request, verdict).await?;
    translated.admit(plugin)?;
    clock.lap(Stage::Translate);

    let items = plan::plan(engine, endpoint, &request, verdict, &translated);
    clock.lap(Stage::Plan);

    let is_retried = translated.is_retried_by_server(plugin);
    let extras = kept_request::extras(engine, endpoint, &request, verdict, &items, is_retried);
    let settled = match commit::commit(engine, endpoint, items, verified.nonce, extras).await {
        Err(IngestError::Unverified) => {
            return Err(refused_request::refuse(engine, endpoint, &request, "replayed").await);
        }
        committed => committed?,
    };
    clock.lap(Stage::Commit);

    answer::answer(engine, plugin, &request, &translated, &settled).await
}

/// Times the stages of a request.
struct StageClock<'a> {
    endpoint: &'a Endpoint,
    last: Instant,
}

impl<'a> StageClock<'a> {
    fn start(endpoint: &'a Endpoint) -> Self {
        Self { endpoint, last: Instant::now() }
    }

    /// Records the time since the last lap for a stage.
    fn lap(&mut self, stage: Stage) {
        let now = Instant::now();
        self.endpoint.meters.stage(stage, now - self.last);
        self.last = now;
    }
}
