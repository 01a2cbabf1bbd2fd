//! The stages of a request, each a function of what the one before it gave. [`super::carry_out`] puts them in their order.

use axum::response::Response;
use inlet_core::{
    contract::{self, Field, Translation},
    event::{self, Context},
    log::Outcome,
    settle::{Job, Prepared},
    verification::{Covers, Template, Verdict},
};
use inlet_sandbox::{Fault, Plugin};
use inlet_store::{CommitError, NewRefused, Settled};
use sha2::{Digest as _, Sha256};

use super::answer::{self, Refusal};
use crate::{
    app::App,
    configuration::{Endpoint, new_id},
    ingest::arrival::Arrival,
};

/// What verification finds, on exactly the bytes that the plugin gets.
pub(crate) fn verify(endpoint: &Endpoint, arrival: &Arrival) -> Verdict {
    let Some(scheme) = &endpoint.scheme else { return Verdict::NotConfigured };
    let values: Vec<&[u8]> = arrival.credentials.iter().map(AsRef::as_ref).collect();
    let mut secrets = endpoint.secrets(arrival.received_at_ms);
    let mut verdict = scheme.verify(&values, secrets.next(), arrival.body.as_bytes());
    // A missing header stays missing, and one that was sent twice fails with every secret.
    while let (Verdict::Failed, Some(secret)) = (verdict, secrets.next()) {
        verdict = scheme.verify(&values, Some(secret), arrival.body.as_bytes());
    }
    verdict
}

/// Whether a request with that verdict comes in; else the cause, for our own records.
pub(crate) fn admit(endpoint: &Endpoint, verdict: Verdict) -> Result<(), &'static str> {
    let settings = &endpoint.settings;
    match verdict {
        _ if !settings.enforce_verification => Ok(()),
        Verdict::Verified(Covers::All) => Ok(()),
        Verdict::Verified(Covers::First) if settings.trust_unsigned_batch_items => Ok(()),
        Verdict::Verified(Covers::First) => Err("partly_signed"),
        other => Err(other.as_str()),
    }
}

/// Keeps a refused request, as far as its ring has room, so that it can be verified again.
pub(crate) async fn keep_refused(app: &App, endpoint: &Endpoint, arrival: &Arrival, cause: &'static str) {
    // A keyed hash may be kept to be verified again; a secret that was sent as it is may not.
    let mut headers = arrival.headers.clone();
    if let (Some(Template::Hmac(_)), Some(name)) = (&endpoint.scheme, &endpoint.credential_header) {
        headers.extend(arrival.credentials.iter().map(|value| Field::new(name, String::from_utf8_lossy(value))));
    }
    let body = arrival.body_bytes();
    let refused = NewRefused {
        id: new_id(),
        source_environment_id: endpoint.id,
        received_at_ms: arrival.received_at_ms,
        cause: cause.to_owned(),
        digest: Sha256::digest(&body).into(),
        headers: event::headers_json(&headers).map_or_else(|| "{}".to_owned(), |headers| headers.to_string()),
        body,
    };
    if let Err(error) = app.store.refuse(refused).await {
        tracing::warn!(source = endpoint.source, environment = endpoint.environment, %error, "a refused request was not kept");
    }
}

/// What a plugin made of a request, and what it logged meanwhile.
pub(crate) struct Translated {
    /// What the plugin said, or how it failed.
    pub(crate) result: Result<Result<Translation, contract::Notice>, Fault>,
    /// A JSON array.
    pub(crate) logs: Option<std::sync::Arc<str>>,
}

pub(crate) async fn translate(
    app: &App,
    endpoint: &Endpoint,
    plugin: &Plugin,
    arrival: &Arrival,
) -> Result<Translated, Refusal> {
    let permit = app.gate.enter(endpoint.id).await.map_err(|_| Refusal::NoSandbox)?;
    let request = arrival.request(endpoint);
    let call = plugin.translate(&request, &app.limits).await;
    drop(permit);
    endpoint.meters.sandbox(call.spent.wall);
    if let Err(fault) = &call.result {
        if matches!(fault, Fault::Busy) {
            return Err(Refusal::NoSandbox);
        }
        endpoint.meters.fault(fault.code());
        tracing::warn!(
            source = endpoint.source,
            environment = endpoint.environment,
            plugin = endpoint.plugin_ref.key,
            cause = fault.code(),
            "a plugin failed; its request is stored"
        );
    }
    Ok(Translated { logs: event::guest_logs_json(&call.logs, call.logs_dropped), result: call.result })
}

/// Makes items of what the plugin said, each with its plan.
pub(crate) fn plan(
    app: &App,
    endpoint: &Endpoint,
    arrival: &Arrival,
    verdict: Verdict,
    translated: &Translated,
) -> Vec<Prepared> {
    let context = Context {
        source_environment: endpoint.id,
        settings: &endpoint.settings,
        redact_paths: &endpoint.redact_paths,
        mappings: &endpoint.index,
        hash_key: &app.hash_key,
        plugin: endpoint.plugin_ref.clone(),
        verdict,
        received_at_ms: arrival.received_at_ms,
        headers: event::headers_json(&arrival.headers),
        guest_logs: translated.logs.clone(),
    };
    let whole = |outcome, code: &str, reason: String| {
        vec![event::prepare_whole(&context, &arrival.body, outcome, code, reason, new_id())]
    };
    match &translated.result {
        Ok(Ok(translation)) => {
            event::prepare(&context, &arrival.body, translation, &mut new_id).unwrap_or_else(|error| {
                endpoint.meters.fault("shape");
                whole(Outcome::Failed, "shape", format!("the plugin's output was not taken: {error}"))
            })
        }
        Ok(Err(notice)) => whole(Outcome::Rejected, &notice.code, notice.message.clone()),
        Err(fault) => whole(Outcome::Failed, fault.code(), format!("the plugin failed: {fault}")),
    }
}

pub(crate) async fn commit(app: &App, endpoint: &Endpoint, items: Vec<Prepared>) -> Result<Vec<Settled>, Refusal> {
    let job = Job { environment: endpoint.environment_id, source_environment: endpoint.id, items };
    let settled = app.store.commit(job).await.map_err(|error| match error {
        CommitError::Overloaded { .. } => Refusal::Overloaded,
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

/// Lets a plugin write the answer that its platform reads.
pub(crate) async fn ask_plugin(
    app: &App,
    endpoint: &Endpoint,
    plugin: &Plugin,
    translation: &Translation,
    settled: &[Settled],
) -> Result<Response, Refusal> {
    let outcomes = answer::outcomes(translation, settled);
    let permit = app.gate.enter(endpoint.id).await.map_err(|_| Refusal::NoSandbox)?;
    let call = plugin.answer(&translation.memo, &outcomes, &app.limits).await;
    drop(permit);
    endpoint.meters.sandbox(call.spent.wall);
    match call.result {
        Ok(reply) => Ok(answer::of_reply(reply)),
        Err(fault) => {
            endpoint.meters.fault(fault.code());
            tracing::warn!(
                source = endpoint.source,
                environment = endpoint.environment,
                plugin = endpoint.plugin_ref.key,
                cause = fault.code(),
                "a plugin failed to write the answer; what it translated is committed"
            );
            Err(Refusal::PluginFailed)
        }
    }
}
