//! Watches for what an operator should know, and raises operational events.
//!
//! Every ten seconds the job observes all conditions ([`targets`], [`sources`], [`server`], [`rhythms`]) and compares them with
//! those that the store knows as open. It writes only if one began or ended.

mod rhythms;
mod server;
mod sources;
mod targets;

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use inlet_core::operational::{
    ConditionChanges, EventEnvironment, OpenCondition, OperationalEvent, OperationalEventType, RaiseRule, TargetHealth,
    changes,
};
use inlet_store::{CommitError, Raised, ReadError};

use self::rhythms::Rhythms;
use super::job::{Job, RunsOn};
use crate::{Engine, snapshot::Snapshot};

/// The time between two looks.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// Returns the health of a target by its database id; none if nothing is known of it yet.
pub type TargetHealthOf = Box<dyn Fn(i64) -> Option<TargetHealth> + Send + Sync>;

/// The identity of a condition.
type Key = (OperationalEventType, Option<i64>, String);

/// Watches for what an operator should know.
pub struct OperationalWatch {
    target_health: TargetHealthOf,
    rhythms: Rhythms,
    /// The times before which events are too soon.
    too_soon: HashMap<Key, Instant>,
    /// The result of the last look.
    found: ConditionChanges,
    recovered: Vec<OperationalEvent>,
}

impl OperationalWatch {
    /// Makes the job.
    pub fn new(target_health: TargetHealthOf) -> Self {
        Self {
            target_health,
            rhythms: Rhythms::default(),
            too_soon: HashMap::new(),
            found: ConditionChanges::default(),
            recovered: Vec::new(),
        }
    }

    async fn raise(&mut self, engine: &Engine, event: OperationalEvent, rule: RaiseRule) -> Result<(), CommitError> {
        let (name, subject, reason) = (event.event_type.as_str(), event.subject.clone(), event.reason.clone());
        let environment = event.environment.as_ref().map(|environment| environment.slug.clone()).unwrap_or_default();
        let key = key(&event);
        match engine.store.operational_event_raise(event, rule).await? {
            Raised::New(_) => {
                metrics::counter!("inlet_operational_events_total", "type" => name).increment(1);
                tracing::warn!(event = name, environment, subject, reason, "an operational event was raised");
            }
            Raised::TooSoon { wait } => _ = self.too_soon.insert(key, Instant::now() + wait),
        }
        Ok(())
    }
}

/// The reason why nothing was observed or raised.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// The store cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The store cannot be written.
    #[error(transparent)]
    Commit(#[from] CommitError),
}

impl Job for OperationalWatch {
    const NAME: &'static str = "operational_watch";
    const RUNS_ON: RunsOn = RunsOn::OneNode;
    const FAILURE: &'static str = "operational events cannot be raised; it is tried again";
    type Error = WatchError;

    fn interval(&self) -> Duration {
        LOOK_EVERY
    }

    async fn is_due(&mut self, engine: &Engine) -> Result<bool, WatchError> {
        let (snapshot, now) = (engine.snapshot(), Instant::now());
        let targets = engine.store.targets().await?;
        let mut observed = targets::observe(&targets, &snapshot, &self.target_health);
        observed.extend(sources::needs_attention(engine, &snapshot).await?);
        observed.extend(sources::quarantined(&snapshot));
        observed.extend(sources::rate_limited(engine, &snapshot));
        observed.extend(server::disk_low(engine));
        observed.extend(server::retention_paused(engine));
        observed.extend(self.rhythms.observe(engine, &snapshot, now).await?);
        let open = engine.store.operational_conditions().await?;
        self.found = changes(&open, observed);
        self.too_soon.retain(|_, until| *until > now);
        self.found.raise.retain(|event| !self.too_soon.contains_key(&key(event)));
        self.recovered = targets::recovered(&self.found.close, &targets, &snapshot);
        Ok(!self.found.raise.is_empty() || !self.found.close.is_empty() || self.rhythms.has_unkept())
    }

    async fn run(&mut self, engine: &Engine) -> Result<(), WatchError> {
        let ConditionChanges { raise, close } = std::mem::take(&mut self.found);
        for event in raise {
            self.raise(engine, event, RaiseRule::OpensCondition).await?;
        }
        // Before the conditions are closed: what a crash prevents is tried again.
        for event in std::mem::take(&mut self.recovered) {
            self.raise(engine, event, RaiseRule::Rarely).await?;
        }
        if !close.is_empty() {
            engine.store.operational_conditions_close(close).await?;
        }
        Ok(self.rhythms.keep(engine).await?)
    }
}

fn key(event: &OperationalEvent) -> Key {
    (event.event_type, event.environment.as_ref().map(|environment| environment.id), event.subject.clone())
}

/// Returns true if a condition is of a type and a subject in an environment.
fn is_of(condition: &OpenCondition, types: &[OperationalEventType], environment: i64, subject: &str) -> bool {
    types.contains(&condition.event_type)
        && condition.environment_id == Some(environment)
        && condition.subject == subject
}

/// Returns the environment that events name.
fn environment(snapshot: &Snapshot, id: i64) -> Option<EventEnvironment> {
    let found = snapshot.environments.iter().find(|environment| environment.id == id)?;
    Some(EventEnvironment { id, slug: found.slug.clone() })
}
