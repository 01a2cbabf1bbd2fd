//! A group: the jobs and refused requests that are committed together, and their answers.

use inlet_core::{
    settle::{Job, Settlement},
    verification::Nonce,
};
use tokio::sync::oneshot;

use crate::{
    backend::GroupContent,
    error::CommitError,
    records::{CommitExtras, Hold, NewRefused, Settled},
};

/// The memory and the work of an event beside its bytes, as if it were bytes. An executed event takes the writer about as
/// long as this many bytes take, and holds about as much memory beside its original.
pub(super) const EVENT_COST: u64 = 4096;

/// The bounds of one transaction.
#[derive(Debug, Clone, Copy)]
pub(super) struct GroupLimits {
    pub(super) events: usize,
    pub(super) bytes: usize,
}

impl GroupLimits {
    /// Returns the cost of a full group of small events.
    pub(super) fn full_cost(&self) -> u64 {
        self.events as u64 * EVENT_COST
    }
}

/// A member of a group, with the sender of its answer.
pub(super) enum GroupMember {
    /// The events of one request.
    Job {
        job: Job,
        extras: Option<Box<CommitExtras>>,
        /// Present if a sender waits for the answer.
        hold: Option<Hold>,
        answer: oneshot::Sender<Result<Vec<Settled>, CommitError>>,
    },
    /// A request that verification refused. It shares a transaction, so that a flood of them does not cost one each.
    Refused { request: Box<NewRefused>, hold: Hold, answer: oneshot::Sender<Result<(), CommitError>> },
}

impl GroupMember {
    /// Returns the cost by which members share the writer, in bytes.
    pub(super) fn cost(&self) -> u64 {
        let (events, bytes) = self.size();
        bytes as u64 + EVENT_COST * events.max(1) as u64
    }

    /// Returns the number of events, and the bytes of their originals. A refused request counts like an event, so that a
    /// flood of them makes no endless transaction either.
    fn size(&self) -> (usize, usize) {
        match self {
            Self::Job { job, .. } => (job.items.len(), job.items.iter().map(|item| item.log.original.len()).sum()),
            Self::Refused { request, .. } => (1, request.body.len()),
        }
    }

    /// Returns true if the caller went away.
    pub(super) fn is_abandoned(&self) -> bool {
        match self {
            Self::Job { answer, .. } => answer.is_closed(),
            Self::Refused { answer, .. } => answer.is_closed(),
        }
    }

    /// Answers with an error.
    pub(super) fn fail(self, error: &CommitError) {
        match self {
            Self::Job { answer, .. } => _ = answer.send(Err(error.clone())),
            Self::Refused { answer, .. } => _ = answer.send(Err(error.clone())),
        }
    }
}

/// The answer of a job and what its caller holds.
type JobCaller = (oneshot::Sender<Result<Vec<Settled>, CommitError>>, Option<Hold>);

/// The answer of a refused request and what its caller holds.
type RefusedCaller = (oneshot::Sender<Result<(), CommitError>>, Hold);

/// Members of one transaction. Jobs, extras and callers stand side by side, so that all jobs can be lent as one slice.
#[derive(Default)]
pub(super) struct Group {
    jobs: Vec<Job>,
    extras: Vec<Option<Box<CommitExtras>>>,
    callers: Vec<JobCaller>,
    refused: Vec<NewRefused>,
    refused_callers: Vec<RefusedCaller>,
    events: usize,
    bytes: usize,
}

impl Group {
    /// Returns a group with one member.
    pub(super) fn of(member: GroupMember) -> Self {
        let mut group = Self::default();
        group.add(member);
        group
    }

    pub(super) fn add(&mut self, member: GroupMember) {
        let (events, bytes) = member.size();
        self.events += events;
        self.bytes += bytes;
        match member {
            GroupMember::Job { job, extras, hold, answer } => {
                self.jobs.push(job);
                self.extras.push(extras);
                self.callers.push((answer, hold));
            }
            GroupMember::Refused { request, hold, answer } => {
                self.refused.push(*request);
                self.refused_callers.push((answer, hold));
            }
        }
    }

    /// Returns true if the group takes no more members.
    pub(super) fn is_full(&self, limits: &GroupLimits) -> bool {
        self.events >= limits.events || self.bytes >= limits.bytes
    }

    /// Returns true if a member fits into the group. A large one gets a group of its own, so that small ones need not wait
    /// until it is written.
    pub(super) fn has_room_for(&self, member: &GroupMember, limits: &GroupLimits) -> bool {
        let (events, bytes) = member.size();
        self.is_empty() || self.events + events <= limits.events && self.bytes + bytes <= limits.bytes
    }

    pub(super) fn is_empty(&self) -> bool {
        self.members() == 0
    }

    /// The number of jobs and refused requests.
    pub(super) fn members(&self) -> usize {
        self.jobs.len() + self.refused.len()
    }

    pub(super) fn jobs(&self) -> usize {
        self.jobs.len()
    }

    pub(super) fn events(&self) -> usize {
        self.events
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn content(&self) -> GroupContent<'_> {
        GroupContent { jobs: &self.jobs, extras: &self.extras, refused: &self.refused }
    }

    /// The signed requests that may be taken once.
    pub(super) fn nonces(&self) -> Vec<Nonce> {
        self.jobs.iter().filter_map(|job| job.nonce).collect()
    }

    /// Removes jobs and answers that their requests were taken before.
    pub(super) fn turn_away(&mut self, mut is_taken: impl FnMut(&Job) -> bool) {
        let jobs = std::mem::take(&mut self.jobs).into_iter().zip(std::mem::take(&mut self.extras));
        for ((job, extras), (answer, hold)) in jobs.zip(std::mem::take(&mut self.callers)) {
            if is_taken(&job) {
                self.events -= job.items.len();
                _ = answer.send(Err(CommitError::Seen));
            } else {
                self.jobs.push(job);
                self.extras.push(extras);
                self.callers.push((answer, hold));
            }
        }
    }

    /// Makes a group of each member.
    pub(super) fn split(self) -> impl Iterator<Item = Group> {
        let jobs = self.jobs.into_iter().zip(self.extras).zip(self.callers);
        let jobs = jobs.map(|((job, extras), (answer, hold))| GroupMember::Job { job, extras, hold, answer });
        let refused = self.refused.into_iter().zip(self.refused_callers);
        let refused =
            refused.map(|(request, (answer, hold))| GroupMember::Refused { request: Box::new(request), hold, answer });
        jobs.chain(refused).map(Group::of)
    }

    /// Answers every member after the commit. Callers that went away are not told; their jobs are stored all the same.
    pub(super) fn succeed(self, settlements: Vec<Vec<Settlement>>) {
        for ((job, (answer, hold)), settlements) in self.jobs.into_iter().zip(self.callers).zip(settlements) {
            let settled = settled(job, settlements);
            // The memory is free before the caller goes on.
            drop(hold);
            _ = answer.send(Ok(settled));
        }
        for (request, (answer, hold)) in self.refused.into_iter().zip(self.refused_callers) {
            drop((request, hold));
            _ = answer.send(Ok(()));
        }
    }

    /// Answers every member with an error.
    pub(super) fn fail(self, error: &CommitError) {
        for (answer, _) in self.callers {
            _ = answer.send(Err(error.clone()));
        }
        for (answer, _) in self.refused_callers {
            _ = answer.send(Err(error.clone()));
        }
    }
}

fn settled(job: Job, settlements: Vec<Settlement>) -> Vec<Settled> {
    job.items
        .into_iter()
        .zip(settlements)
        .map(|(item, settlement)| Settled {
            id: item.log.id,
            event_type: item.log.fields.event_type,
            outcome: settlement.outcome,
            actions: settlement.actions.iter().map(|action| (action.action_type, action.status)).collect(),
            reason: settlement.reason,
        })
        .collect()
}
