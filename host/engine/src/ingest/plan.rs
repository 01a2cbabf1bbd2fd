//! Planning: values are cut out of the body, and mappings resolve to actions.

use inlet_core::{
    blame::Blame,
    event::{self, Context},
    log::Outcome,
    settle::Prepared,
    verification::Verdict,
};

use super::{
    incoming_request::IncomingRequest,
    translate::{TOO_MANY_ITEMS, Translated},
};
use crate::{Engine, snapshot::Endpoint};

/// The code of a request in which its plugin found no items.
const EMPTY: &str = "empty";

/// Makes an item with its plan of everything that the plugin translated. A translation that does not fit the request
/// becomes one failed item, and is counted as the plugin's fault unless the request is large enough to cause it.
pub(crate) fn plan(
    engine: &Engine,
    endpoint: &Endpoint,
    request: &IncomingRequest,
    verdict: Verdict,
    translated: &Translated,
) -> Vec<Prepared> {
    plan_uncounted(engine, endpoint, request, verdict, translated).unwrap_or_else(|unfit| {
        let Unfit { failed, blame } = *unfit;
        endpoint.meters.fault("shape");
        if let (Some(attempt), Blame::Plugin) = (&translated.attempt, blame) {
            attempt.failed();
        }
        vec![failed]
    })
}

/// A translation that does not fit the request.
pub(super) struct Unfit {
    /// The one item that stands for it.
    pub(super) failed: Prepared,
    blame: Blame,
}

/// Plans and counts nothing.
pub(super) fn plan_uncounted(
    engine: &Engine,
    endpoint: &Endpoint,
    request: &IncomingRequest,
    verdict: Verdict,
    translated: &Translated,
) -> Result<Vec<Prepared>, Box<Unfit>> {
    let context = Context {
        source_environment: endpoint.id,
        settings: &endpoint.settings,
        redact_paths: &endpoint.redact_paths,
        mappings: &endpoint.index,
        vars: endpoint.variables.public(),
        hash_key: &engine.hash_key,
        plugin: endpoint.plugin_ref.clone(),
        verdict,
        received_at_ms: request.received_at_ms,
        headers: event::headers_json(&request.plugin_request.headers),
        withheld: &request.withheld,
        guest_logs: translated.logs.clone(),
    };
    let body = request.body();
    let clock = engine.store.clock();
    let whole = |outcome, code: &str, reason: String| {
        event::prepare_whole(&context, body, outcome, code, reason, clock.new_id())
    };
    match &translated.result {
        Ok(Ok(translation)) if translation.items.is_empty() => {
            Ok(vec![whole(Outcome::Ignored, EMPTY, "the plugin found no items in the request".to_owned())])
        }
        Ok(Ok(translation)) => event::prepare(&context, body, translation, &mut || clock.new_id()).map_err(|error| {
            let reason = format!("the plugin's output was not taken: {error}");
            let failed = whole(Outcome::Failed, "shape", reason);
            Box::new(Unfit { failed, blame: error.blame(request.plugin_request.size()) })
        }),
        Ok(Err(notice)) if notice.code == TOO_MANY_ITEMS => {
            Ok(vec![whole(Outcome::Failed, TOO_MANY_ITEMS, notice.message.clone())])
        }
        Ok(Err(notice)) => Ok(vec![whole(Outcome::Rejected, &notice.code, notice.message.clone())]),
        Err(untranslated) => Ok(vec![whole(Outcome::Failed, untranslated.code(), untranslated.reason())]),
    }
}
