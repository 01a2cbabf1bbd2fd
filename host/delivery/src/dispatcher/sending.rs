//! Building bodies and sending them.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use inlet_core::delivery::DeliveryCall;
use inlet_store::{AttemptNext, BuiltDelivery, Claim, DeliveryRecord};
use tokio::task::{Id, JoinError};

use super::{
    claims::Stage,
    health_log::{self, Stop},
    outcome,
    run::{Run, Task},
    target_runtime::TargetRuntime,
    work::{self, BuildEnd, SendEnd, TaskEnd, ToBuild},
};
use crate::{
    pace::{BreakerState, Signal},
    targets::Target,
    verdict::Verdict,
};

/// The most tasks that build bodies at once. Each reads on a connection of its own.
const MAX_BUILDS: usize = 4;
/// The most recipients of the deliveries whose bodies one task builds, unless it builds a single one.
const MAX_TOGETHER: u32 = 32;
/// The wait of a delivery that could not be read, or is about to be canceled.
const UNREADABLE: Duration = Duration::from_secs(5);

impl Run {
    /// Starts to build the bodies of claimed deliveries that have none.
    pub(super) fn start_builds(&mut self) {
        while self.builds < MAX_BUILDS && self.deadline.is_none() && !self.to_build.is_empty() {
            let (mut together, mut triggers, mut recipients) = (Vec::new(), Vec::new(), 0);
            while let Some((to_build, delivery)) = self.next_to_build(MAX_TOGETHER - recipients) {
                if delivery.call == DeliveryCall::Trigger && delivery.recipients <= MAX_TOGETHER {
                    recipients += delivery.recipients;
                    together.push(to_build);
                    triggers.push(delivery);
                    continue;
                }
                let claims = vec![to_build.claim];
                self.start_build(claims, work::build(self.reads.clone(), to_build, delivery));
                break;
            }
            if !together.is_empty() {
                let claims = together.iter().map(|one| one.claim).collect();
                self.start_build(claims, work::build_triggers(self.reads.clone(), together, triggers));
            }
        }
    }

    /// Takes the next delivery whose body is to be built. One that would be built together with others waits if it has more
    /// than `room` recipients.
    fn next_to_build(&mut self, room: u32) -> Option<(ToBuild, DeliveryRecord)> {
        while let Some(claim) = self.to_build.front().copied() {
            let Some(held) = self.claims.get_mut(claim).filter(|held| held.stage == Stage::ToBuild) else {
                self.to_build.pop_front();
                continue;
            };
            if held.delivery.recipients > room && held.delivery.recipients <= MAX_TOGETHER {
                return None;
            }
            self.to_build.pop_front();
            let target = self.targets.get(&held.delivery.target_id).filter(|target| target.is_running());
            let Some(Ok(target)) = target.map(|target| target.target.clone()) else {
                self.end(claim, None, AttemptNext::HandBack);
                continue;
            };
            held.stage = Stage::Building;
            return Some((ToBuild { claim, target }, held.delivery.clone()));
        }
        None
    }

    fn start_build(&mut self, claims: Vec<Claim>, build: impl Future<Output = TaskEnd> + Send + 'static) {
        let task = self.tasks.spawn(build);
        self.tasks_of.insert(task.id(), Task::Build(claims));
        self.builds += 1;
    }

    /// Starts the requests that may be sent now; returns the time at which to look again.
    pub(super) fn start_sends(&mut self, now: Instant) -> Option<Instant> {
        if self.deadline.is_some() {
            return None;
        }
        let ids: Vec<i64> = self.targets.keys().copied().collect();
        let mut wake: Option<Instant> = None;
        for id in ids {
            loop {
                let left = self.options.max_requests.saturating_sub(self.requests);
                let Some(target) = self.targets.get_mut(&id).filter(|_| left > 0) else { break };
                // Each target may take half of what the others leave, so that slow ones leave room for every other.
                if target.slots.under_way() as usize > left / 2 {
                    break;
                }
                match target.next_to_send(now) {
                    Err(until) => {
                        wake = [wake, until].into_iter().flatten().min();
                        break;
                    }
                    Ok((claim, class)) => {
                        let sendable = target.target.clone();
                        if !sendable.is_ok_and(|target| self.start_send(target, claim, now))
                            && let Some(target) = self.targets.get_mut(&id)
                        {
                            target.slots.give_back(class);
                            target.breaker.dropped();
                        }
                    }
                }
            }
        }
        wake
    }

    /// Starts a request; returns false if its claim has ended, or ends before it could be written.
    pub(super) fn start_send(&mut self, target: Arc<dyn Target>, claim: Claim, now: Instant) -> bool {
        let body = self.claims.take_body(claim);
        let Some(held) = self.claims.get_mut(claim).filter(|held| held.stage == Stage::Ready) else { return false };
        if now >= held.held_until {
            // Somebody else may send it by now.
            self.claims.remove(claim);
            return false;
        }
        held.stage = Stage::Sending;
        let sending = work::send(self.reads.clone(), self.way_out.clone(), target, claim, held.delivery.clone(), body);
        let task = self.tasks.spawn(sending);
        self.tasks_of.insert(task.id(), Task::Send(claim));
        held.abort = Some(task);
        self.requests += 1;
        true
    }

    /// Takes the end of a task over.
    pub(super) fn task_ended(&mut self, ended: Result<(Id, TaskEnd), JoinError>) {
        match ended {
            Ok((id, TaskEnd::Built(ends))) => {
                self.tasks_of.remove(&id);
                self.builds -= 1;
                for (claim, end) in ends {
                    self.built(claim, end);
                }
            }
            Ok((id, TaskEnd::RunCanceled(claim))) => {
                self.tasks_of.remove(&id);
                self.not_sent(claim);
            }
            Ok((id, TaskEnd::Sent(claim, end))) => {
                self.tasks_of.remove(&id);
                self.sent(claim, *end);
            }
            Err(error) => {
                // Requests whose claim is lost are aborted, and counted there.
                let Some(task) = self.tasks_of.remove(&error.id()).filter(|_| error.is_panic()) else { return };
                let reason = "an error of the server; its log says more".to_owned();
                match task {
                    Task::Build(claims) => {
                        self.builds -= 1;
                        self.build_panicked(claims, reason);
                    }
                    Task::Send(claim) => {
                        tracing::error!(
                            seq = claim.seq,
                            "the sending of a delivery panicked; it counts as a failed attempt"
                        );
                        let verdict = Verdict::Retry { reason, after: None };
                        let attempt = work::unsent(&verdict);
                        self.sent(claim, SendEnd { verdict, attempt });
                    }
                }
            }
        }
    }

    /// Gives up the delivery whose building panicked. Of several that were built together, each is built alone, so that it is
    /// known which one it was.
    fn build_panicked(&mut self, claims: Vec<Claim>, reason: String) {
        if let [claim] = claims[..] {
            tracing::error!(seq = claim.seq, "the building of a delivery's body panicked; it is given up");
            return self.built(claim, BuildEnd::Impossible(reason));
        }
        for claim in claims {
            let Some(held) = self.claims.get_mut(claim).filter(|held| held.stage == Stage::Building) else { continue };
            let target = self.targets.get(&held.delivery.target_id);
            let Some(Ok(target)) = target.map(|target| target.target.clone()) else {
                self.end(claim, None, AttemptNext::HandBack);
                continue;
            };
            let delivery = held.delivery.clone();
            self.start_build(vec![claim], work::build(self.reads.clone(), ToBuild { claim, target }, delivery));
        }
    }

    /// Notes that the building of a body ended.
    pub(super) fn built(&mut self, claim: Claim, end: BuildEnd) {
        let Some(held) = self.claims.get_mut(claim).filter(|held| held.stage == Stage::Building) else { return };
        match end {
            BuildEnd::Built(built) => {
                held.stage = Stage::Storing;
                self.bodies.push(BuiltDelivery { claim, body: built.body, covered: built.covered });
            }
            BuildEnd::NobodyLeft => self.end(claim, None, AttemptNext::Canceled),
            BuildEnd::Impossible(reason) => {
                let attempt = work::unsent(&Verdict::Dead { reason });
                self.end(claim, Some(attempt), AttemptNext::Dead { is_counted: true });
            }
            BuildEnd::Unreadable(reason) => {
                tracing::error!(seq = claim.seq, reason, "a delivery cannot be read; it is tried again");
                let next = AttemptNext::Retry { after: UNREADABLE, is_counted: false, may_be_sent: false };
                self.end(claim, None, next);
            }
        }
    }

    /// Notes that a request was not begun, because another turn with the store decides about its delivery.
    fn not_sent(&mut self, claim: Claim) {
        let Some(held) = self.claims.get(claim).filter(|held| held.stage == Stage::Sending) else { return };
        let (id, class) = (held.delivery.target_id, held.class);
        self.requests -= 1;
        if let Some(target) = self.targets.get_mut(&id) {
            target.slots.give_back(class);
            target.breaker.dropped();
        }
        let next = AttemptNext::Retry { after: UNREADABLE, is_counted: false, may_be_sent: false };
        self.end(claim, None, next);
    }

    /// Notes that a request ended.
    pub(super) fn sent(&mut self, claim: Claim, SendEnd { verdict, attempt }: SendEnd) {
        let now = Instant::now();
        let Some(held) = self.claims.get(claim).filter(|held| held.stage == Stage::Sending) else { return };
        let (id, class) = (held.delivery.target_id, held.class);
        let age = held.age + now.saturating_duration_since(held.claimed_at);
        let next = outcome::next(&verdict, &held.delivery, age, &self.options.schedule, random());
        self.requests -= 1;
        let mut stop = Stop::of_verdict(&verdict);
        if let Some(target) = self.targets.get_mut(&id) {
            target.slots.give_back(class);
            target.pace.ended();
            health_log::count(target, &attempt.outcome, attempt.duration_ms);
            // What ends while it is being stopped says nothing new.
            let signal = note(target, &verdict, attempt.status, now, self.store.clock().now_ms())
                .filter(|_| !target.is_stopping);
            if let Some(signal) = signal {
                health_log::log(&target.record, signal);
            }
            self.options.healths.note(target, &verdict, attempt.status, signal);
            if signal == Some(Signal::Disable) {
                stop = stop.or_else(|| Some(Stop::of_failures()));
            }
        }
        self.end(claim, Some(attempt), next);
        let is_open = |target: &TargetRuntime| matches!(target.breaker.state(now), BreakerState::Open { .. });
        if self.targets.get(&id).is_some_and(is_open) {
            // What waits for the target need not be held meanwhile.
            self.hand_back(|held| held.delivery.target_id == id);
        }
        if let Some(stop) = stop {
            self.stop_target(id, stop);
        }
    }
}

/// Notes in a target what an attempt says about it. `store_ms` is the store's time.
fn note(
    target: &mut TargetRuntime,
    verdict: &Verdict,
    status: Option<u16>,
    now: Instant,
    store_ms: i64,
) -> Option<Signal> {
    match verdict {
        Verdict::Delivered { .. } => {
            target.breaker.succeeded();
            target.health.succeeded()
        }
        Verdict::Throttled { after, .. } => {
            target.breaker.dropped();
            target.rate.hold(now, *after);
            None
        }
        Verdict::Retry { .. } | Verdict::NotSent { .. } => {
            target.breaker.failed(now);
            target.health.failed(store_ms)
        }
        // The target works; only this request does not.
        Verdict::Dead { .. } if status.is_some() => {
            target.breaker.succeeded();
            None
        }
        Verdict::Dead { .. } | Verdict::WrongCredentials { .. } | Verdict::TargetGone { .. } => {
            target.breaker.dropped();
            None
        }
    }
}

/// Returns a random number from 0 to 1; the middle if the system has none.
fn random() -> f64 {
    getrandom::u32().map_or(0.5, |number| f64::from(number) / f64::from(u32::MAX))
}
