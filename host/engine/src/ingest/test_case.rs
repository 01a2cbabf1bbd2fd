//! A stored item as a test case of its plugin: the request as the plugin gets it, and what the plugin makes of it now.

use inlet_core::contract::{Notice, Request, Translation};
use inlet_sandbox::Plugin;
use inlet_store::{ReadMemory, StoredEvent};

use super::{pointed_values::NotPointed, rehearse::RehearseError, stored_request};
use crate::{Engine, snapshot::Endpoint};

/// The input and the result of one translation.
pub struct TestCase {
    /// The request, with the headers and options that the plugin sees.
    pub request: Request,
    /// The translation, or the reason why the plugin rejects the request.
    pub translation: Result<Translation, Notice>,
}

/// Translates a stored item again. Nothing is written or counted.
pub async fn test_case(
    engine: &Engine,
    endpoint: &Endpoint,
    plugin: &Plugin,
    event: &StoredEvent,
    memory: &dyn ReadMemory,
) -> Result<Result<TestCase, NotPointed>, RehearseError> {
    let Some(body) = stored_request::kept_body(engine, endpoint.id, event, memory).await? else {
        return Ok(Err(NotPointed::NothingKept));
    };
    let (request, translated) = stored_request::translate(engine, endpoint, plugin, event, &body).await?;
    Ok(match translated.result {
        Ok(translation) => Ok(TestCase { request: (*request.plugin_request).clone(), translation }),
        Err(not_translated) => Err(NotPointed::Failed(not_translated.reason())),
    })
}
