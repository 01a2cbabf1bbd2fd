//! A group: the jobs and refused requests that are committed together, and their answers.

use inlet_core::{
    settle::{Job, Settlement},
    verification::Nonce,
};
use tokio::sync::oneshot;

use crate::{
    backend::GroupContent,
    error::CommitError,
    records::{CommitExtras, NewRefused, Settled},
};

/// The bounds of one transaction.
pub(super) struct GroupLimits {
    pub(super) events: usize,
    pub(super) bytes: usize,
}

/// A member of a group, with the sender of its answer.
pub(super) enum GroupMember {
    /// The events of one request.
    Job { job: Job, extras: Option<Box<CommitExtras>>, answer: oneshot::Sender<Result<Vec<Settled>, CommitError>> },
    /// A request that verification refused. It shares a transaction, so that a flood of them does not cost one each.
    Refused { request: Box<NewRefused>, answer: oneshot::Sender<Result<(), CommitError>> },
}

/// Members of one transaction. Jobs, extras and answers stand side by side, so that all jobs can be lent as one slice.
#[derive(Default)]
pub(super) struct Group {
    jobs: Vec<Job>,
    extras: Vec<Option<Box<CommitExtras>>>,
    answers: Vec<oneshot::Sender<Result<Vec<Settled>, CommitError>>>,
    refused: Vec<NewRefused>,
    refused_answers: Vec<oneshot::Sender<Result<(), CommitError>>>,
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
        match member {
            GroupMember::Job { job, extras, answer } => {
                self.events += job.items.len();
                self.bytes += job.items.iter().map(|item| item.log.original.len()).sum::<usize>();
                self.jobs.push(job);
                self.extras.push(extras);
                self.answers.push(answer);
            }
            GroupMember::Refused { request, answer } => {
                // Each counts like an event, so that a flood of them makes no endless transaction either.
                self.events += 1;
                self.bytes += request.body.len();
                self.refused.push(*request);
                self.refused_answers.push(answer);
            }
        }
    }

    /// Returns true if the group takes no more members.
    pub(super) fn is_full(&self, limits: &GroupLimits) -> bool {
        self.events >= limits.events || self.bytes >= limits.bytes
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
        for ((job, extras), answer) in jobs.zip(std::mem::take(&mut self.answers)) {
            if is_taken(&job) {
                self.events -= job.items.len();
                _ = answer.send(Err(CommitError::Seen));
            } else {
                self.jobs.push(job);
                self.extras.push(extras);
                self.answers.push(answer);
            }
        }
    }

    /// Makes a group of each member.
    pub(super) fn split(self) -> impl Iterator<Item = Group> {
        let jobs = self.jobs.into_iter().zip(self.extras).zip(self.answers);
        let jobs = jobs.map(|((job, extras), answer)| GroupMember::Job { job, extras, answer });
        let refused = self.refused.into_iter().zip(self.refused_answers);
        let refused = refused.map(|(request, answer)| GroupMember::Refused { request: Box::new(request), answer });
        jobs.chain(refused).map(Group::of)
    }

    /// Answers every member after the commit. Callers that went away are not told; their jobs are stored all the same.
    pub(super) fn succeed(self, settlements: Vec<Vec<Settlement>>) {
        for ((job, answer), settlements) in self.jobs.into_iter().zip(self.answers).zip(settlements) {
            _ = answer.send(Ok(settled(job, settlements)));
        }
        for answer in self.refused_answers {
            _ = answer.send(Ok(()));
        }
    }

    /// Answers every member with an error.
    pub(super) fn fail(self, error: &CommitError) {
        for answer in self.answers {
            _ = answer.send(Err(error.clone()));
        }
        for answer in self.refused_answers {
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
            reason: settlement.reason,
        })
        .collect()
}
