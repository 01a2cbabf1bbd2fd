//! The dispatcher's loop.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};

use inlet_store::{BuiltDelivery, Claim, FinishedAttempt, Store};
use tokio::{
    runtime::Handle,
    sync::{Notify, watch},
    task::{Id, JoinSet},
};
use uuid::Uuid;

use super::{
    DispatcherOptions, StopTarget, claims::Claims, reads::Reads, store_share, target_runtime::TargetRuntime,
    turn::TurnTask, work::TaskEnd,
};
use crate::way_out::WayOut;

/// The time between two looks at all targets without a notice: other nodes give none.
pub(super) const POLL: Duration = Duration::from_secs(5);
/// The least time between two readings of the targets.
const RELOAD: Duration = Duration::from_millis(500);
/// The least time from one notice that deliveries may be due to the next one that is listened to: under load each commit of
/// events gives one.
const NOTICE_GAP: Duration = Duration::from_millis(5);
/// The wait after a turn that could not be written.
pub(super) const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// A running task.
pub enum Task {
    /// Building bodies.
    Build(Vec<Claim>),
    /// Sending one.
    Send(Claim),
}

/// The state of a dispatcher.
pub struct Run {
    pub(super) store: Arc<Store>,
    pub(super) reads: Reads,
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
    /// The time that the writer had spent on events when the last turn ended, and when that was.
    seen_groups: (Duration, Instant),
    /// The time at which the first claim is to be renewed, as of the last turn.
    pub(super) renew_at: Option<Instant>,
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
            reads: Reads::new(store.clone(), options.threads.is_some().then(Handle::current)),
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
            seen_groups: (Duration::ZERO, now),
            renew_at: None,
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
                Some(ended) = self.tasks.join_next_with_id() => {
                    self.task_ended(ended);
                    // All that ended by now: looking at everything again is for many of them.
                    while let Some(ended) = self.tasks.try_join_next_with_id() {
                        self.task_ended(ended);
                    }
                }
                Some(ended) = self.stops.join_next() => self.target_stopped(ended),
                ended = async { match &mut self.turn { Some(turn) => turn.await, None => std::future::pending().await } } => {
                    self.turn = None;
                    self.turn_ended(ended);
                }
                () = self.due.notified(), if self.listens(Instant::now()) => self.may_be_due(),
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
            // Then notices are listened to again.
            waits.push(self.noticed_at.map(|at| at + NOTICE_GAP).filter(|at| now < *at));
            let due = self.targets.values().filter_map(|target| target.wakes_at(now)).filter(|due| *due > now).min();
            let poll = Some(self.poll_at).filter(|_| is_running);
            waits.extend([self.renew_at, due, poll].map(|at| at.map(|at| at.max(self.turn_not_before))));
        }
        let wake = waits.into_iter().flatten().min();
        // What is late by now was looked at just before, and waits for something else; without a pause this would spin.
        wake.unwrap_or(now + POLL).max(now + Duration::from_millis(1))
    }

    /// Leaves the store to others after a turn that took so long.
    pub(super) fn pause(&mut self, turn: Duration, now: Instant) {
        let group_time = self.store.stats().group_time;
        let (seen_time, seen_at) = std::mem::replace(&mut self.seen_groups, (group_time, now));
        let since = now.saturating_duration_since(seen_at);
        self.turn_not_before = now + store_share::pause(turn, group_time.saturating_sub(seen_time), since);
    }

    /// Returns true if a notice changes anything now: a turn that is under way or not due yet sees what it is about.
    fn listens(&self, now: Instant) -> bool {
        let is_quiet = self.noticed_at.is_some_and(|at| now < at + NOTICE_GAP);
        self.deadline.is_none() && self.turn.is_none() && now >= self.turn_not_before && !is_quiet
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
