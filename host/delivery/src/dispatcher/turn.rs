//! Turns with the store.

use std::{sync::Arc, time::Instant};

use futures_util::future::BoxFuture;
use inlet_core::delivery::DeliveryClass;
use inlet_store::{
    AttemptNext, BuiltDelivery, Claim, CommitError, DeliveryTurn, DeliveryTurnResult, FinishedAttempt, Store,
};

use super::{
    claims::{Held, Stage},
    run::{AFTER_FAILURE, POLL, Run},
    target_runtime::TargetRuntime,
};

/// A turn that is under way.
pub type TurnTask = BoxFuture<'static, TurnEnd>;

/// The end of a turn.
pub struct TurnEnd {
    /// The turn as it was taken.
    pub turn: DeliveryTurn,
    /// The time at which it began. Leases count from it at the earliest.
    pub started: Instant,
    /// Its result.
    pub result: Result<DeliveryTurnResult, CommitError>,
}

/// Takes a turn.
fn take(store: Arc<Store>, turn: DeliveryTurn) -> TurnTask {
    Box::pin(async move {
        let started = Instant::now();
        let result = store.delivery_turn(turn.clone()).await;
        metrics::histogram!("inlet_delivery_turn_seconds").record(started.elapsed().as_secs_f64());
        TurnEnd { turn, started, result }
    })
}

/// Returns true if a turn does nothing.
fn is_empty(turn: &DeliveryTurn) -> bool {
    let DeliveryTurn { bodies, finished, health, renewed, wanted, .. } = turn;
    bodies.is_empty() && finished.is_empty() && health.is_empty() && renewed.is_empty() && wanted.is_empty()
}

impl Run {
    /// Starts a turn if there is something to write or to claim.
    pub(super) fn start_turn(&mut self, now: Instant) {
        if self.turn.is_some() || now < self.turn_not_before {
            return;
        }
        let mut turn = DeliveryTurn::new(self.owner, self.options.lease);
        turn.bodies = std::mem::take(&mut self.bodies);
        turn.finished = std::mem::take(&mut self.finished);
        turn.health = self.targets.values_mut().filter_map(TargetRuntime::changed_health).collect();
        if self.renew_at.is_some_and(|at| at <= now) {
            let renewal = self.options.lease * 2 / 3;
            let is_due =
                |held: &&Held| held.stage != Stage::Ending && held.held_until.saturating_duration_since(now) <= renewal;
            turn.renewed = self.claims.iter().filter(is_due).map(|held| held.claim).collect();
            self.set_renewal();
        }
        if self.deadline.is_none() {
            if now >= self.poll_at {
                self.poll_at = now + POLL;
                self.targets.values_mut().for_each(|target| target.may_be_due(now));
            }
            let waiting = self.claims.waiting();
            turn.wanted = self
                .targets
                .values()
                .filter_map(|target| {
                    let waiting = |class: DeliveryClass| {
                        let count = waiting.get(&(target.record.id, class)).copied().unwrap_or(0);
                        u32::try_from(count).unwrap_or(u32::MAX)
                    };
                    target.wanted(now, waiting)
                })
                .collect();
        }
        for wanted in &turn.wanted {
            if let Some(target) = self.targets.get_mut(&wanted.target) {
                target.pace.claims();
            }
        }
        if !is_empty(&turn) {
            self.turn = Some(take(self.store.clone(), turn));
        }
    }

    /// Takes the result of a turn over.
    pub(super) fn turn_ended(&mut self, TurnEnd { turn, started, result }: TurnEnd) {
        let now = Instant::now();
        let result = match result {
            Ok(result) => result,
            Err(error) => {
                tracing::error!(%error, "deliveries cannot be written; nothing more is claimed until they can be");
                // In front of what came meanwhile: a body is written before the end of its attempt.
                self.bodies.splice(0..0, turn.bodies);
                self.finished.splice(0..0, turn.finished);
                for changed in turn.health {
                    if let Some(target) = self.targets.get_mut(&changed.target) {
                        target.health_not_written();
                    }
                }
                self.turn_not_before = now + AFTER_FAILURE;
                return;
            }
        };
        self.pause(now.saturating_duration_since(started), now);
        for claim in result.lost {
            tracing::warn!(seq = claim.seq, "a delivery was taken over by another worker; nothing is written for it");
            self.forget(claim);
        }
        for FinishedAttempt { claim, next, .. } in turn.finished {
            let Some(held) = self.claims.remove(claim) else { continue };
            let Some(target) = self.targets.get_mut(&held.delivery.target_id) else { continue };
            match next {
                AttemptNext::Retry { after, .. } => target.may_be_due(now + after),
                AttemptNext::HandBack => target.may_be_due(now),
                // The next one of its order may be due.
                _ if target.is_ordered() => target.may_be_due(now),
                _ => {}
            }
        }
        let is_renewed = !turn.renewed.is_empty();
        for claim in turn.renewed {
            if let Some(held) = self.claims.get_mut(claim) {
                held.held_until = started + turn.lease;
            }
        }
        for BuiltDelivery { claim, body, covered } in turn.bodies {
            let Some(held) = self.claims.get_mut(claim).filter(|held| held.stage == Stage::Storing) else { continue };
            held.stage = Stage::Ready;
            let has_rest = covered < held.delivery.recipients;
            held.delivery.recipients = covered;
            let (class, target) = (held.class, held.delivery.target_id);
            if let Some(target) = self.targets.get_mut(&target).filter(|_| has_rest) {
                target.may_be_due(now);
            }
            self.claims.keep_body(claim, body, self.options.max_body_bytes);
            self.make_ready(target, class, claim);
        }
        for wanted in &turn.wanted {
            let next = result.next_due.iter().find(|(target, _)| *target == wanted.target);
            if let Some(target) = self.targets.get_mut(&wanted.target) {
                target.due_in(next.map(|(_, wait)| *wait), now);
                // The turn may not have seen what the notice was about.
                if self.noticed_at.is_some_and(|at| at >= started) {
                    target.may_be_due(now);
                }
            }
        }
        let is_claimed = !result.claimed.is_empty();
        for claimed in result.claimed {
            let held = Held::new(claimed, started, turn.lease);
            let (claim, class, target, stage) = (held.claim, held.class, held.delivery.target_id, held.stage);
            // An older claim of the same delivery ended without our notice.
            if let Some(older) = self.claims.insert(held) {
                self.release(&older);
            }
            if self.deadline.is_some() {
                self.end(claim, None, AttemptNext::HandBack);
            } else if stage == Stage::Ready {
                self.make_ready(target, class, claim);
            } else {
                self.to_build.push_back(claim);
            }
        }
        if is_claimed || is_renewed {
            self.set_renewal();
        }
    }

    /// Notes when the first claim is to be renewed: at a third of its lease.
    fn set_renewal(&mut self) {
        let lease = self.claims.iter().filter(|held| held.stage != Stage::Ending).map(|held| held.held_until).min();
        self.renew_at = lease.map(|until| until.checked_sub(self.options.lease * 2 / 3).unwrap_or(until));
    }

    /// Lets a claim wait for a slot of its target.
    pub(super) fn make_ready(&mut self, target: i64, class: DeliveryClass, claim: Claim) {
        match self.targets.get_mut(&target).filter(|target| target.is_running()) {
            Some(target) if self.deadline.is_none() => target.push(class, claim),
            _ => self.end(claim, None, AttemptNext::HandBack),
        }
    }
}
