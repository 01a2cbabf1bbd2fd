//! The two tasks of a delivery: building its body, and sending it.

use std::{
    sync::Arc,
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use inlet_core::{delivery::DeliveryCall, json};
use inlet_store::{AttemptRecord, Claim, DeliveryInputs, DeliveryRecord, Store, StoredBody};

use super::reads::Reads;
use crate::{
    answer::Answer,
    delivery_head::DeliveryHead,
    request::{HeaderCase, OutgoingRequest, title_case},
    targets::{self, Built, Target},
    verdict::Verdict,
    way_out::{SendError, WayOut},
};

/// About the most bytes of recipients that a body is built of at once.
const MAX_INPUT_BYTES: u64 = 4 << 20;

/// The end of a task.
pub enum TaskEnd {
    /// Bodies were built.
    Built(Vec<(Claim, BuildEnd)>),
    /// A request ended.
    Sent(Claim, Box<SendEnd>),
    /// Nothing was sent, because the run was canceled meanwhile. Its deliveries are being canceled.
    RunCanceled(Claim),
}

/// The result of building a body.
pub enum BuildEnd {
    /// There is one.
    Built(Built),
    /// No recipient is left, or the run is gone.
    NobodyLeft,
    /// There cannot be one.
    Impossible(String),
    /// The store cannot be read now.
    Unreadable(String),
}

/// The result of a request.
pub struct SendEnd {
    /// Its meaning for the delivery.
    pub verdict: Verdict,
    /// The attempt.
    pub attempt: AttemptRecord,
}

/// A body to build.
pub struct ToBuild {
    /// The right to the delivery.
    pub claim: Claim,
    /// Its target.
    pub target: Arc<dyn Target>,
}

/// Builds the bodies of triggers with few recipients in all, which are read together. `triggers` are theirs, one by one.
pub async fn build_triggers(reads: Reads, wanted: Vec<ToBuild>, triggers: Vec<DeliveryRecord>) -> TaskEnd {
    let read = move |store: Arc<Store>| async move { (store.trigger_inputs(&triggers).await, triggers) };
    let (inputs, triggers) = match reads.run(read).await {
        (Ok(inputs), triggers) => (inputs, triggers),
        (Err(error), _) => {
            let reason = error.to_string();
            let unreadable = wanted.iter().map(|one| (one.claim, BuildEnd::Unreadable(reason.clone())));
            return TaskEnd::Built(unreadable.collect());
        }
    };
    let all = wanted.into_iter().zip(triggers).zip(inputs);
    TaskEnd::Built(
        all.map(|((ToBuild { claim, target }, delivery), inputs)| (claim, body_of(&*target, &delivery, inputs)))
            .collect(),
    )
}

/// Builds the body of a delivery with many recipients, or of a cancel.
pub async fn build(reads: Reads, ToBuild { claim, target }: ToBuild, delivery: DeliveryRecord) -> TaskEnd {
    let max_bytes = MAX_INPUT_BYTES.min(target.facts().split_bytes as u64);
    let read = move |store: Arc<Store>| async move { (store.delivery_inputs(&delivery, max_bytes).await, delivery) };
    let end = match reads.run(read).await {
        (Err(error), _) => BuildEnd::Unreadable(error.to_string()),
        (Ok(inputs), delivery) => body_of(&*target, &delivery, inputs),
    };
    TaskEnd::Built(vec![(claim, end)])
}

fn body_of(target: &dyn Target, delivery: &DeliveryRecord, inputs: Option<DeliveryInputs>) -> BuildEnd {
    let Some(inputs) = inputs else { return BuildEnd::NobodyLeft };
    match targets::build(target, &DeliveryHead::of(delivery, 0), &inputs) {
        Ok(Some(built)) => BuildEnd::Built(built),
        Ok(None) => BuildEnd::NobodyLeft,
        Err(error) => BuildEnd::Impossible(error.to_string()),
    }
}

/// Sends a delivery. Its body is stored; `kept` is the body if it is in memory too.
pub async fn send(
    reads: Reads,
    way_out: WayOut,
    target: Arc<dyn Target>,
    claim: Claim,
    delivery: DeliveryRecord,
    kept: Option<StoredBody>,
) -> TaskEnd {
    // A body that waited. Those of runs with very many deliveries are canceled in slices.
    if kept.is_none() && delivery.call == DeliveryCall::Trigger {
        let (environment, run) = (delivery.environment_id, delivery.run);
        match reads.run(move |store| async move { store.is_run_canceled(environment, run).await }).await {
            Ok(true) => return TaskEnd::RunCanceled(claim),
            Ok(false) => {}
            // The body cannot be read either.
            Err(error) => tracing::warn!(%error, "a run cannot be read"),
        }
    }
    let (at_ms, start) = (now_ms(), Instant::now());
    let (verdict, request, answer) = match prepare(&reads, &*target, &delivery, kept).await {
        Err(verdict) => (verdict, None, None),
        Ok(None) => (Verdict::Delivered { downstream_id: None, note: None }, None, None),
        Ok(Some(request)) => {
            let shown = shown_headers(&request);
            match way_out.send(request).await {
                Ok(answer) => {
                    let verdict = target.judge(delivery.call, &answer, now_ms());
                    (verdict, Some(shown), Some(answer))
                }
                Err(SendError::NotSent(reason)) => (Verdict::NotSent { reason }, Some(shown), None),
                Err(SendError::Unanswered(reason)) => (Verdict::Retry { reason, after: None }, Some(shown), None),
            }
        }
    };
    let attempt = AttemptRecord {
        at_ms,
        duration_ms: i64::try_from(start.elapsed().as_millis()).unwrap_or(i64::MAX),
        outcome: verdict.outcome().to_owned(),
        status: answer.as_ref().map(|answer| answer.status.as_u16()),
        error: verdict.reason().map(str::to_owned),
        request_headers: request.unwrap_or_else(|| "{}".to_owned()),
        response_headers: answer.as_ref().map_or_else(|| "{}".to_owned(), answer_headers),
        response_body: answer.map_or_else(Bytes::new, |answer| {
            answer.body.slice(..answer.body.len().min(AttemptRecord::MAX_RESPONSE_BYTES))
        }),
    };
    TaskEnd::Sent(claim, Box::new(SendEnd { verdict, attempt }))
}

/// Returns the record of an attempt that ended before anything was sent.
pub fn unsent(verdict: &Verdict) -> AttemptRecord {
    AttemptRecord {
        at_ms: now_ms(),
        duration_ms: 0,
        outcome: verdict.outcome().to_owned(),
        status: None,
        error: verdict.reason().map(str::to_owned),
        request_headers: "{}".to_owned(),
        response_headers: "{}".to_owned(),
        response_body: Bytes::new(),
    }
}

/// Makes the request from the stored body.
async fn prepare(
    reads: &Reads,
    target: &dyn Target,
    delivery: &DeliveryRecord,
    kept: Option<StoredBody>,
) -> Result<Option<OutgoingRequest>, Verdict> {
    let unreadable =
        |error: &dyn std::fmt::Display| Verdict::NotSent { reason: format!("the stored body cannot be read: {error}") };
    let seq = delivery.seq;
    let body = match kept {
        Some(body) => body,
        None => match reads.run(move |store| async move { store.delivery_body(seq).await }).await {
            Ok(Some(body)) => body,
            Ok(None) => return Err(unreadable(&"it is gone")),
            Err(error) => return Err(unreadable(&error)),
        },
    };
    let answers = match delivery.tries {
        2.. if !target.facts().key_after_error => {
            let answers = reads.run(move |store| async move { store.delivery_answers(seq).await }).await;
            answers.map_err(|error| unreadable(&error))?
        }
        _ => 0,
    };
    let request = target.request(&DeliveryHead::of(delivery, answers), &body, now_ms());
    request.map_err(|error| Verdict::Dead { reason: error.to_string() })
}

/// Returns the headers of a request as JSON, named as they are sent, without secrets.
fn shown_headers(request: &OutgoingRequest) -> String {
    let name = |name: &str| match request.header_case {
        HeaderCase::Lower => name.to_owned(),
        HeaderCase::Title => title_case(name),
    };
    headers_json(request.shown_headers().into_iter().map(|(header, value)| (name(header), value)))
}

/// Returns the headers of an answer as JSON, without cookies.
fn answer_headers(answer: &Answer) -> String {
    let headers = answer.headers.iter().filter(|(name, _)| name.as_str() != "set-cookie");
    headers_json(
        headers.map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())),
    )
}

/// Returns headers as a JSON object; those beyond a limit are left out.
fn headers_json(headers: impl Iterator<Item = (String, String)>) -> String {
    let mut bytes = 0;
    let headers: Vec<(String, String)> = headers
        .take_while(|(name, value)| {
            bytes += name.len() + value.len();
            bytes <= AttemptRecord::MAX_HEADERS_BYTES
        })
        .map(|(name, value)| (name, json::quote(&value)))
        .collect();
    json::object(headers.iter().map(|(name, value)| (name, value.as_str())))
}

/// Returns the system's time, in milliseconds since 1970.
pub fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
