//! The work that waits for the writer, shared by the callers and the writer's thread.
//!
//! Jobs wait in a [fair queue](super::fair_queue), bounded in number and in cost. A source environment has at most half of
//! the queue to itself, and what it has left is shared by those that come later: a flow may be as large as the room that
//! it leaves. A sender's job is refused at once if its wait would be too long, and dropped if its wait was too long after
//! all, or if its caller went away. A job that the writer has taken is always finished, because a refusal after its commit
//! would double it, or put back before anything of it was written.

use std::{
    collections::VecDeque,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::{
    fair_queue::{FairQueue, Flow},
    group::{EVENT_COST, Group, GroupLimits, GroupMember, Wait, Waiting},
    pace::Pace,
    service_times::ServiceTimes,
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

struct State<B> {
    members: FairQueue<WorkFlow, Waiting>,
    others: VecDeque<Work<B>>,
    /// True if members are next although other work waits.
    prefers_members: bool,
    /// The work that the writer has taken.
    taken: Option<Taken>,
    times: ServiceTimes,
    pace: Pace,
    is_closed: bool,
    /// True while the writer sleeps.
    is_idle: bool,
}

/// Work that the writer has taken and not finished.
#[derive(Clone, Copy)]
struct Taken {
    at: Instant,
    /// The cost of a group; none for other work.
    cost: Option<u64>,
    expected: Duration,
}

/// The next work of the writer.
pub(super) enum Next<B> {
    Group(Group),
    Other(Work<B>),
}

impl<B> Inbox<B> {
    pub(super) fn new(limits: QueueLimits, group_limits: GroupLimits) -> Self {
        let state = State {
            members: FairQueue::default(),
            others: VecDeque::new(),
            prefers_members: false,
            taken: None,
            times: ServiceTimes::new(group_limits.full_cost()),
            pace: Pace::new(Instant::now()),
            is_closed: false,
            is_idle: false,
        };
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

impl<B> State<B> {
    /// Checks the room for a member of this cost, and its wait.
    fn check(&self, flow: WorkFlow, cost: u64, limits: &QueueLimits) -> Result<(), CommitError> {
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

    fn take(&mut self, limits: &GroupLimits) -> Option<Next<B>> {
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::sync::Arc;

    use inlet_core::{
        log::{EventFields, EventLog, Original, PluginRef},
        settle::{Job, Prepared},
    };
    use tokio::sync::oneshot::{self, Receiver};
    use uuid::Uuid;

    use super::*;
    use crate::records::Settled;

    type Answer = Receiver<Result<Vec<Settled>, CommitError>>;

    fn inbox(members: usize, cost: u64, wait_ms: u64) -> Inbox<()> {
        let wait = Duration::from_millis(wait_ms);
        Inbox::new(QueueLimits { members, cost, wait }, GroupLimits { events: 100, bytes: 1 << 20 })
    }

    fn job(source_environment: i64, items: usize) -> (GroupMember, Answer) {
        let plugin = PluginRef { key: String::new(), version: String::new(), digest: String::new() };
        let item = || Prepared {
            log: EventLog {
                fields: EventFields::new(Uuid::now_v7(), 0, Arc::new(plugin.clone())),
                data: None,
                original: Original::Json("{}".into()),
            },
            plan: None,
        };
        let items = (0..items).map(|_| item()).collect();
        let (answer, answered) = oneshot::channel();
        let job = Job { environment: 1, source_environment, items, nonce: None };
        (GroupMember::Job { job, extras: None, hold: None, answer }, answered)
    }

    fn push(inbox: &Inbox<()>, source: i64, items: usize) -> Result<Answer, CommitError> {
        let (member, answer) = job(source, items);
        inbox.push(member, true).map(|()| answer)
    }

    /// Returns the sizes of the groups that the writer would commit.
    fn groups(inbox: &Inbox<()>) -> Vec<usize> {
        inbox.close();
        let events = |next| match next {
            Next::Group(group) => group.events(),
            Next::Other(_) => 0,
        };
        std::iter::from_fn(|| inbox.next().map(events)).collect()
    }

    #[test]
    fn a_job_that_waited_for_too_long_is_refused_and_one_that_may_wait_is_not() {
        let inbox = inbox(10, 1 << 20, 10);
        let mut sender = push(&inbox, 1, 1).unwrap();
        let (patient, mut waiting) = job(1, 1);
        inbox.push(patient, false).unwrap();
        std::thread::sleep(Duration::from_millis(15));
        inbox.sweep();
        let error = sender.try_recv().unwrap().unwrap_err();
        assert!(matches!(error, CommitError::Overloaded(Overload::Expired { waited_ms: 10.. })), "{error}");
        assert!(waiting.try_recv().is_err(), "it still waits");
        assert_eq!(groups(&inbox), [1]);
    }

    #[test]
    fn a_job_that_nobody_waits_for_is_not_taken() {
        let inbox = inbox(10, 1 << 20, 1000);
        drop(push(&inbox, 1, 1).unwrap());
        let kept = push(&inbox, 1, 2).unwrap();
        drop(push(&inbox, 2, 3).unwrap());
        inbox.sweep();
        assert_eq!(inbox.waiting().0, 1);
        drop(push(&inbox, 2, 4).unwrap());
        assert_eq!(groups(&inbox), [2]);
        drop(kept);
    }

    #[test]
    fn what_is_put_back_is_next_and_has_waited_since_it_came() {
        let inbox = inbox(10, 1 << 20, 30);
        let _answers: Vec<_> = (1..4).map(|items| push(&inbox, 1, items).unwrap()).collect();
        let (patient, _waits) = job(1, 4);
        inbox.push(patient, false).unwrap();
        let (gone, mut kept) = (push(&inbox, 1, 5).unwrap(), push(&inbox, 2, 7).unwrap());
        let Some(Next::Group(group)) = inbox.next() else { panic!("there is work") };
        assert_eq!(group.members(), 6);
        let cost_of = |inbox: &Inbox<()>| inbox.lock().members.load().cost;
        assert_eq!(cost_of(&inbox), 0);
        let _behind = push(&inbox, 1, 6).unwrap();
        let mut members: Vec<Waiting> = group.into_members().collect();
        members.remove(1);
        inbox.put_back(members);
        drop(gone);
        assert_eq!(inbox.lock().taken.unwrap().cost, Some(job(1, 2).0.cost()), "the one that is committed");
        inbox.sweep();
        assert_eq!(inbox.waiting().0, 5, "nobody waits for one of them");
        let order = |inbox: &Inbox<()>| {
            let state = &mut inbox.lock().members;
            let taken: Vec<Waiting> =
                std::iter::from_fn(|| state.take_if(&mut 0, |_| true).map(|(_, waiting)| waiting)).collect();
            taken
        };
        let taken = order(&inbox);
        let items = |waiting: &Waiting| match &waiting.member {
            GroupMember::Job { job, .. } => (job.source_environment, job.items.len()),
            GroupMember::Refused { .. } => (0, 0),
        };
        let of_first: Vec<usize> =
            taken.iter().map(items).filter(|(flow, _)| *flow == 1).map(|(_, size)| size).collect();
        assert_eq!(of_first, [1, 3, 4, 6]);
        inbox.close();
        inbox.put_back(taken);
        std::thread::sleep(Duration::from_millis(35));
        inbox.sweep();
        let error = kept.try_recv().unwrap().unwrap_err();
        assert!(matches!(error, CommitError::Overloaded(Overload::Expired { waited_ms: 30.. })), "{error}");
        assert_eq!(groups(&inbox), [4], "it waits for as long as it takes");
    }

    #[test]
    fn one_source_fills_half_of_the_queue_and_others_find_room() {
        for (members, cost) in [(20, u64::MAX), (1000, 20 * 4098)] {
            let inbox = inbox(members, cost, 1000);
            let first: Vec<_> = (0..30).map_while(|_| push(&inbox, 1, 1).ok()).collect();
            assert_eq!(first.len(), 10);
            assert!(matches!(inbox.admit(WorkFlow::Events(1)), Err(CommitError::Overloaded(Overload::Full { .. }))));
            let second: Vec<_> = (0..30).map_while(|_| push(&inbox, 2, 1).ok()).collect();
            assert_eq!(second.len(), 5);
            assert!(push(&inbox, 3, 1).is_ok());
        }
    }

    #[test]
    fn a_source_without_waiting_jobs_may_send_one_of_any_size() {
        let inbox = inbox(10, 1, 1000);
        let large = push(&inbox, 1, 50).unwrap();
        assert!(push(&inbox, 1, 1).is_err());
        assert!(push(&inbox, 2, 1).is_ok());
        drop(large);
    }

    #[test]
    fn a_job_that_would_wait_for_too_long_is_refused_at_once() {
        let inbox = inbox(1000, u64::MAX, 2000);
        // By the times of a usual machine these take about four seconds.
        let waiting: Vec<_> = (0..1000).map_while(|_| push(&inbox, 1, 1000).ok()).collect();
        assert!((10..500).contains(&waiting.len()), "{}", waiting.len());
        let error = inbox.admit(WorkFlow::Events(1)).unwrap_err();
        assert!(
            matches!(error, CommitError::Overloaded(Overload::Late { expected_ms: 2000.., allowed_ms: 2000 })),
            "{error}"
        );
        assert!(inbox.admit(WorkFlow::Events(2)).is_ok(), "another source does not wait for all of them");
    }

    #[test]
    fn a_large_job_is_a_group_of_its_own() {
        let inbox = inbox(1000, u64::MAX, 1000);
        let jobs: Vec<_> = [(1, 500), (2, 1), (2, 1), (1, 1)].map(|(source, items)| push(&inbox, source, items)).into();
        let groups = groups(&inbox);
        assert_eq!(groups.iter().sum::<usize>(), 503);
        assert!(groups.contains(&500), "{groups:?}");
        drop(jobs);
    }

    #[test]
    fn a_closed_inbox_takes_nothing() {
        let inbox = inbox(1000, u64::MAX, 1000);
        inbox.close();
        assert!(inbox.next().is_none());
        let error = push(&inbox, 1, 1).unwrap_err();
        assert_eq!(error, CommitError::closed());
    }
}
