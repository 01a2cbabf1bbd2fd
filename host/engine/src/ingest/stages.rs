//! The stages of a request, each a function of what the one before it gave. [`super::carry_out`] puts them in their order.

use std::sync::Arc;

use axum::response::Response;
use inlet_core::{
    contract::{self, Reply, Spent, Translation},
    event::{self, Context},
    log::Outcome,
    settle::{Job, Prepared},
    verification::{Covers, Nonce, Verdict, Verification},
};
use inlet_sandbox::{Call, CallGuard, Fault, Permit, Plugin};
use inlet_store::{CommitError, CommitExtras, Settled};

use super::{
    answer::{self, Refusal},
    body,
};
use crate::{
    Engine,
    ingest::arrival::Arrival,
    quarantine::{self, Turn},
    snapshot::{Endpoint, new_id},
};

/// What verification finds, on exactly the bytes that the plugin gets, as of the moment when they arrived.
pub(crate) fn verify(endpoint: &Endpoint, arrival: &Arrival) -> Verification {
    let (Some(scheme), Some(header)) = (&endpoint.scheme, &endpoint.credential_header) else {
        return Verification::of(Verdict::NotConfigured);
    };
    let headers: Vec<(&str, &[u8])> =
        arrival.credentials.iter().map(|(name, value)| (name.as_str(), value.as_ref())).collect();
    scheme.verify(&arrival.sent(&headers, header), endpoint.secrets(arrival.received_at_ms))
}

/// What an admitted request is remembered by, where it is taken once. Only where verification is enforced: elsewhere
/// everything is taken.
pub(crate) fn nonce(engine: &Engine, endpoint: &Endpoint, arrival: &Arrival, found: Verification) -> Option<Nonce> {
    let (scheme, header) = (endpoint.scheme.as_ref()?, endpoint.credential_header.as_deref()?);
    if !endpoint.settings.enforce_verification || !matches!(found.verdict, Verdict::Verified(_)) {
        return None;
    }
    let headers: Vec<(&str, &[u8])> =
        arrival.credentials.iter().map(|(name, value)| (name.as_str(), value.as_ref())).collect();
    scheme.nonce(&arrival.sent(&headers, header), &engine.hash_key, endpoint.id)
}

/// Whether a request with that verdict comes in; else the cause, for our own records.
pub(crate) fn admit(endpoint: &Endpoint, found: Verification) -> Result<(), &'static str> {
    let settings = &endpoint.settings;
    match found.verdict {
        _ if !settings.enforce_verification => Ok(()),
        Verdict::Verified(Covers::All) => Ok(()),
        Verdict::Verified(Covers::First) if settings.trust_unsigned_batch_items => Ok(()),
        Verdict::Verified(Covers::First) => Err("partly_signed"),
        _ => Err(found.cause),
    }
}

/// Why a plugin said nothing about a request.
pub(crate) enum Untranslated {
    /// It failed.
    Fault(Fault),
    /// It was not run.
    Quarantined,
}

impl Untranslated {
    fn code(&self) -> &'static str {
        match self {
            Untranslated::Fault(fault) => fault.code(),
            Untranslated::Quarantined => quarantine::CODE,
        }
    }

    fn reason(&self) -> String {
        match self {
            Untranslated::Fault(fault) => format!("the plugin failed: {fault}"),
            Untranslated::Quarantined => quarantine::REASON.to_owned(),
        }
    }
}

/// What a plugin made of a request, and what it logged meanwhile.
pub(crate) struct Translated {
    /// What the plugin said, or why it said nothing.
    pub(crate) result: Result<Result<Translation, contract::Notice>, Untranslated>,
    /// A JSON array.
    pub(crate) logs: Option<Arc<str>>,
    /// What is counted once all is done with what the plugin said; none: nothing is.
    pub(crate) turn: Option<Arc<Turn>>,
}

impl Translated {
    /// What a call gave.
    pub(crate) fn of(call: Call<Result<Translation, contract::Notice>>) -> Self {
        let logs = event::guest_logs_json(&call.logs, call.logs_dropped);
        Self { logs, result: call.result.map_err(Untranslated::Fault), turn: None }
    }

    /// Whether the server is to try it again by itself: not what is held back, of which there may be very much by the time
    /// that an operator has seen to it.
    pub(crate) fn is_retried(&self) -> bool {
        !matches!(self.result, Err(Untranslated::Quarantined))
    }
}

/// What the call of a request holds. It sees the call's end also when the sender has hung up by then.
struct Holding {
    _permit: Permit,
    /// The call goes on with the body.
    _body: Option<Arc<body::Held>>,
    turn: Arc<Turn>,
    /// What the server's log says of a fault.
    complaint: &'static str,
}

impl Holding {
    fn of(permit: Permit, arrival: &Arrival, turn: &Arc<Turn>, complaint: &'static str) -> Self {
        Self { _permit: permit, _body: arrival.held.clone(), turn: turn.clone(), complaint }
    }
}

impl CallGuard for Holding {
    fn source(&self) -> i64 {
        self.turn.endpoint().id
    }

    fn ended(&self, fault: Option<&Fault>, spent: &Spent) {
        let endpoint = self.turn.endpoint();
        endpoint.meters.sandbox(spent.wall);
        match fault {
            None => self.turn.went_well(),
            // It was not run.
            Some(Fault::Busy) => {}
            Some(fault) => {
                let cause = fault.cause();
                endpoint.meters.fault(cause);
                let (source, environment, plugin) = (&endpoint.source, &endpoint.environment, &endpoint.plugin_ref.key);
                tracing::warn!(source, environment, plugin, cause, "{}", self.complaint);
                if fault.is_caused_by_plugin() {
                    self.turn.failed();
                }
            }
        }
    }
}

/// Calls a plugin, once there is a sandbox for it; counts nothing but what `hold` makes of the permit.
pub(crate) async fn call_translate<G: CallGuard>(
    engine: &Engine,
    endpoint: &Endpoint,
    plugin: &Plugin,
    arrival: &Arrival,
    hold: impl FnOnce(Permit) -> G,
) -> Result<Call<Result<Translation, contract::Notice>>, Refusal> {
    let permit = engine.gate.enter(endpoint.id).await.map_err(|_| Refusal::NoSandbox)?;
    let request = arrival.request(endpoint);
    Ok(plugin.translate_with_guard(hold(permit), &request, &engine.limits).await)
}

/// Lets the plugin translate what a sender sent, unless it is quarantined.
pub(crate) async fn translate(
    engine: &Engine,
    endpoint: &Arc<Endpoint>,
    plugin: &Plugin,
    arrival: &Arrival,
) -> Result<Translated, Refusal> {
    let turn = Turn::admit(endpoint);
    if turn.is_held() {
        return Ok(Translated { result: Err(Untranslated::Quarantined), logs: None, turn: None });
    }
    take_turn(engine, turn, plugin, arrival).await
}

/// The same, in quarantine too, and not held against the plugin.
pub(crate) async fn translate_anyway(
    engine: &Engine,
    endpoint: &Arc<Endpoint>,
    plugin: &Plugin,
    arrival: &Arrival,
) -> Result<Translated, Refusal> {
    take_turn(engine, Turn::uncounted(endpoint), plugin, arrival).await
}

async fn take_turn(engine: &Engine, turn: Turn, plugin: &Plugin, arrival: &Arrival) -> Result<Translated, Refusal> {
    let turn = Arc::new(turn);
    let hold = |permit| Holding::of(permit, arrival, &turn, "a plugin failed on a request");
    let call = call_translate(engine, turn.endpoint(), plugin, arrival, hold).await?;
    if matches!(call.result, Err(Fault::Busy)) {
        return Err(Refusal::NoSandbox);
    }
    Ok(Translated { turn: Some(turn), ..Translated::of(call) })
}

/// Makes items of what the plugin said, each with its plan.
pub(crate) fn plan(
    engine: &Engine,
    endpoint: &Endpoint,
    arrival: &Arrival,
    verdict: Verdict,
    translated: &Translated,
) -> Vec<Prepared> {
    prepare(engine, endpoint, arrival, verdict, translated).unwrap_or_else(|refused| {
        endpoint.meters.fault("shape");
        if let Some(turn) = &translated.turn {
            turn.failed();
        }
        vec![*refused]
    })
}

/// The same, counting nothing. An error is the one item that stands for a translation which was not taken.
pub(crate) fn prepare(
    engine: &Engine,
    endpoint: &Endpoint,
    arrival: &Arrival,
    verdict: Verdict,
    translated: &Translated,
) -> Result<Vec<Prepared>, Box<Prepared>> {
    let context = Context {
        source_environment: endpoint.id,
        settings: &endpoint.settings,
        redact_paths: &endpoint.redact_paths,
        mappings: &endpoint.index,
        hash_key: &engine.hash_key,
        plugin: endpoint.plugin_ref.clone(),
        verdict,
        received_at_ms: arrival.received_at_ms,
        headers: event::headers_json(&arrival.headers),
        guest_logs: translated.logs.clone(),
    };
    let whole = |outcome, code: &str, reason: String| {
        event::prepare_whole(&context, &arrival.body, outcome, code, reason, new_id())
    };
    match &translated.result {
        Ok(Ok(translation)) => event::prepare(&context, &arrival.body, translation, &mut new_id).map_err(|error| {
            let reason = format!("the plugin's output was not taken: {error}");
            Box::new(whole(Outcome::Failed, "shape", reason))
        }),
        Ok(Err(notice)) => Ok(vec![whole(Outcome::Rejected, &notice.code, notice.message.clone())]),
        Err(untranslated) => Ok(vec![whole(Outcome::Failed, untranslated.code(), untranslated.reason())]),
    }
}

/// Makes the items durable, with what their repair will need.
pub(crate) async fn commit(
    engine: &Engine,
    endpoint: &Endpoint,
    items: Vec<Prepared>,
    nonce: Option<Nonce>,
    extras: Option<CommitExtras>,
) -> Result<Vec<Settled>, Refusal> {
    let job = Job { environment: endpoint.environment_id, source_environment: endpoint.id, items, nonce };
    let committed = match extras {
        None => engine.store.commit(job).await,
        Some(extras) => engine.store.commit_with(job, extras).await,
    };
    let settled = committed.map_err(|error| match error {
        CommitError::Overloaded { .. } => Refusal::Overloaded,
        CommitError::Seen => Refusal::Unverified,
        error => {
            tracing::error!(source = endpoint.source, environment = endpoint.environment, %error, "a request was not stored; it was answered 503");
            Refusal::NotStored
        }
    })?;
    for item in &settled {
        endpoint.meters.outcome(item.outcome);
    }
    Ok(settled)
}

/// Calls a plugin for the answer that its platform reads, once there is a sandbox for it; counts nothing but what `hold`
/// makes of the permit.
pub(crate) async fn call_answer<G: CallGuard>(
    engine: &Engine,
    endpoint: &Endpoint,
    plugin: &Plugin,
    arrival: &Arrival,
    translation: &Translation,
    settled: &[Settled],
    hold: impl FnOnce(Permit) -> G,
) -> Result<Call<Reply>, Refusal> {
    let outcomes = answer::outcomes(translation, settled);
    let permit = engine.gate.enter(endpoint.id).await.map_err(|_| Refusal::NoSandbox)?;
    let received_at_ms = u64::try_from(arrival.received_at_ms).unwrap_or_default();
    Ok(plugin.answer_with_guard(hold(permit), received_at_ms, &translation.memo, &outcomes, &engine.limits).await)
}

/// Lets a plugin write the answer that its platform reads.
pub(crate) async fn ask_plugin(
    engine: &Engine,
    turn: &Arc<Turn>,
    plugin: &Plugin,
    arrival: &Arrival,
    translation: &Translation,
    settled: &[Settled],
) -> Result<Response, Refusal> {
    let complaint = "a plugin failed to write the answer; what it translated is committed";
    let hold = |permit| Holding::of(permit, arrival, turn, complaint);
    let call = call_answer(engine, turn.endpoint(), plugin, arrival, translation, settled, hold).await?;
    match call.result {
        Ok(reply) => Ok(answer::of_reply(reply)),
        Err(Fault::Busy) => Err(Refusal::NoSandbox),
        Err(_) => Err(Refusal::PluginFailed),
    }
}
