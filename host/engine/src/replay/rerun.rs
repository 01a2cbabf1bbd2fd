//! One log entry, made ready to be carried out again as if the sender had sent it again.
//!
//! An event that was planned is planned from its log, with the mappings of today. What was rejected, or failed in its
//! plugin, is translated again from its request; of a batch only that item is taken.

use std::sync::Arc;

use inlet_core::{
    ByteString, Uuid,
    contract::Body,
    event::{self, Context, LoggedEvent},
    log::{Original, Outcome},
    plan::ReplayMode,
    settle::Prepared,
    verification::Verdict,
};
use inlet_store::{AttentionRecord, CommitExtras, EventQuery, Origin, ReadError, StoredEvent};

use crate::{
    Engine,
    ingest::{arrival::Arrival, kept_request, stages},
    snapshot::{Endpoint, new_id},
};

/// Why an entry is not carried out again. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum RerunError {
    /// There is no such entry.
    #[error("there is no log entry {0} here; it may be past its environment's retention")]
    NotFound(Uuid),
    /// What came is gone.
    #[error(
        "nothing is kept of what came: it was empty, or it is past its environment's retention of bodies; let the sender \
         send it again"
    )]
    NothingKept,
    /// The plugin sees the batch in another way than it did.
    #[error(
        "the plugin finds {found} items in the request and found {expected} when it came, so the item cannot be told; let \
         the sender send it again"
    )]
    OtherItems {
        /// Now.
        found: usize,
        /// Then.
        expected: u32,
    },
    /// The plugin fails on the request of which this is one item.
    #[error("the item was not translated: {0}")]
    PluginFailed(String),
    /// The plugin is gone.
    #[error("this server does not have the source's plugin; put it into --plugins-dir")]
    NoPlugin,
    /// No sandbox came free.
    #[error("no sandbox came free in time; try again later")]
    Busy,
    /// The storage cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl RerunError {
    /// It may go well a moment later, without anything being changed.
    pub fn is_passing(&self) -> bool {
        matches!(self, RerunError::Busy | RerunError::Read(_))
    }
}

/// An entry that is ready.
pub struct Ready {
    /// What it becomes, mostly one item.
    pub items: Vec<Prepared>,
    /// For each item what it is carried out again for.
    pub reruns: Vec<inlet_store::ReplayedItem>,
    /// The entry, if it needs attention.
    pub repair: Option<Uuid>,
}

impl Ready {
    /// What goes along with the items, and the items.
    pub fn into_parts(self) -> (Vec<Prepared>, CommitExtras) {
        let repairs = self.repair.into_iter().collect();
        (self.items, CommitExtras { replayed: self.reruns, repairs, ..CommitExtras::default() })
    }

    /// The plugin failed on the request once more.
    pub fn plugin_failed(&self) -> bool {
        matches!(self.items.as_slice(), [item] if item.plan.is_none() && item.log.outcome == Outcome::Failed)
    }

    /// Bytes of what came.
    pub fn bytes(&self) -> usize {
        self.items.iter().map(|item| item.log.original.len()).sum()
    }
}

/// Makes entries of one source environment ready. Items of one batch share its translation.
pub struct Reruns {
    engine: Engine,
    endpoint: Arc<Endpoint>,
    batch: Option<Batch>,
}

/// A batch that was translated again.
struct Batch {
    request_id: Uuid,
    items: Vec<Prepared>,
    is_failed: bool,
}

impl Reruns {
    /// Returns a maker of reruns for one source environment.
    pub fn new(engine: Engine, endpoint: Arc<Endpoint>) -> Self {
        Self { engine, endpoint, batch: None }
    }

    /// Goes on with the configuration of now.
    pub fn refresh(&mut self, endpoint: Arc<Endpoint>) {
        if !Arc::ptr_eq(&self.endpoint, &endpoint) {
            self.batch = None;
            self.endpoint = endpoint;
        }
    }

    /// The source environment.
    pub fn endpoint(&self) -> &Arc<Endpoint> {
        &self.endpoint
    }

    /// Makes an entry ready. `force`: earlier executions with its key do not count.
    pub async fn ready(&mut self, id: Uuid, force: bool) -> Result<Ready, RerunError> {
        let query = EventQuery { include_actions: false, ..EventQuery::one(vec![self.endpoint.id], id) };
        let event = self.engine.store.events(&query).await?.items.pop().ok_or(RerunError::NotFound(id))?;
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
            item.log.id = new_id();
            let as_of_ms = item.log.occurred_at_us.div_euclid(1000).min(received_at_ms);
            if let Some(plan) = &mut item.plan {
                plan.replay = Some(ReplayMode { as_of_ms, force });
            }
        }
        let reruns = origins.into_iter().map(|origin| inlet_store::ReplayedItem { of: id, origin }).collect();
        Ok(Ready { items, reruns, repair })
    }

    fn plan_again(&self, event: &StoredEvent, logged: LoggedEvent) -> Prepared {
        let context = self.context(event.received_at_ms, event.plugin.clone());
        event::prepare_replay(&context, logged, new_id())
    }

    fn context(&self, received_at_ms: i64, plugin: Arc<inlet_core::log::PluginRef>) -> Context<'_> {
        Context {
            source_environment: self.endpoint.id,
            settings: &self.endpoint.settings,
            redact_paths: &self.endpoint.redact_paths,
            mappings: &self.endpoint.index,
            hash_key: &self.engine.hash_key,
            plugin,
            verdict: Verdict::NotConfigured,
            received_at_ms,
            headers: None,
            guest_logs: None,
        }
    }

    async fn translate_again(
        &mut self,
        event: StoredEvent,
        attention: Option<AttentionRecord>,
    ) -> Result<(Vec<Prepared>, Vec<Origin>), RerunError> {
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
            Some(request) => (kept_request::read_fields(&request.query), kept_request::read_fields(&request.headers)),
            None => (Vec::new(), event.headers.as_deref().map(kept_request::read_headers).unwrap_or_default()),
        };
        let (method, path) = request.as_ref().map_or(("POST", ""), |request| (&request.method, &request.path));
        let (method, path) = (method.to_owned(), path.to_owned());
        let kept_body = request.and_then(|request| request.body);
        let is_item_of_batch = kept_body.is_some() && !origin.is_whole();
        let body = match kept_body {
            Some(bytes) => kept_request::body(bytes),
            None => body_of(&event).ok_or(RerunError::NothingKept)?,
        };
        let arrival = Arrival::stored(method, path, query, headers, Vec::new(), body, event.received_at_ms);
        let (items, is_failed) = self.translate(&arrival).await?;
        if is_item_of_batch && let Some(request_id) = origin.request_id {
            let batch = self.batch.insert(Batch { request_id, items, is_failed });
            return Ok((vec![batch.item(origin, &event)?], vec![origin]));
        }
        Ok(whole(items, origin, &event, statuses))
    }

    async fn translate(&self, arrival: &Arrival) -> Result<(Vec<Prepared>, bool), RerunError> {
        let plugin = self.endpoint.plugin.as_ref().ok_or(RerunError::NoPlugin)?;
        let translated = stages::translate_anyway(&self.engine, &self.endpoint, plugin, arrival).await;
        let translated = translated.map_err(|_| RerunError::Busy)?;
        let items = stages::plan(&self.engine, &self.endpoint, arrival, Verdict::NotConfigured, &translated);
        let is_failed = items.iter().any(|item| item.plan.is_none() && item.log.outcome == Outcome::Failed);
        Ok((items, is_failed))
    }
}

/// The origin of what needs no request.
const ALONE: Origin = Origin { request_id: None, item: 0, items: 1 };

/// Items that stand for all of what was translated.
fn whole(
    mut items: Vec<Prepared>,
    origin: Origin,
    event: &StoredEvent,
    (first, rest): (String, String),
) -> (Vec<Prepared>, Vec<Origin>) {
    let count = u32::try_from(items.len()).unwrap_or(u32::MAX);
    let origin_of = |item: u32| match origin.is_whole() {
        true => Origin { item, items: count, ..origin },
        // An item of a batch of which nothing else is kept.
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

impl Batch {
    /// The item that an entry came from.
    fn item(&self, origin: Origin, event: &StoredEvent) -> Result<Prepared, RerunError> {
        if self.is_failed {
            let reason = self.items.iter().find_map(|item| item.log.reason.clone());
            return Err(RerunError::PluginFailed(reason.unwrap_or_default()));
        }
        let other = RerunError::OtherItems { found: self.items.len(), expected: origin.items };
        let is_same = u32::try_from(self.items.len()).is_ok_and(|found| found == origin.items);
        let item = self.items.get(origin.item as usize).filter(|_| is_same).ok_or(other)?;
        let mut item = Prepared { log: item.log.clone(), plan: item.plan.clone() };
        item.log.verification_status.clone_from(&event.verification_status);
        Ok(item)
    }
}

/// What the log kept of an event that was planned; none when it was not.
fn planned(event: &StoredEvent) -> Option<LoggedEvent> {
    let data = event.data.as_ref()?.content.as_deref().filter(|data| !data.is_empty())?;
    Some(LoggedEvent {
        event_type: event.event_type.clone(),
        user_id: event.user_id.clone(),
        data: ByteString::from(data),
        data_at: event.data_at,
        original: event.original.content.clone()?,
        idempotency_key: event.idempotency_key.clone(),
        occurred_at_us: event.occurred_at_us,
        verification_status: event.verification_status.clone(),
        headers: event.headers.clone(),
        redacted: event.redacted.clone(),
    })
}

/// What the log kept of an item, as a body of its own.
fn body_of(event: &StoredEvent) -> Option<Body> {
    match event.original.content.clone()? {
        Original::Json(text) | Original::Text(text) => Some(Body::Text(text)),
        Original::Bytes(bytes) => Some(Body::Bytes(bytes)),
    }
    .filter(|body: &Body| !body.as_bytes().is_empty())
}

#[cfg(test)]
mod tests {
    use inlet_core::log::{EventFields, PluginRef};
    use inlet_store::Kept;

    use super::*;

    fn stored(original: &str, data: Option<&str>) -> StoredEvent {
        let original = Original::Json(original.into());
        let plugin = PluginRef { key: "http".to_owned(), version: String::new(), digest: String::new() };
        StoredEvent {
            fields: EventFields {
                event_type: "E".to_owned(),
                outcome: Outcome::Rejected,
                verification_status: "verified".to_owned(),
                ..EventFields::new(Uuid::nil(), 0, Arc::new(plugin))
            },
            source_environment_id: 1,
            data: data.map(|data| Kept { content: Some(data.to_owned()), size: data.len() as u64 }),
            data_at: None,
            original: Kept { size: original.len() as u64, content: Some(original) },
            rerun_of: None,
            rerun_as: Vec::new(),
            needs_attention: true,
            retry_at_ms: None,
            body_removed: false,
            actions: Vec::new(),
        }
    }

    #[test]
    fn what_was_planned_comes_from_its_log_and_all_else_from_what_came() {
        let event = stored(r#"{"a":1}"#, Some(r#"{"a":1}"#));
        assert_eq!(planned(&event).map(|logged| logged.data.to_string()).as_deref(), Some(r#"{"a":1}"#));
        let rejected = stored(r#"{"a":1}"#, None);
        assert!(planned(&rejected).is_none());
        assert_eq!(body_of(&rejected), Some(Body::Text(r#"{"a":1}"#.into())));
    }

    #[test]
    fn past_the_retention_of_bodies_there_is_nothing_to_carry_out_again() {
        for pruned in [stored("", None), stored("", Some(""))] {
            assert!(planned(&pruned).is_none());
            assert_eq!(body_of(&pruned), None);
        }
        insta::assert_snapshot!(RerunError::NothingKept, @"nothing is kept of what came: it was empty, or it is past its environment's retention of bodies; let the sender send it again");
    }
}
