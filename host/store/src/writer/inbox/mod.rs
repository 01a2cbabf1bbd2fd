//! The work that waits for the writer, shared by the callers and the writer's thread.
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

use self::state::{State, Taken};
use super::{
    fair_queue::Flow,
    group::{EVENT_COST, Group, GroupLimits, GroupMember, Wait, Waiting},
    work::Work,
};
use crate::error::{CommitError, Overload};

/// The work of one source environment that shares its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum WorkFlow {
    /// Its events.
    Events(i64),
    /// The requests that verification refused. Anybody can send them, so they wait for the events.
    Refused(i64),
}

impl Flow for WorkFlow {
    fn weight(self) -> u64 {
        match self {
            Self::Events(_) => 4,
            Self::Refused(_) => 1,
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
    arrived: Condvar,
    limits: QueueLimits,
    group_limits: GroupLimits,
}

/// The next work of the writer.
pub(super) enum Next<B> {
    Group(Group),
    Other(Work<B>),
}

impl<B> Inbox<B> {
    pub(super) fn new(limits: QueueLimits, group_limits: GroupLimits) -> Self {
        let state = State::new(&group_limits);
        Self { state: Mutex::new(state), arrived: Condvar::new(), limits, group_limits }
    }

    fn lock(&self) -> MutexGuard<'_, State<B>> {
        // No panic can leave the state inconsistent: every change of it is complete before anything can panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns an error if a sender's job would be refused now.
    pub(super) fn admit(&self, flow: WorkFlow) -> Result<(), CommitError> {
        let state = self.lock();
        if state.is_closed {
            return Err(CommitError::closed());
        }
        state.check(flow, EVENT_COST, &self.limits)
    }

    /// Adds a member. One of a sender is refused if there is no room or if it would wait for too long.
    pub(super) fn push(&self, member: GroupMember, may_expire: bool) -> Result<(), CommitError> {
        let (flow, cost) = (member.flow(), member.cost());
        let mut state = self.lock();
        if state.is_closed {
            return Err(CommitError::closed());
        }
        if may_expire {
            state.check(flow, cost, &self.limits)?;
        }
        let wait = Wait { since: Instant::now(), may_expire };
        state.members.push(flow, cost, Waiting { member, wait });
        self.wake(state);
        Ok(())
    }

    /// Puts members of the group that was taken last back to the front of their flows, in order. They have waited since they
    /// first came, and are swept like the others. They are not refused, even if the inbox was closed meanwhile.
    pub(super) fn put_back(&self, members: Vec<Waiting>) {
        if members.is_empty() {
            return;
        }
        let mut state = self.lock();
        for waiting in members.into_iter().rev() {
            let (flow, cost) = (waiting.member.flow(), waiting.member.cost());
            if let Some(Taken { cost: Some(taken), .. }) = &mut state.taken {
                *taken = taken.saturating_sub(cost);
            }
            state.members.push_front(flow, cost, waiting);
        }
    }

    /// Adds work that is not part of a group.
    pub(super) fn push_other(&self, work: Work<B>) -> Result<(), CommitError> {
        let mut state = self.lock();
        if state.is_closed {
            return Err(CommitError::closed());
        }
        state.others.push_back(work);
        self.wake(state);
        Ok(())
    }

    /// Takes nothing new from now on. What waits is still done.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.is_closed = true;
        self.wake(state);
    }

    fn wake(&self, mut state: MutexGuard<'_, State<B>>) {
        let is_idle = std::mem::take(&mut state.is_idle);
        drop(state);
        if is_idle {
            self.arrived.notify_one();
        }
    }

    /// Returns the next work, and waits for it; `None` when the inbox is closed and empty. The work before it is finished.
    pub(super) fn next(&self) -> Option<Next<B>> {
        let mut state = self.lock();
        state.taken = None;
        loop {
            state = self.wait_for_pace(state);
            if let Some(next) = state.take(&self.group_limits) {
                return Some(next);
            }
            if state.is_closed {
                return None;
            }
            state.is_idle = true;
            state = self.arrived.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits while jobs arrive and the next group is not due.
    fn wait_for_pace<'s>(&'s self, mut state: MutexGuard<'s, State<B>>) -> MutexGuard<'s, State<B>> {
        let mut seen = 0;
        let mut first = None;
        loop {
            let load = state.members.load();
            let has_other_work = state.is_closed || !state.others.is_empty();
            let is_over = has_other_work || load.entries <= seen || load.cost >= self.group_limits.full_cost();
            let wait = if is_over { None } else { state.pace.wait(Instant::now()) };
            let Some(wait) = wait else {
                if let Some(first) = first {
                    state.pace.gained(load.entries.saturating_sub(first));
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

    /// Learns how long the group took that was taken last.
    pub(super) fn learn(&self) {
        let mut state = self.lock();
        if let Some(Taken { at, cost: Some(cost), .. }) = state.taken {
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

    /// Returns the number of waiting members, and the time that the writer's present work has taken.
    pub(super) fn waiting(&self) -> (usize, Option<Duration>) {
        let state = self.lock();
        (state.members.load().entries, state.taken.map(|taken| taken.at.elapsed()))
    }
}

impl Wait {
    fn is_over(&self, longest: Duration) -> bool {
        self.may_expire && self.since.elapsed() > longest
    }
}
