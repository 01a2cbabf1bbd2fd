//! A target while the dispatcher runs: its settings, and what is known of it.

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

use inlet_core::delivery::DeliveryClass;
use inlet_store::{ChangedHealth, Claim, ClaimWanted, TargetHealth, TargetRecord, TargetSecrets, TargetState};
use serde_json::Value;

use crate::{
    pace::{Breaker, BreakerState, Health, RateLimit, Slots},
    targets::{self, Target},
};

/// The most claims of a target that wait for a slot.
const MAX_WAITING: u32 = 512;
const MIN_WAITING: u32 = 16;
/// The claims that wait for a slot, for each request that ends between two claims: half of them are for first attempts, and
/// these wait for about two turns, until their body is built and stored. With twice as many the pace can grow.
const WAITING_PER_REQUEST: u32 = 8;

/// A target while the dispatcher runs.
pub struct TargetRuntime {
    /// The record that it was made from.
    pub record: TargetRecord,
    /// The slug of its environment, for metrics.
    pub environment: String,
    /// The target, or why its settings do not work.
    pub target: Result<Arc<dyn Target>, String>,
    /// Its requests under way.
    pub slots: Slots,
    /// Its circuit breaker.
    pub breaker: Breaker,
    /// The time for which it has been failing.
    pub health: Health,
    /// The health that is stored, or is being written; none if that failed.
    written_health: Option<TargetHealth>,
    /// Its rate.
    pub rate: RateLimit,
    /// The pace of its requests.
    pub pace: RequestPace,
    /// The claims that wait for a slot, by class.
    ready: [VecDeque<Claim>; 3],
    /// The time at which its next delivery is due; none if nothing is.
    pub next_due: Option<Instant>,
    /// True while a change of its state is being written.
    pub is_stopping: bool,
    /// The servers that share its limits.
    servers: u32,
}

impl TargetRuntime {
    /// Makes a target. Settings that do not work are an error of it, not of the dispatcher.
    pub fn new(record: TargetRecord, secrets: Option<&TargetSecrets>, now: Instant) -> Self {
        let target = parse(&record, secrets);
        let options = target.as_ref().ok().map(|target| target.options());
        let slots = Slots::new(options.map_or(1, |options| options.concurrency));
        let rate = RateLimit::new(options.and_then(|options| options.rate_per_second), now);
        Self {
            health: Health::of(record.health),
            written_health: Some(record.health),
            record,
            environment: String::new(),
            target,
            slots,
            breaker: Breaker::default(),
            rate,
            pace: RequestPace::default(),
            ready: Default::default(),
            next_due: Some(now),
            is_stopping: false,
            servers: 1,
        }
    }

    /// Takes its part of the target's rate and slots, which so many servers share. Each has one slot at least.
    pub fn share_among(&mut self, servers: u32) {
        let Ok(target) = &self.target else { return };
        if self.servers != servers {
            let mut slots = Slots::new(target.options().concurrency / servers.max(1));
            slots.take_over(&self.slots);
            self.slots = slots;
            self.rate.share_among(servers);
            self.servers = servers;
        }
    }

    /// Returns true if it was made from this record, or from one that differs in nothing that matters here.
    pub fn is_of(&self, record: &TargetRecord) -> bool {
        let Self { record: own, .. } = self;
        (own.version, own.state, own.state_since_ms) == (record.version, record.state, record.state_since_ms)
    }

    /// Takes over a newer record. What is known of a target stays, unless it runs again.
    pub fn update(&mut self, record: TargetRecord, secrets: Option<&TargetSecrets>, now: Instant) {
        let is_same_state = self.record.state_since_ms == record.state_since_ms;
        let mut fresh = Self::new(record, secrets, now);
        std::mem::swap(&mut fresh.ready, &mut self.ready);
        fresh.slots.take_over(&self.slots);
        fresh.environment = std::mem::take(&mut self.environment);
        fresh.pace = self.pace;
        if self.is_running() && is_same_state {
            fresh.breaker = self.breaker.clone();
            fresh.health = self.health.clone();
            fresh.written_health = self.written_health;
        }
        *self = fresh;
    }

    /// Returns the health to write, if it differs from the stored one, which it is from now on.
    pub fn changed_health(&mut self) -> Option<ChangedHealth> {
        let health = self.health.record();
        if self.written_health.replace(health) == Some(health) {
            return None;
        }
        Some(ChangedHealth { target: self.record.id, state_since_ms: self.record.state_since_ms, health })
    }

    /// Notes that the health could not be written.
    pub fn health_not_written(&mut self) {
        self.written_health = None;
    }

    /// Returns true if deliveries to it are sent.
    pub fn is_running(&self) -> bool {
        self.record.state == TargetState::Running && !self.is_stopping && self.target.is_ok()
    }

    /// Adds a claim that is ready to be sent.
    pub fn push(&mut self, class: DeliveryClass, claim: Claim) {
        self.ready[index(class)].push_back(claim);
    }

    /// Takes the next claim that may be sent now, and its slot. Otherwise returns the time at which to look again; none if
    /// nothing is to be done before something else happens.
    pub fn next_to_send(&mut self, now: Instant) -> Result<(Claim, DeliveryClass), Option<Instant>> {
        if !self.is_running() || self.ready.iter().all(VecDeque::is_empty) {
            return Err(None);
        }
        if let BreakerState::Open { until } = self.breaker.state(now) {
            return Err(Some(until));
        }
        // Late ones first: they are few and have waited longest.
        for class in [DeliveryClass::Late, DeliveryClass::First, DeliveryClass::Retry] {
            if self.ready[index(class)].is_empty() || !self.slots.take(class) {
                continue;
            }
            if let Err(until) = self.rate.take(now) {
                self.slots.give_back(class);
                return Err(Some(until));
            }
            if let Some(claim) = self.ready[index(class)].pop_front() {
                self.breaker.started(now);
                return Ok((claim, class));
            }
        }
        Err(None)
    }

    /// Returns what to claim now; none if nothing is due or there is no room. `waiting` counts the claims of a class that have
    /// not begun.
    pub fn wanted(&self, now: Instant, waiting: impl Fn(DeliveryClass) -> u32) -> Option<ClaimWanted> {
        if !self.is_running() || self.next_due.is_none_or(|due| due > now) {
            return None;
        }
        let room = match self.breaker.state(now) {
            BreakerState::Open { .. } => return None,
            BreakerState::Probe => 1,
            BreakerState::Closed => {
                let paced = self.pace.requests().saturating_mul(WAITING_PER_REQUEST);
                (self.slots.capacity() * 4).max(paced).clamp(MIN_WAITING, MAX_WAITING)
            }
        };
        let room_of = |class, share: u32| (room / share).max(1).saturating_sub(waiting(class));
        let wanted = ClaimWanted {
            target: self.record.id,
            first_attempts: room_of(DeliveryClass::First, 2),
            retries: room_of(DeliveryClass::Retry, 4),
            late: room_of(DeliveryClass::Late, 4),
        };
        // Each turn costs a transaction, so claims are made by the handful.
        let is_worth_it =
            wanted.first_attempts >= (room / 8).max(1) || wanted.retries + wanted.late >= (room / 8).max(1);
        is_worth_it.then_some(wanted)
    }

    /// Returns the time at which to look at it again, if nothing happens before.
    pub fn wakes_at(&self, now: Instant) -> Option<Instant> {
        let due = self.next_due.filter(|_| self.is_running())?;
        Some(match self.breaker.state(now) {
            BreakerState::Open { until } => due.max(until),
            _ => due,
        })
    }

    /// Returns true if the end of a delivery may make another one due.
    pub fn is_ordered(&self) -> bool {
        self.record.routing.order.is_some() || self.record.routing.has_cancel
    }

    /// Notes that deliveries to it may be due at a time.
    pub fn may_be_due(&mut self, at: Instant) {
        self.next_due = Some(self.next_due.map_or(at, |due| due.min(at)));
    }

    /// Notes the time until its next delivery is due.
    pub fn due_in(&mut self, wait: Option<Duration>, now: Instant) {
        self.next_due = wait.map(|wait| now + wait);
    }
}

/// The requests of a target that end between two claims: a fast target needs more claims at once than a slow one.
#[derive(Debug, Clone, Copy, Default)]
pub struct RequestPace {
    now: u32,
    before: u32,
}

impl RequestPace {
    /// Counts the end of a request.
    pub fn ended(&mut self) {
        self.now = self.now.saturating_add(1);
    }

    /// Notes a claim. What a target did before counts less and less.
    pub fn claims(&mut self) {
        self.before = self.requests().max(self.before / 2);
        self.now = 0;
    }

    /// Returns the requests from one claim to the next.
    fn requests(self) -> u32 {
        self.now.max(self.before)
    }
}

fn parse(record: &TargetRecord, secrets: Option<&TargetSecrets>) -> Result<Arc<dyn Target>, String> {
    let read =
        |text: &str| serde_json::from_str::<Value>(text).map_err(|_| "the stored settings are no JSON".to_owned());
    let settings = read(&record.settings)?;
    let secrets = secrets.map_or(Ok(Value::Null), |secrets| read(&secrets.0))?;
    let target = targets::parse(&record.kind, &settings, &secrets).map_err(|error| error.to_string())?;
    Ok(Arc::from(target))
}

fn index(class: DeliveryClass) -> usize {
    match class {
        DeliveryClass::First => 0,
        DeliveryClass::Retry => 1,
        DeliveryClass::Late => 2,
    }
}
