//! The lists of workflows that are kept.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use inlet_store::{TargetRecord, TargetSecrets};
use serde_json::Value;
use tokio::sync::{Mutex as AsyncMutex, Semaphore};

use super::fetch::fetch;
use crate::{targets, way_out::WayOut};

/// The time for which a list is answered without asking again, and for which an error is.
const FRESH: Duration = Duration::from_secs(60);
const FRESH_ERROR: Duration = Duration::from_secs(5);
/// The time after which a list says nothing about the present any more.
const MAX_AGE: Duration = Duration::from_secs(24 * 3600);
/// The longest time that a list may take.
const TIME_LIMIT: Duration = Duration::from_secs(20);
/// The most lists that are fetched at once.
const MAX_FETCHES: usize = 4;
/// The most lists that are kept.
const MAX_KEPT: usize = 256;

/// The workflows of an engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedWorkflows {
    /// Their keys, sorted.
    pub keys: Vec<Box<str>>,
    /// False if the engine has more.
    pub is_complete: bool,
    /// The time of the answer, in milliseconds since 1970.
    pub fetched_at_ms: i64,
}

/// The last answer of a target.
struct Kept {
    /// The version of the target's settings.
    version: i64,
    at: Instant,
    result: Result<Arc<ListedWorkflows>, String>,
}

impl Kept {
    fn is_fresh(&self, version: i64) -> bool {
        let fresh = if self.result.is_ok() { FRESH } else { FRESH_ERROR };
        self.version == version && self.at.elapsed() < fresh
    }
}

/// Fetches and keeps the lists of workflows of targets.
pub struct WorkflowLists {
    way_out: WayOut,
    kept: Mutex<HashMap<i64, Kept>>,
    /// The targets whose lists are being asked for. An engine is never asked twice at once.
    asked: Mutex<HashMap<i64, Arc<AsyncMutex<()>>>>,
    fetches: Semaphore,
}

impl WorkflowLists {
    /// Keeps nothing yet.
    pub fn new(way_out: WayOut) -> Self {
        Self { way_out, kept: Mutex::default(), asked: Mutex::default(), fetches: Semaphore::new(MAX_FETCHES) }
    }

    /// Returns the workflows of a target's engine, not older than a minute. The error is a sentence that says why there is
    /// no list.
    pub async fn get(
        &self,
        record: &TargetRecord,
        secrets: Option<&TargetSecrets>,
        now_ms: i64,
    ) -> Result<Arc<ListedWorkflows>, String> {
        let listing = match parse(record, secrets) {
            Ok(target) => target.workflow_listing()?,
            Err(sentence) => return Err(format!("the target's settings do not work: {sentence}")),
        };
        if let Some(fresh) = self.fresh(record) {
            return fresh;
        }
        let turn = self.turn(record.id);
        let _turn = turn.lock().await;
        // Another call may have fetched it meanwhile.
        if let Some(fresh) = self.fresh(record) {
            return fresh;
        }
        let Ok(_permit) = self.fetches.acquire().await else { return Err("the server stops".to_owned()) };
        let fetched = match tokio::time::timeout(TIME_LIMIT, fetch(&self.way_out, &listing)).await {
            Ok(fetched) => fetched,
            Err(_) => Err(format!("the list did not arrive within {} s", TIME_LIMIT.as_secs())),
        };
        let result =
            fetched.map(|(keys, is_complete)| Arc::new(ListedWorkflows { keys, is_complete, fetched_at_ms: now_ms }));
        self.keep(record, result.clone());
        result
    }

    /// Returns the last list of a target with its present settings, without asking for it.
    pub fn known(&self, record: &TargetRecord) -> Option<Arc<ListedWorkflows>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let found =
            kept.get(&record.id).filter(|kept| kept.version == record.version && kept.at.elapsed() < MAX_AGE)?;
        found.result.as_ref().ok().cloned()
    }

    /// Returns true if the list should be fetched again before it is relied on.
    pub fn is_stale(&self, record: &TargetRecord) -> bool {
        self.fresh(record).is_none()
    }

    /// Returns the lock of whoever asks a target's engine.
    fn turn(&self, id: i64) -> Arc<AsyncMutex<()>> {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.retain(|_, turn| Arc::strong_count(turn) > 1);
        asked.entry(id).or_default().clone()
    }

    fn fresh(&self, record: &TargetRecord) -> Option<Result<Arc<ListedWorkflows>, String>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(&record.id).filter(|kept| kept.is_fresh(record.version)).map(|kept| kept.result.clone())
    }

    /// Keeps a result, in place of the oldest one if there are too many.
    fn keep(&self, record: &TargetRecord, result: Result<Arc<ListedWorkflows>, String>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MAX_KEPT && !kept.contains_key(&record.id) {
            let oldest = kept.iter().min_by_key(|(_, kept)| kept.at).map(|(id, _)| *id);
            oldest.map(|oldest| kept.remove(&oldest));
        }
        kept.insert(record.id, Kept { version: record.version, at: Instant::now(), result });
    }
}

fn parse(record: &TargetRecord, secrets: Option<&TargetSecrets>) -> Result<Box<dyn targets::Target>, String> {
    let read = |text: &str| serde_json::from_str(text).map_err(|_| "they are not JSON".to_owned());
    let secrets = secrets.map_or(Ok(Value::Null), |secrets| read(&secrets.0))?;
    targets::parse(&record.kind, &read(&record.settings)?, &secrets).map_err(|error| error.sentence)
}
