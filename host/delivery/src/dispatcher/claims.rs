//! The deliveries that this dispatcher has claimed.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use inlet_core::delivery::DeliveryClass;
use inlet_store::{Claim, ClaimedDelivery, DeliveryRecord, StoredBody};
use tokio::task::AbortHandle;

/// A claimed delivery.
#[derive(Debug)]
pub struct Held {
    /// The right to it.
    pub claim: Claim,
    /// The delivery as it was claimed.
    pub delivery: DeliveryRecord,
    /// Its class when it was claimed.
    pub class: DeliveryClass,
    /// Its age when it was claimed.
    pub age: Duration,
    /// The time of the claim.
    pub claimed_at: Instant,
    /// The time until which nobody else claims it.
    pub held_until: Instant,
    /// The step that it is at.
    pub stage: Stage,
    /// The body, if it is kept in memory.
    pub body: Option<StoredBody>,
    /// Ends its task.
    pub abort: Option<AbortHandle>,
}

/// The step that a claimed delivery is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// It has no body yet.
    ToBuild,
    /// Its body is being built.
    Building,
    /// Its body is written by the next turn.
    Storing,
    /// It waits for a slot.
    Ready,
    /// Its request is under way.
    Sending,
    /// Its end is written by the next turn.
    Ending,
}

impl Held {
    /// Takes a claim over. `lease` counts from `at`, the time at which the claim was asked for.
    pub fn new(claimed: ClaimedDelivery, at: Instant, lease: Duration) -> Self {
        let ClaimedDelivery { claim, delivery, age } = claimed;
        let stage = if delivery.body_bytes.is_some() { Stage::Ready } else { Stage::ToBuild };
        // The claim itself counts as a try.
        let class = DeliveryClass::of(delivery.tries.saturating_sub(1));
        Self { claim, delivery, class, age, claimed_at: at, held_until: at + lease, stage, body: None, abort: None }
    }

    /// Returns true if nothing was sent under this claim.
    pub fn is_unsent(&self) -> bool {
        !matches!(self.stage, Stage::Sending | Stage::Ending)
    }

    /// Returns the size of the body that is kept.
    pub fn kept_bytes(&self) -> u64 {
        self.body.as_ref().map_or(0, |body| body.body.len() as u64)
    }
}

/// All claims, by the number of their delivery.
#[derive(Debug, Default)]
pub struct Claims {
    held: HashMap<i64, Held>,
    kept_bytes: u64,
}

impl Claims {
    /// Adds a claim; returns an older claim of the same delivery, which is lost.
    pub fn insert(&mut self, held: Held) -> Option<Held> {
        self.kept_bytes += held.kept_bytes();
        let older = self.held.insert(held.claim.seq, held);
        self.kept_bytes -= older.as_ref().map_or(0, Held::kept_bytes);
        older
    }

    /// Removes a claim, unless the delivery is held by another one.
    pub fn remove(&mut self, claim: Claim) -> Option<Held> {
        self.get(claim)?;
        let removed = self.held.remove(&claim.seq);
        self.kept_bytes -= removed.as_ref().map_or(0, Held::kept_bytes);
        removed
    }

    /// Returns what is held by a claim.
    pub fn get(&self, claim: Claim) -> Option<&Held> {
        self.held.get(&claim.seq).filter(|held| held.claim == claim)
    }

    /// Returns what is held by a claim.
    pub fn get_mut(&mut self, claim: Claim) -> Option<&mut Held> {
        self.held.get_mut(&claim.seq).filter(|held| held.claim == claim)
    }

    /// Keeps a body in memory if there is room for it.
    pub fn keep_body(&mut self, claim: Claim, body: StoredBody, most: u64) {
        let bytes = body.body.len() as u64;
        if self.kept_bytes + bytes > most {
            return;
        }
        if let Some(held) = self.held.get_mut(&claim.seq).filter(|held| held.claim == claim && held.body.is_none()) {
            held.body = Some(body);
            self.kept_bytes += bytes;
        }
    }

    /// Takes a body out of memory.
    pub fn take_body(&mut self, claim: Claim) -> Option<StoredBody> {
        let body = self.held.get_mut(&claim.seq).filter(|held| held.claim == claim)?.body.take();
        self.kept_bytes -= body.as_ref().map_or(0, |body| body.body.len() as u64);
        body
    }

    /// Returns all that is held.
    pub fn iter(&self) -> impl Iterator<Item = &Held> {
        self.held.values()
    }

    /// Counts the claims whose request has not begun, by target and class.
    pub fn waiting(&self) -> HashMap<(i64, DeliveryClass), usize> {
        let mut counts = HashMap::new();
        for held in self.held.values().filter(|held| held.is_unsent()) {
            *counts.entry((held.delivery.target_id, held.class)).or_default() += 1;
        }
        counts
    }

    /// Returns true if nothing is held.
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }
}
