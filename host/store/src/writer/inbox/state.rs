//! The waiting work: the room for more, the expected wait, and what a thread of the writer takes next.

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
    prefers_members: bool,
    pub(super) threads: Vec<Thread>,
    pub(super) times: ServiceTimes,
    pub(super) is_closed: bool,
}

/// A thread of the writer.
pub(super) struct Thread {
    pub(super) activity: Activity,
    pub(super) taken: Option<Taken>,
    pub(super) pace: Pace,
}

/// The present activity of a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Activity {
    /// It does work that it has taken.
    Works,
    /// It looks for work, or waits until a group is worth its while. What is free is taken by it, so no other is called.
    Looks,
    Sleeps,
}

/// The work that a thread has taken and not finished.
pub(super) enum Taken {
    Group {
        at: Instant,
        cost: u64,
        expected: Duration,
        /// The environments of its members.
        environments: Vec<i64>,
    },
    Other {
        at: Instant,
    },
}

impl Taken {
    pub(super) fn at(&self) -> Instant {
        match self {
            Self::Group { at, .. } | Self::Other { at } => *at,
        }
    }

    /// Returns the environments of a group.
    fn environments(&self) -> &[i64] {
        match self {
            Self::Group { environments, .. } => environments,
            Self::Other { .. } => &[],
        }
    }

    /// Returns the time after which it is expected to be finished.
    fn left(&self) -> Duration {
        let (at, expected) = match self {
            Self::Group { at, expected, .. } => (at, *expected),
            Self::Other { at } => (at, Duration::ZERO),
        };
        let elapsed = at.elapsed();
        // Work that takes longer than expected may well take as long again.
        expected.checked_sub(elapsed).unwrap_or(elapsed)
    }
}

impl<B> State<B> {
    pub(super) fn new(limits: &GroupLimits, threads: usize) -> Self {
        Self {
            members: FairQueue::default(),
            others: VecDeque::new(),
            prefers_members: false,
            threads: (0..threads.max(1))
                .map(|_| Thread { activity: Activity::Works, taken: None, pace: Pace::new(Instant::now()) })
                .collect(),
            times: ServiceTimes::new(limits.full_cost()),
            is_closed: false,
        }
    }

    fn taken(&self) -> impl Iterator<Item = &Taken> {
        self.threads.iter().filter_map(|thread| thread.taken.as_ref())
    }

    /// Returns true if a thread commits members of this environment.
    pub(super) fn is_busy(&self, environment: i64) -> bool {
        self.taken().any(|taken| taken.environments().contains(&environment))
    }

    /// Returns true if a thread does work that is not part of a group. One does at a time: it may wait until no group is under
    /// way, and others must not wait with it.
    pub(super) fn is_other_work_taken(&self) -> bool {
        self.taken().any(|taken| matches!(taken, Taken::Other { .. }))
    }

    fn is_any(&self, activity: Activity) -> bool {
        self.threads.iter().any(|thread| thread.activity == activity)
    }

    /// Lets the first thread that sleeps look for work, unless one does already. Returns its number: it must be woken.
    pub(super) fn call_one(&mut self) -> Option<usize> {
        if self.is_any(Activity::Looks) {
            return None;
        }
        let called = self.threads.iter().position(|thread| thread.activity == Activity::Sleeps)?;
        self.threads[called].activity = Activity::Looks;
        Some(called)
    }

    /// Returns true if a thread sleeps although there is work for it.
    pub(super) fn has_work_for_sleepers(&self) -> bool {
        self.is_any(Activity::Sleeps) && self.has_free_work()
    }

    fn has_free_work(&self) -> bool {
        !self.others.is_empty() && !self.is_other_work_taken()
            || self.members.flows().any(|flow| !self.is_busy(flow.environment))
    }

    /// Checks the room for a member of this cost, and its wait, behind others of its flow that have not come yet.
    pub(super) fn check(
        &self,
        flow: WorkFlow,
        upcoming: u64,
        cost: u64,
        limits: &QueueLimits,
    ) -> Result<(), CommitError> {
        let (all, own) = (self.members.load(), self.members.load_of(flow));
        let with_upcoming = upcoming + cost;
        // A flow without entries always has room for one: however large it is, its memory is bounded elsewhere.
        let has_room = own.entries == 0 && upcoming == 0 && all.entries < limits.members
            || own.entries < limits.members.saturating_sub(all.entries)
                && own.cost + with_upcoming <= limits.cost.saturating_sub(all.cost + with_upcoming);
        if !has_room {
            return Err(CommitError::Overloaded(Overload::Full { jobs: own.entries, bytes: own.cost }));
        }
        let expected = self.expected_wait(flow, upcoming);
        if expected > limits.wait {
            let (expected_ms, allowed_ms) = (expected.as_millis(), limits.wait.as_millis());
            return Err(CommitError::Overloaded(Overload::Late { expected_ms, allowed_ms }));
        }
        Ok(())
    }

    /// Estimates the time until a member of this flow would be taken that comes after others of the cost `upcoming`: by the thread
    /// that is busy with its environment, or else by the next one that has nothing to do.
    fn expected_wait(&self, flow: WorkFlow, upcoming: u64) -> Duration {
        let of_environment =
            self.taken().find(|taken| taken.environments().contains(&flow.environment)).map(Taken::left);
        let of_any =
            || self.threads.iter().map(|thread| thread.taken.as_ref().map_or(Duration::ZERO, Taken::left)).min();
        let current = of_environment.or_else(of_any).unwrap_or_default();
        current + self.times.of(self.members.cost_before(flow) + upcoming)
    }

    /// Takes the next work of a thread: groups and other work in turn.
    pub(super) fn take(&mut self, thread: usize, limits: &GroupLimits) -> Option<Next<B>> {
        let has_other_work = !self.others.is_empty() && !self.is_other_work_taken();
        if !has_other_work || self.prefers_members {
            self.prefers_members = false;
            if let Some(group) = self.gather(thread, limits) {
                return Some(Next::Group(group));
            }
        }
        if !has_other_work {
            return None;
        }
        let other = self.others.pop_front()?;
        self.prefers_members = true;
        self.threads[thread].taken = Some(Taken::Other { at: Instant::now() });
        Some(Next::Other(other))
    }

    /// Takes waiting members up to the limits, without waiting for more: while a group is committed, the next one gathers by
    /// itself. A member that does not fit any more is the first of the next group, and ends only its own flow's part in this
    /// one.
    fn gather(&mut self, thread: usize, limits: &GroupLimits) -> Option<Group> {
        let mut environments: Vec<i64> = Vec::new();
        let busy: Vec<i64> = self.taken().flat_map(Taken::environments).copied().collect();
        let is_one_of_many = self.is_any(Activity::Sleeps);
        let mut group = Group::default();
        let cost = self.add_to(&mut group, &mut environments, limits, |environment, environments| {
            environments.contains(&environment)
                || !busy.contains(&environment) && (environments.is_empty() || !is_one_of_many)
        });
        if group.is_empty() {
            return None;
        }
        let (at, expected) = (Instant::now(), self.times.of(cost));
        let thread = &mut self.threads[thread];
        thread.pace.taken(group.members(), at);
        thread.taken = Some(Taken::Group { at, cost, expected, environments });
        Some(group)
    }

    /// Adds waiting members of the environments of a group that a thread took.
    pub(super) fn top_up(&mut self, thread: usize, group: &mut Group, limits: &GroupLimits) {
        let Some(Taken::Group { environments, .. }) = &self.threads[thread].taken else { return };
        let mut environments = environments.clone();
        let added = self
            .add_to(group, &mut environments, limits, |environment, environments| environments.contains(&environment));
        if let Some(Taken::Group { cost, .. }) = &mut self.threads[thread].taken {
            *cost += added;
        }
    }

    /// Moves members to a group whose environment is wanted, and notes their environments. Returns their cost.
    fn add_to(
        &mut self,
        group: &mut Group,
        environments: &mut Vec<i64>,
        limits: &GroupLimits,
        is_wanted: impl Fn(i64, &[i64]) -> bool,
    ) -> u64 {
        let (mut added, mut passed) = (0, 0);
        while !group.is_full(limits) {
            let takes = |waiting: &Waiting| {
                waiting.member.is_abandoned()
                    || group.has_room_for(&waiting.member, limits)
                        && is_wanted(waiting.member.flow().environment, environments)
            };
            let Some((cost, waiting)) = self.members.take_if(&mut passed, takes) else { break };
            if waiting.member.is_abandoned() {
                continue;
            }
            added += cost;
            let environment = waiting.member.flow().environment;
            if !environments.contains(&environment) {
                environments.push(environment);
            }
            group.add(waiting);
        }
        added
    }
}
