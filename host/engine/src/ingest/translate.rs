//! Translation: the plugin turns a request into items.

use std::sync::Arc;

use inlet_core::{
    blame::Blame,
    contract::{Notice, Translation},
    event,
    settings::OnReject,
    verification::Verdict,
};
use inlet_sandbox::{Call, CallGuard, Fault, Permit, Plugin, ShapeFault};

use super::{
    error::IngestError, incoming_request::IncomingRequest, plugin_attempt::PluginAttempt, plugin_call::PluginCall,
};
use crate::{Engine, admission::held_bytes, quarantine, snapshot::Endpoint};

/// The code of a request with more items than are taken, whether the plugin or the host counted them.
pub(super) const TOO_MANY_ITEMS: &str = "too_many_items";

/// A plugin's translation of a request, and its log output.
pub(crate) struct Translated {
    /// The translation, the plugin's rejection of the whole request, or the reason why there is neither.
    pub(crate) result: Result<Result<Translation, Notice>, NotTranslated>,
    /// The plugin's log lines, a JSON array. `None` if it logged nothing.
    pub(crate) logs: Option<Arc<str>>,
    /// The attempt that the quarantine counts. `None` if it counts nothing.
    pub(crate) attempt: Option<Arc<PluginAttempt>>,
}

/// The reason why a plugin gave no translation.
pub(crate) enum NotTranslated {
    /// The plugin failed.
    Fault {
        /// The fault.
        fault: Fault,
        /// Who causes it.
        blame: Blame,
    },
    /// The plugin is quarantined and was not called.
    Quarantined,
}

impl NotTranslated {
    /// Returns the code that the event log uses.
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::Fault { fault, .. } => fault.code(),
            Self::Quarantined => quarantine::CODE,
        }
    }

    /// Returns the reason that the event log shows.
    pub(super) fn reason(&self) -> String {
        match self {
            Self::Fault { fault: Fault::Shape(ShapeFault::Items { found, limit }), .. } => format!(
                "the request holds {found} items; at most {limit} are taken at once. Send smaller batches, or raise the \
                 source's setting max_items"
            ),
            Self::Fault { fault, blame: Blame::Request } => format!("the request asks for too much: {fault}"),
            Self::Fault { fault, .. } => format!("the plugin failed: {fault}"),
            Self::Quarantined => quarantine::REASON.to_owned(),
        }
    }
}

/// The writer of a request's answer.
pub(super) enum AnsweredBy<'t> {
    /// The server.
    Server,
    /// The plugin, from the memo of its translation.
    Plugin(&'t Translation),
}

impl Translated {
    /// Reads the result of a call for a request.
    pub(super) fn of(call: Call<Result<Translation, Notice>>, request: &IncomingRequest) -> Self {
        let logs = event::guest_logs_json(&call.logs, call.logs_dropped);
        let failed = |fault: Fault| NotTranslated::Fault { blame: fault.blame_for(&request.plugin_request), fault };
        Self { logs, result: call.result.map_err(failed), attempt: None }
    }

    /// Refuses a request with more items than are taken, where the source environment refuses what is rejected.
    pub(super) fn admit(&self, endpoint: &Endpoint) -> Result<(), IngestError> {
        match (endpoint.on_reject, self.too_many_items()) {
            (OnReject::Refuse, Some(reason)) => Err(IngestError::TooManyItems { reason }),
            _ => Ok(()),
        }
    }

    /// Returns the reason if the request has more items than are taken. A plugin that counts them itself may take fewer
    /// than the source environment, so its own sentence goes on.
    fn too_many_items(&self) -> Option<String> {
        match &self.result {
            Ok(Err(notice)) if notice.code == TOO_MANY_ITEMS => Some(notice.message.clone()),
            Err(untranslated) if untranslated.code() == TOO_MANY_ITEMS => Some(untranslated.reason()),
            _ => None,
        }
    }

    /// Returns the bytes that the translation holds, with the items that will be planned of it.
    pub(super) fn held_bytes(&self) -> usize {
        match &self.result {
            Ok(Ok(translation)) => held_bytes::of_translation(translation),
            Ok(Err(notice)) => held_bytes::ITEM_BYTES + held_bytes::of_notice(notice),
            Err(_) => held_bytes::ITEM_BYTES,
        }
    }

    /// Returns true if the server may try a failed translation again by itself. Too many items stay too many. Requests that
    /// a quarantine holds back wait for an operator: there may be very many of them.
    pub(crate) fn may_be_retried(&self) -> bool {
        !matches!(self.result, Err(NotTranslated::Quarantined)) && self.too_many_items().is_none()
    }

    /// Returns true if the server tries a failed translation again because the sender will not. The sender of a plugin
    /// whose platform reads the answer gets a 500 and sends again.
    pub(super) fn is_retried_by_server(&self, plugin: &Plugin) -> bool {
        self.may_be_retried() && !plugin.answers()
    }

    /// Returns the writer of the answer. The failure of a plugin whose platform reads the answer is an error: the
    /// platform would take the server's own answer for success.
    pub(super) fn answered_by(&self, plugin: &Plugin) -> Result<AnsweredBy<'_>, IngestError> {
        match &self.result {
            _ if !plugin.answers() => Ok(AnsweredBy::Server),
            // The platform would send it again after a 500.
            Err(_) => Err(match self.too_many_items() {
                Some(reason) => IngestError::TooManyItems { reason },
                None => IngestError::PluginFailed,
            }),
            Ok(Ok(translation)) if !translation.memo.is_empty() => Ok(AnsweredBy::Plugin(translation)),
            // Without a memo the platform reads the status alone.
            Ok(_) => Ok(AnsweredBy::Server),
        }
    }
}

/// Lets the plugin translate what a sender sent, unless the plugin is quarantined.
pub(crate) async fn translate(
    engine: &Engine,
    endpoint: &Arc<Endpoint>,
    plugin: &Plugin,
    request: &IncomingRequest,
    verdict: Verdict,
) -> Result<Translated, IngestError> {
    let attempt = PluginAttempt::begin(endpoint, verdict);
    if attempt.is_held_back() {
        return Ok(Translated { result: Err(NotTranslated::Quarantined), logs: None, attempt: None });
    }
    translate_in(engine, attempt, plugin, request).await
}

/// Lets the plugin translate a stored request again, in quarantine too. The quarantine does not count it.
pub(crate) async fn translate_again(
    engine: &Engine,
    endpoint: &Arc<Endpoint>,
    plugin: &Plugin,
    request: &IncomingRequest,
) -> Result<Translated, IngestError> {
    translate_in(engine, PluginAttempt::uncounted(endpoint), plugin, request).await
}

async fn translate_in(
    engine: &Engine,
    attempt: PluginAttempt,
    plugin: &Plugin,
    request: &IncomingRequest,
) -> Result<Translated, IngestError> {
    let attempt = Arc::new(attempt);
    let guard = |permit| PluginCall::new(permit, request, &attempt, "a plugin failed on a request");
    let call = call_translate(engine, attempt.endpoint(), plugin, request, guard).await?;
    Ok(Translated { attempt: Some(attempt), ..Translated::of(call, request) })
}

/// Lets the plugin translate a request and counts nothing.
pub(super) async fn translate_uncounted(
    engine: &Engine,
    endpoint: &Endpoint,
    plugin: &Plugin,
    request: &IncomingRequest,
) -> Result<Translated, IngestError> {
    call_translate(engine, endpoint, plugin, request, |permit| permit).await.map(|call| Translated::of(call, request))
}

/// Calls a plugin as soon as a sandbox is free. Counts nothing but what the guard of the call counts.
async fn call_translate<G: CallGuard>(
    engine: &Engine,
    endpoint: &Endpoint,
    plugin: &Plugin,
    request: &IncomingRequest,
    guard: impl FnOnce(Permit) -> G,
) -> Result<Call<Result<Translation, Notice>>, IngestError> {
    let permit = engine.gate.enter(endpoint.id).await.map_err(|_| IngestError::NoSandbox)?;
    let call = plugin.translate_with_guard(guard(permit), &request.plugin_request, &endpoint.limits).await;
    match call.result {
        Err(Fault::Busy) => Err(IngestError::NoSandbox),
        _ => Ok(call),
    }
}
