//! Answering: the server's own response, or the reply that the plugin writes for its platform.

use std::sync::Arc;

use axum::response::Response;
use inlet_core::{
    contract::{Item, ItemOutcome, Reply, Translation},
    log::Outcome,
};
use inlet_sandbox::{Call, CallGuard, Fault, Permit, Plugin};
use inlet_store::Settled;

use super::{
    error::IngestError,
    incoming_request::IncomingRequest,
    plugin_attempt::PluginAttempt,
    plugin_call::PluginCall,
    response,
    translate::{AnsweredBy, Translated},
};
use crate::{Engine, snapshot::Endpoint};

/// Answers a request whose items are durable.
pub(super) async fn answer(
    engine: &Engine,
    endpoint: &Endpoint,
    plugin: &Plugin,
    request: &IncomingRequest,
    translated: &Translated,
    settled: &[Settled],
) -> Result<Response, IngestError> {
    match (translated.answered_by(plugin)?, &translated.attempt) {
        (AnsweredBy::Plugin(translation), Some(attempt)) => {
            Box::pin(answer_by_plugin(engine, attempt, plugin, request, translation, settled)).await
        }
        _ => Ok(response::of_translated(&translated.result, endpoint.on_reject, settled)),
    }
}

async fn answer_by_plugin(
    engine: &Engine,
    attempt: &Arc<PluginAttempt>,
    plugin: &Plugin,
    request: &IncomingRequest,
    translation: &Translation,
    settled: &[Settled],
) -> Result<Response, IngestError> {
    let complaint = "a plugin failed to write the answer; what it translated is committed";
    let guard = |permit| PluginCall::new(permit, request, attempt, complaint);
    let call = call_answer(engine, attempt.endpoint(), plugin, request, translation, settled, guard).await?;
    match call.result {
        Ok(reply) => Ok(response::of_reply(reply)),
        Err(Fault::Busy) => Err(IngestError::NoSandbox),
        Err(_) => Err(IngestError::PluginFailed),
    }
}

/// Calls a plugin for its reply, as soon as a sandbox is free. Counts nothing but what the guard made by
/// `guard` counts.
pub(super) async fn call_answer<G: CallGuard>(
    engine: &Engine,
    endpoint: &Endpoint,
    plugin: &Plugin,
    request: &IncomingRequest,
    translation: &Translation,
    settled: &[Settled],
    guard: impl FnOnce(Permit) -> G,
) -> Result<Call<Reply>, IngestError> {
    let outcomes = plugin_outcomes(translation, settled);
    let permit = engine.gate.enter(endpoint.id).await.map_err(|_| IngestError::NoSandbox)?;
    let received_at_ms = request.plugin_request.received_at_ms;
    Ok(plugin.answer_with_guard(guard(permit), received_at_ms, &translation.memo, &outcomes, &endpoint.limits).await)
}

/// Returns the outcome and the reason of an item as a plugin of contract 0.1 or 0.2 must see them.
///
/// Such a plugin tells its platform that a row was not taken if it does not know the outcome, or if `logged` has a reason:
/// that meant an identify that was requested and not carried out. A row whose recipients are not identified was taken, and
/// so was one that no mapping matches.
fn plugin_status(item: &Settled) -> (Outcome, Option<&str>) {
    let reason = item.reason.as_deref();
    match item.outcome {
        Outcome::Skipped => (Outcome::Executed, None),
        Outcome::Logged => (Outcome::Logged, reason.filter(|_| item.event_type == "identify")),
        outcome => (outcome, reason),
    }
}

/// Returns the outcomes as an answering plugin reads them.
fn plugin_outcomes(translation: &Translation, settled: &[Settled]) -> Vec<ItemOutcome> {
    let tags = translation.items.iter().map(|item| match item {
        Item::Event(event) => &event.tag,
        Item::Ignored(notice) | Item::Rejected(notice) => &notice.tag,
    });
    // One item stands for the whole translation if its shape was not taken.
    let is_whole = settled.len() != translation.items.len();
    tags.enumerate()
        .filter_map(|(index, tag)| {
            let item = if is_whole { settled.first()? } else { settled.get(index)? };
            let (status, reason) = plugin_status(item);
            Some(ItemOutcome {
                index: u32::try_from(index).unwrap_or(u32::MAX),
                tag: tag.clone(),
                status: status.as_str().to_owned(),
                event_id: item.id.to_string(),
                reason: reason.unwrap_or_default().to_owned(),
            })
        })
        .collect()
}
