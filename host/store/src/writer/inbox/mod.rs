//! The work that waits for the writer, shared by the callers and the writer's threads.
//!
//! The writer has one thread, or several where it writes beside others. The groups of one environment follow each other, so a
//! thread takes nothing of an environment that another one is committing; while others have nothing to do, a
//! group is of one environment, so that the next one need not wait for it.
//!
//! Jobs wait in a [fair queue](super::fair_queue), bounded in number and in cost. A source environment has at most half of
//! the queue to itself, and what it has left is shared by those that come later: a flow may be as large as the room that
//! it leaves. A sender's job is refused at once if its wait would be too long, and dropped if its wait was too long after
//! all, or if its caller went away. A job that the writer has taken is always finished, because a refusal after its commit
//! would double it, or put back before anything of it was written.

mod state;
#[cfg(test)]
mod tests;

use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use self::state::{Activity, State, Taken};
use super::{
    fair_queue::Flow,
    group::{EVENT_COST, Group, GroupLimits, GroupMember, Wait, Waiting},
    work::Work,
};
use crate::error::{CommitError, Overload};

/// The work of one source environment that shares its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct WorkFlow {
    /// The database id of the environment.
    pub(super) environment: i64,
    /// The database id of the source environment.
    pub(super) source_environment: i64,
    pub(super) kind: WorkKind,
}

/// The kind of work that a flow consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum WorkKind {
    /// Events.
    Events,
    /// Requests that verification refused. Anybody can send them, so they wait for the events.
    Refused,
}

impl Flow for WorkFlow {
    fn weight(self) -> u64 {
        match self.kind {
            WorkKind::Events => 4,
            WorkKind::Refused => 1,
        }
    }
}

/// The bounds of the queue.
#[derive(Debug, Clone, Copy)]
pub(super) struct QueueLimits {
    /// The largest number of waiting members.
    pub(super) members: usize,
    /// The largest cost of the waiting members, in bytes.
    pub(super) cost: u64,
    /// The longest time that a sender's job waits to be taken.
    pub(super) wait: Duration,
}

/// The waiting work.
pub(super) struct Inbox<B> {
    state: Mutex<State<B>>,
    /// One for each thread.
    called: Vec<Condvar>,
    limits: QueueLimits,
    group_limits: GroupLimits,
}

/// The next work of a thread of the writer.
pub(super) enum Next<B> {
    Group(Group),
    Other(Work<B>),
}

impl<B> Inbox<B> {
    /// Returns an inbox for so many threads. Each names itself by its number, from 0.
    pub(super) fn new(limits: QueueLimits, group_limits: GroupLimits, threads: usize) -> Self {
        let state = State::new(&group_limits, threads);
        let called = state.threads.iter().map(|_| Condvar::new()).collect();
        Self { state: Mutex::new(state), called, limits, group_limits }
    }

    fn lock(&self) -> MutexGuard<'_, State<B>> {
        // No panic can leave the state inconsistent: every change of it is complete before anything can panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns an error if a sender's job would be refused that comes after others of its flow, of the cost `upcoming`, which have
    /// not come yet.
    pub(super) fn admit(&self, flow: WorkFlow, upcoming: u64) -> Result<(), CommitError> {
        let state = self.lock();
        if state.is_closed {
            return Err(CommitError::closed());
        }
        state.check(flow, upcoming, EVENT_COST, &self.limits)
    }

    /// Adds a member. One of a sender is refused if there is no room or if it would wait for too long.
    pub(super) fn push(&self, member: GroupMember, may_expire: bool) -> Result<(), CommitError> {
        let (flow, cost) = (member.flow(), member.cost());
        let mut state = self.lock();
        if state.is_closed {
            return Err(CommitError::closed());
        }
        if may_expire {
            state.check(flow, 0, cost, &self.limits)?;
        }
        let wait = Wait { since: Instant::now(), may_expire };
        state.members.push(flow, cost, Waiting { member, wait });
        let is_busy = state.is_busy(flow.environment);
        self.wake(state, !is_busy);
        Ok(())
    }

    /// Puts members of the group that a thread took last back to the front of their flows, in order. They have waited since
    /// they first came, and are swept like the others. They are not refused, even if the inbox was closed meanwhile.
    pub(super) fn put_back(&self, thread: usize, members: Vec<Waiting>) {
        if members.is_empty() {
            return;
        }
        let mut state = self.lock();
        for waiting in members.into_iter().rev() {
            let (flow, cost) = (waiting.member.flow(), waiting.member.cost());
            if let Some(Taken::Group { cost: taken, .. }) = &mut state.threads[thread].taken {
                *taken = taken.saturating_sub(cost);
            }
            state.members.push_front(flow, cost, waiting);
        }
    }

    /// Adds what has come meanwhile, of the environments of a group that a thread took, up to the limits of a group.
    pub(super) fn top_up(&self, thread: usize, group: &mut Group) {
        self.lock().top_up(thread, group, &self.group_limits);
    }

    /// Adds work that is not part of a group.
    pub(super) fn push_other(&self, work: Work<B>) -> Result<(), CommitError> {
        let mut state = self.lock();
        if state.is_closed {
            return Err(CommitError::closed());
        }
        state.others.push_back(work);
        let may_run = !state.is_other_work_taken();
        self.wake(state, may_run);
        Ok(())
    }

    /// Takes nothing new from now on. What waits is still done.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.is_closed = true;
        drop(state);
        self.called.iter().for_each(Condvar::notify_one);
    }

    /// Wakes a thread if one is wanted and none looks for work already.
    fn wake(&self, mut state: MutexGuard<'_, State<B>>, is_wanted: bool) {
        let called = if is_wanted { state.call_one() } else { None };
        drop(state);
        if let Some(thread) = called {
            self.called[thread].notify_one();
        }
    }

    /// Returns the next work of a thread, and waits for it; `None` when the inbox is closed and nothing is left for the thread.
    /// Its work before that is finished.
    pub(super) fn next(&self, thread: usize) -> Option<Next<B>> {
        let mut state = self.lock();
        state.threads[thread].taken = None;
        loop {
            state.threads[thread].activity = Activity::Looks;
            state = self.wait_for_pace(thread, state);
            let next = state.take(thread, &self.group_limits);
            if next.is_some() || state.is_closed {
                // What waits for a busy environment is left to the thread that is busy with it.
                state.threads[thread].activity = Activity::Works;
                let is_left = state.has_work_for_sleepers();
                self.wake(state, is_left);
                return next;
            }
            state.threads[thread].activity = Activity::Sleeps;
            while state.threads[thread].activity == Activity::Sleeps && !state.is_closed {
                state = self.called[thread].wait(state).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }

    /// Waits while jobs arrive and the next group is not due.
    fn wait_for_pace<'s>(&'s self, thread: usize, mut state: MutexGuard<'s, State<B>>) -> MutexGuard<'s, State<B>> {
        let mut seen = 0;
        let mut first = None;
        loop {
            let load = state.members.load();
            let has_other_work = state.is_closed || !state.others.is_empty();
            let is_over = has_other_work || load.entries <= seen || load.cost >= self.group_limits.full_cost();
            let wait = if is_over { None } else { state.threads[thread].pace.wait(Instant::now()) };
            let Some(wait) = wait else {
                if let Some(first) = first {
                    state.threads[thread].pace.gained(load.entries.saturating_sub(first));
                }
                return state;
            };
            seen = load.entries;
            first.get_or_insert(seen);
            drop(state);
            std::thread::sleep(wait);
            state = self.lock();
        }
    }

    /// Learns how long the group took that a thread took last.
    pub(super) fn learn(&self, thread: usize) {
        let mut state = self.lock();
        if let Some(Taken::Group { at, cost, .. }) = state.threads[thread].taken {
            state.times.learn(cost, at.elapsed());
        }
    }

    /// Drops the members that nobody waits for, and those that have waited for too long.
    pub(super) fn sweep(&self) {
        let mut state = self.lock();
        let longest = self.limits.wait;
        let removed = state.members.retain(|waiting| !waiting.member.is_abandoned() && !waiting.wait.is_over(longest));
        drop(state);
        for waiting in removed {
            let waited_ms = waiting.wait.since.elapsed().as_millis();
            waiting.member.fail(&CommitError::Overloaded(Overload::Expired { waited_ms }));
        }
    }

    /// Returns the number of waiting members, and the longest time that present work of the writer has taken.
    pub(super) fn waiting(&self) -> (usize, Option<Duration>) {
        let state = self.lock();
        let taken = state.threads.iter().filter_map(|thread| thread.taken.as_ref());
        (state.members.load().entries, taken.map(|taken| taken.at().elapsed()).max())
    }
}

impl Wait {
    fn is_over(&self, longest: Duration) -> bool {
        self.may_expire && self.since.elapsed() > longest
    }
}
