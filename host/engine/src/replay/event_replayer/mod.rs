//! Preparing one stored event to be replayed, as if the sender had sent it again.
//!
//! An event that was planned is planned again from its log, with the mappings of now. An item that was rejected, or on which
//! the plugin failed, is translated again from its request; of a batch only that item is taken.

mod batch;
mod error;
mod logged;
mod prepared_replay;

use std::sync::Arc;

use inlet_core::{
    Uuid,
    event::{self, Context, LoggedEvent},
    log::{Outcome, PluginRef},
    plan::ReplayMode,
    settle::Prepared,
    verification::Verdict,
};
use inlet_store::{AttentionRecord, EventQuery, Origin, ReplayedItem, StoredEvent};

use self::{
    batch::Batch,
    logged::{body_of, planned},
};
pub use self::{error::EventReplayError, prepared_replay::PreparedReplay};
use crate::{
    Engine,
    ingest::{
        incoming_request::{IncomingRequest, VisibleParts},
        kept_request, plan, stored_fields, translate,
    },
    snapshot::Endpoint,
};

/// Prepares stored events of one source environment to be replayed, with the configuration of now. Items of one batch share
/// its translation.
pub struct EventReplayer {
    engine: Engine,
    endpoint: Arc<Endpoint>,
    batch: Option<Batch>,
}

impl EventReplayer {
    /// Prepares events of the source environment of this endpoint.
    pub fn new(engine: Engine, endpoint: Arc<Endpoint>) -> Self {
        Self { engine, endpoint, batch: None }
    }

    /// Uses another configuration of the source environment from now on.
    pub fn refresh(&mut self, endpoint: Arc<Endpoint>) {
        if !Arc::ptr_eq(&self.endpoint, &endpoint) {
            self.batch = None;
            self.endpoint = endpoint;
        }
    }

    /// Returns the source environment.
    pub fn endpoint(&self) -> &Arc<Endpoint> {
        &self.endpoint
    }

    /// Prepares the event of a log entry. With `force`, earlier executions with its idempotency key do not count.
    pub async fn prepare(&mut self, id: Uuid, force: bool) -> Result<PreparedReplay, EventReplayError> {
        let query = EventQuery { include_actions: false, ..EventQuery::one(vec![self.endpoint.id], id) };
        let event = self.engine.store.events(&query).await?.items.pop().ok_or(EventReplayError::NotFound(id))?;
        let attention = match event.outcome.is_accepted() {
            true => None,
            false => self.engine.store.attention(self.endpoint.id, id).await?,
        };
        let repair = attention.filter(|attention| attention.is_open).map(|_| id);
        let received_at_ms = event.received_at_ms;
        let (mut items, origins) = match planned(&event) {
            Some(logged) => (vec![self.plan_again(&event, logged)], vec![ALONE]),
            None => self.translate_again(event, attention).await?,
        };
        for item in &mut items {
            item.log.id = self.engine.store.clock().new_id();
            let as_of_ms = item.log.occurred_at_us.div_euclid(1000).min(received_at_ms);
            if let Some(plan) = &mut item.plan {
                plan.replay = Some(ReplayMode { as_of_ms, force });
            }
        }
        let replayed = origins.into_iter().map(|origin| ReplayedItem { of: id, origin }).collect();
        Ok(PreparedReplay { items, replayed, repair })
    }

    fn plan_again(&self, event: &StoredEvent, logged: LoggedEvent) -> Prepared {
        let context = self.context(event.received_at_ms, event.plugin.clone());
        event::prepare_replay(&context, logged, self.engine.store.clock().new_id())
    }

    fn context(&self, received_at_ms: i64, plugin: Arc<PluginRef>) -> Context<'_> {
        Context {
            source_environment: self.endpoint.id,
            settings: &self.endpoint.settings,
            redact_paths: &self.endpoint.redact_paths,
            mappings: &self.endpoint.index,
            vars: self.endpoint.variables.public(),
            hash_key: &self.engine.hash_key,
            plugin,
            verdict: Verdict::NotConfigured,
            received_at_ms,
            headers: None,
            withheld: &[],
            guest_logs: None,
        }
    }

    async fn translate_again(
        &mut self,
        event: StoredEvent,
        attention: Option<AttentionRecord>,
    ) -> Result<(Vec<Prepared>, Vec<Origin>), EventReplayError> {
        let origin = attention.map_or(ALONE, |attention| attention.origin);
        if let Some(batch) = self.batch.as_ref().filter(|batch| origin.request_id == Some(batch.request_id)) {
            return Ok((vec![batch.item(origin, &event)?], vec![origin]));
        }
        let request = match origin.request_id {
            Some(id) => self.engine.store.kept_request(self.endpoint.id, id).await?,
            None => None,
        };
        let statuses = match &request {
            Some(request) => (request.verification.clone(), request.verification_rest.clone()),
            None => (event.verification_status.clone(), event.verification_status.clone()),
        };
        let (query, headers) = match &request {
            Some(request) => (stored_fields::read_fields(&request.query), stored_fields::read_fields(&request.headers)),
            None => (Vec::new(), event.headers.as_deref().map(stored_fields::read_headers).unwrap_or_default()),
        };
        let (method, path, kept_body) = match request {
            Some(request) => (request.method, request.path, request.body),
            None => ("POST".to_owned(), String::new(), None),
        };
        let is_item_of_batch = kept_body.is_some() && !origin.is_whole();
        let body = match kept_body {
            Some(bytes) => kept_request::body(bytes),
            None => body_of(&event).ok_or(EventReplayError::NothingKept)?,
        };
        let parts = VisibleParts { method, path, query, headers, body };
        let request = IncomingRequest::new(&self.endpoint, parts, Vec::new(), event.received_at_ms);
        let (items, is_failed) = self.translate(&request).await?;
        if is_item_of_batch && let Some(request_id) = origin.request_id {
            let batch = self.batch.insert(Batch { request_id, items, is_failed });
            return Ok((vec![batch.item(origin, &event)?], vec![origin]));
        }
        Ok(whole(items, origin, &event, statuses))
    }

    async fn translate(&self, request: &IncomingRequest) -> Result<(Vec<Prepared>, bool), EventReplayError> {
        let plugin = self.endpoint.plugin.as_ref().ok_or(EventReplayError::NoPlugin)?;
        let translated = translate::translate_again(&self.engine, &self.endpoint, plugin, request).await;
        let translated = translated.map_err(|_| EventReplayError::Busy)?;
        let items = plan::plan(&self.engine, &self.endpoint, request, Verdict::NotConfigured, &translated);
        let is_failed = items.iter().any(|item| item.plan.is_none() && item.log.outcome == Outcome::Failed);
        Ok((items, is_failed))
    }
}

/// The origin of an event that needs no request.
const ALONE: Origin = Origin { request_id: None, item: 0, items: 1 };

/// Gives the items of a translated request their origins and verification statuses. `first` is the status of the first
/// item of a whole request, `rest` that of the others.
fn whole(
    mut items: Vec<Prepared>,
    origin: Origin,
    event: &StoredEvent,
    (first, rest): (String, String),
) -> (Vec<Prepared>, Vec<Origin>) {
    let count = u32::try_from(items.len()).unwrap_or(u32::MAX);
    let origin_of = |item: u32| match origin.is_whole() {
        true => Origin { item, items: count, ..origin },
        // The rest of the batch is not kept.
        false => origin,
    };
    for (index, item) in items.iter_mut().enumerate() {
        item.log.verification_status = match (origin.is_whole(), index) {
            (false, _) => event.verification_status.clone(),
            (true, 0) => first.clone(),
            (true, _) => rest.clone(),
        };
    }
    let origins = (0..count).map(origin_of).collect();
    (items, origins)
}
