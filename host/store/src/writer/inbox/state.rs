//! The waiting work: the room for more, the expected wait, and what the writer takes next.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use super::{Next, QueueLimits, WorkFlow};
use crate::{
    error::{CommitError, Overload},
    writer::{
        fair_queue::FairQueue,
        group::{Group, GroupLimits, Waiting},
        pace::Pace,
        service_times::ServiceTimes,
        work::Work,
    },
};

/// The waiting work, and what is known about the writer's speed.
pub(super) struct State<B> {
    pub(super) members: FairQueue<WorkFlow, Waiting>,
    pub(super) others: VecDeque<Work<B>>,
    /// True if members are next although other work waits.
    pub(super) prefers_members: bool,
    /// The work that the writer has taken.
    pub(super) taken: Option<Taken>,
    pub(super) times: ServiceTimes,
    pub(super) pace: Pace,
    pub(super) is_closed: bool,
    /// True while the writer sleeps.
    pub(super) is_idle: bool,
}

/// Work that the writer has taken and not finished.
#[derive(Clone, Copy)]
pub(super) struct Taken {
    pub(super) at: Instant,
    /// The cost of a group; none for other work.
    pub(super) cost: Option<u64>,
    pub(super) expected: Duration,
}

impl<B> State<B> {
    pub(super) fn new(limits: &GroupLimits) -> Self {
        Self {
            members: FairQueue::default(),
            others: VecDeque::new(),
            prefers_members: false,
            taken: None,
            times: ServiceTimes::new(limits.full_cost()),
            pace: Pace::new(Instant::now()),
            is_closed: false,
            is_idle: false,
        }
    }

    /// Checks the room for a member of this cost, and its wait.
    pub(super) fn check(&self, flow: WorkFlow, cost: u64, limits: &QueueLimits) -> Result<(), CommitError> {
        let (all, own) = (self.members.load(), self.members.load_of(flow));
        // A flow without entries always has room for one: however large it is, its memory is bounded elsewhere.
        let has_room = own.entries == 0 && all.entries < limits.members
            || own.entries < limits.members.saturating_sub(all.entries)
                && own.cost + cost <= limits.cost.saturating_sub(all.cost + cost);
        if !has_room {
            return Err(CommitError::Overloaded(Overload::Full { jobs: own.entries, bytes: own.cost }));
        }
        let expected = self.expected_wait(flow);
        if expected > limits.wait {
            let (expected_ms, allowed_ms) = (expected.as_millis(), limits.wait.as_millis());
            return Err(CommitError::Overloaded(Overload::Late { expected_ms, allowed_ms }));
        }
        Ok(())
    }

    /// Estimates the time until a member of this flow would be taken.
    fn expected_wait(&self, flow: WorkFlow) -> Duration {
        let current = self.taken.map_or(Duration::ZERO, |taken| {
            let elapsed = taken.at.elapsed();
            // Work that takes longer than expected may well take as long again.
            taken.expected.checked_sub(elapsed).unwrap_or(elapsed)
        });
        current + self.times.of(self.members.cost_before(flow))
    }

    /// Takes the next work: groups and other work in turn.
    pub(super) fn take(&mut self, limits: &GroupLimits) -> Option<Next<B>> {
        if self.others.is_empty() || self.prefers_members {
            self.prefers_members = false;
            if let Some(group) = self.gather(limits) {
                return Some(Next::Group(group));
            }
        }
        let other = self.others.pop_front()?;
        self.prefers_members = true;
        self.taken = Some(Taken { at: Instant::now(), cost: None, expected: Duration::ZERO });
        Some(Next::Other(other))
    }

    /// Takes waiting members up to the limits, without waiting for more: while a group is committed, the next one gathers by
    /// itself. A member that does not fit any more is the first of the next group, and ends only its own flow's part in this
    /// one.
    fn gather(&mut self, limits: &GroupLimits) -> Option<Group> {
        let mut group = Group::default();
        let (mut taken_cost, mut passed) = (0, 0);
        while !group.is_full(limits) {
            let is_wanted =
                |waiting: &Waiting| waiting.member.is_abandoned() || group.has_room_for(&waiting.member, limits);
            let Some((cost, waiting)) = self.members.take_if(&mut passed, is_wanted) else { break };
            if waiting.member.is_abandoned() {
                continue;
            }
            taken_cost += cost;
            group.add(waiting);
        }
        if group.is_empty() {
            return None;
        }
        let (at, expected) = (Instant::now(), self.times.of(taken_cost));
        self.pace.taken(group.members(), at);
        self.taken = Some(Taken { at, cost: Some(taken_cost), expected });
        Some(group)
    }
}
