//! The dispatcher's loop.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};

use inlet_store::{BuiltDelivery, Claim, FinishedAttempt, Store};
use tokio::{
    sync::{Notify, watch},
    task::{Id, JoinSet},
};
use uuid::Uuid;

use super::{
    DispatcherOptions, StopTarget, claims::Claims, target_runtime::TargetRuntime, turn::TurnTask, work::TaskEnd,
};
use crate::way_out::WayOut;

/// The time between two looks at all targets without a notice: other nodes give none.
pub(super) const POLL: Duration = Duration::from_secs(5);
/// The least time between two readings of the targets.
const RELOAD: Duration = Duration::from_millis(500);
/// The share of its own time for which a turn leaves the store to others, and the longest such pause. Events that are
/// committed meanwhile make turns longer and so rarer, and each of them takes more.
pub(super) const TURN_PAUSE: u32 = 2;
pub(super) const MAX_TURN_PAUSE: Duration = Duration::from_millis(50);
/// The wait after a turn that could not be written.
pub(super) const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// A running task.
pub enum Task {
    /// Building a body.
    Build(Claim),
    /// Sending one.
    Send(Claim),
}

/// The state of a dispatcher.
pub struct Run {
    pub(super) store: Arc<Store>,
    pub(super) way_out: WayOut,
    pub(super) stop_target: Arc<dyn StopTarget>,
    pub(super) options: DispatcherOptions,
    pub(super) stopped: watch::Receiver<Option<Duration>>,
    pub(super) due: Arc<Notify>,
    pub(super) owner: Uuid,
    pub(super) targets: HashMap<i64, TargetRuntime>,
    pub(super) reload_at: Instant,
    /// The changes of targets that were made when the targets were read last.
    pub(super) seen_changes: u64,
    pub(super) poll_at: Instant,
    /// The time of the last notice that deliveries may be due.
    pub(super) noticed_at: Option<Instant>,
    pub(super) claims: Claims,
    pub(super) to_build: VecDeque<Claim>,
    pub(super) builds: usize,
    pub(super) requests: usize,
    pub(super) bodies: Vec<BuiltDelivery>,
    pub(super) finished: Vec<FinishedAttempt>,
    pub(super) tasks: JoinSet<TaskEnd>,
    pub(super) tasks_of: HashMap<Id, Task>,
    pub(super) stops: JoinSet<(i64, bool)>,
    pub(super) turn: Option<TurnTask>,
    pub(super) turn_not_before: Instant,
    /// The end of the time for requests under way; set when it stops.
    pub(super) deadline: Option<Instant>,
}

impl Run {
    /// Makes a dispatcher that has claimed nothing.
    pub fn new(
        store: Arc<Store>,
        way_out: WayOut,
        stop_target: Arc<dyn StopTarget>,
        options: DispatcherOptions,
        stopped: watch::Receiver<Option<Duration>>,
    ) -> Self {
        let now = Instant::now();
        Self {
            due: store.deliveries_due(),
            store,
            way_out,
            stop_target,
            options,
            stopped,
            owner: Uuid::now_v7(),
            targets: HashMap::new(),
            reload_at: now,
            seen_changes: 0,
            poll_at: now,
            noticed_at: None,
            claims: Claims::default(),
            to_build: VecDeque::new(),
            builds: 0,
            requests: 0,
            bodies: Vec::new(),
            finished: Vec::new(),
            tasks: JoinSet::new(),
            tasks_of: HashMap::new(),
            stops: JoinSet::new(),
            turn: None,
            turn_not_before: now,
            deadline: None,
        }
    }

    /// Runs until it is stopped.
    pub async fn run(mut self) {
        loop {
            let now = Instant::now();
            let is_changed = self.store.target_changes() != self.seen_changes;
            if (is_changed || now >= self.reload_at) && self.deadline.is_none() {
                self.reload(now).await;
            }
            self.start_builds();
            let next_send = self.start_sends(now);
            self.start_turn(now);
            if self.deadline.is_some_and(|deadline| self.is_over(deadline, now)) {
                return;
            }
            let wake = self.wakes_at(now, next_send);
            tokio::select! {
                Some(ended) = self.tasks.join_next_with_id() => self.task_ended(ended),
                Some(ended) = self.stops.join_next() => self.target_stopped(ended),
                ended = async { match &mut self.turn { Some(turn) => turn.await, None => std::future::pending().await } } => {
                    self.turn = None;
                    self.turn_ended(ended);
                }
                () = self.due.notified(), if self.deadline.is_none() => self.may_be_due(),
                Ok(()) = self.stopped.changed(), if self.deadline.is_none() => self.stop(),
                () = tokio::time::sleep_until(wake.into()) => {}
            }
        }
    }

    /// Begins to stop: gives back what was not begun.
    fn stop(&mut self) {
        let Some(grace) = *self.stopped.borrow() else { return };
        self.deadline = Some(Instant::now() + grace);
        self.hand_back(|_| true);
    }

    /// Returns true if everything that was begun is written, or its time is over.
    fn is_over(&self, deadline: Instant, now: Instant) -> bool {
        let is_idle =
            self.turn.is_none() && self.claims.is_empty() && self.finished.is_empty() && self.stops.is_empty();
        is_idle || now >= deadline
    }

    /// Returns the time at which to look at everything again, if nothing happens before.
    fn wakes_at(&self, now: Instant, next_send: Option<Instant>) -> Instant {
        let is_running = self.deadline.is_none();
        let mut waits = vec![next_send, self.deadline, Some(self.reload_at).filter(|_| is_running)];
        if self.turn.is_none() {
            // A turn that is due waits for its time. Without one, it waits for room, which is an event.
            waits.push(Some(self.turn_not_before).filter(|at| now < *at));
            let lease = self.claims.iter().map(|held| held.held_until).min();
            // Renewals are due at a third of the lease.
            let renewal = lease.map(|until| until.checked_sub(self.options.lease * 2 / 3).unwrap_or(until));
            let due = self.targets.values().filter_map(|target| target.wakes_at(now)).filter(|due| *due > now).min();
            let poll = Some(self.poll_at).filter(|_| is_running);
            waits.extend([renewal, due, poll].map(|at| at.map(|at| at.max(self.turn_not_before))));
        }
        let wake = waits.into_iter().flatten().min();
        // What is late by now was looked at just before, and waits for something else; without a pause this would spin.
        wake.unwrap_or(now + POLL).max(now + Duration::from_millis(1))
    }

    fn may_be_due(&mut self) {
        let now = Instant::now();
        self.noticed_at = Some(now);
        for target in self.targets.values_mut() {
            target.may_be_due(now);
        }
        self.reload_at = self.reload_at.min(now + RELOAD);
        if self.targets.is_empty() {
            self.reload_at = now;
        }
    }
}
