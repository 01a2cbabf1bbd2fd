//! One webhook, one straight line: receive → verify → translate → plan → commit → answer.
//!
//! [`receive`] reads in that order. Whatever goes wrong on the way ends in one documented answer ([`answer`]); a 200 is
//! only given once everything is on disk. [`rehearse`] goes the same way and leaves nothing behind, [`compare`] goes it
//! twice. Source of the rules:
//! semantics.md §3.

pub mod answer;
pub mod arrival;
mod body;
pub mod compare;
mod door;
mod keep_refused;
pub(crate) mod kept_request;
pub mod rehearse;
pub mod stages;

use std::{sync::Arc, time::Instant};

use axum::{extract::Request, response::Response};

use crate::{
    Engine,
    ingest::{answer::Refusal, door::Delivery},
    metrics::Stage,
    snapshot::Endpoint,
};

/// The path before an endpoint's token.
pub const PREFIX: &str = "/integrations/receive/";

/// Receives one webhook.
pub async fn receive(engine: &Engine, request: Request) -> Response {
    let start = Instant::now();
    let snapshot = engine.snapshot();
    let (endpoint, delivery) = match door::open(&snapshot, request) {
        Ok(opened) => opened,
        Err(refusal) => return answer::refuse(refusal),
    };
    let outcome = carry_out(engine, &endpoint, delivery).await;
    let response = match outcome {
        Ok(answer) => answer,
        Err(refusal) => {
            endpoint.meters.refused(refusal.cause());
            answer::refuse(refusal)
        }
    };
    endpoint.meters.answered(response.status().as_u16());
    endpoint.meters.stage(Stage::Total, start.elapsed());
    response
}

/// The answer when receiving one failed in a way that it should not.
pub fn unexpected() -> Response {
    answer::refuse(Refusal::Unexpected)
}

async fn carry_out(engine: &Engine, endpoint: &Arc<Endpoint>, delivery: Delivery) -> Result<Response, Refusal> {
    let plugin = endpoint.plugin.as_ref().ok_or(Refusal::NoPlugin)?;
    let mut clock = Clock::start(endpoint);

    let arrival = door::receive(engine, endpoint, delivery).await?;
    clock.lap(Stage::Receive);

    let verification = stages::verify(endpoint, &arrival);
    clock.lap(Stage::Verify);
    if let Err(cause) = stages::admit(endpoint, verification) {
        keep_refused::keep_refused(engine, endpoint, &arrival, cause).await;
        return Err(Refusal::Unverified);
    }

    let translated = stages::translate(engine, endpoint, plugin, &arrival).await?;
    clock.lap(Stage::Translate);

    let items = stages::plan(engine, endpoint, &arrival, verification.verdict, &translated);
    clock.lap(Stage::Plan);

    // A plugin whose platform reads the answer fails with a 500: its sender tries again.
    let is_retried = translated.is_retried() && !plugin.answers();
    let extras = kept_request::extras(engine, endpoint, &arrival, verification.verdict, &items, is_retried);
    let nonce = stages::nonce(engine, endpoint, &arrival, verification);
    let settled = match stages::commit(engine, endpoint, items, nonce, extras).await {
        Err(Refusal::Unverified) => {
            keep_refused::keep_refused(engine, endpoint, &arrival, "replayed").await;
            return Err(Refusal::Unverified);
        }
        settled => settled?,
    };
    clock.lap(Stage::Commit);

    if translated.result.is_err() && plugin.answers() {
        // Its platform reads the answer, and would take our own for "all is well".
        return Err(Refusal::PluginFailed);
    }
    let answer = match (&translated.result, &translated.turn) {
        // Without a memo there is nothing that the plugin would answer: its platform reads the status alone.
        (Ok(Ok(translation)), Some(turn)) if plugin.answers() && !translation.memo.is_empty() => {
            stages::ask_plugin(engine, turn, plugin, &arrival, translation, &settled).await?
        }
        (translated, _) => answer::of_translated(translated, plugin.manifest().on_reject, &settled),
    };
    Ok(answer)
}

/// Times the stages of a request.
struct Clock<'a> {
    endpoint: &'a Endpoint,
    last: Instant,
}

impl<'a> Clock<'a> {
    fn start(endpoint: &'a Endpoint) -> Self {
        Self { endpoint, last: Instant::now() }
    }

    fn lap(&mut self, stage: Stage) {
        let now = Instant::now();
        self.endpoint.meters.stage(stage, now - self.last);
        self.last = now;
    }
}
