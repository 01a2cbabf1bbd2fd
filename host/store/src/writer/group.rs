//! A group: the jobs and refused requests that are committed together, and their answers.

use std::{collections::HashSet, iter, time::Instant};

use inlet_core::settle::{Job, Settlement};
use tokio::sync::oneshot;

use super::inbox::{WorkFlow, WorkKind};
use crate::{
    backend::GroupContent,
    error::CommitError,
    records::{CommitExtras, Hold, NewRefused, Settled},
    resend::{Recognized, Resend},
};

/// The memory and the work of an event beside its bytes, as if it were bytes. An executed event takes the writer about as
/// long as this many bytes take, and holds about as much memory beside its original.
pub(super) const EVENT_COST: u64 = 4096;

/// Returns the cost of a job for the writer, in bytes: of its events and of the bytes of their originals.
pub fn writer_cost(events: usize, bytes: usize) -> u64 {
    bytes as u64 + EVENT_COST * events.max(1) as u64
}

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
    /// Returns the flow that the member waits in.
    pub(super) fn flow(&self) -> WorkFlow {
        match self {
            Self::Job { job, .. } => WorkFlow {
                environment: job.environment,
                source_environment: job.source_environment,
                kind: WorkKind::Events,
            },
            Self::Refused { request, .. } => WorkFlow {
                environment: request.environment_id,
                source_environment: request.source_environment_id,
                kind: WorkKind::Refused,
            },
        }
    }

    /// Returns the cost by which members share the writer, in bytes.
    pub(super) fn cost(&self) -> u64 {
        let (events, bytes) = self.size();
        writer_cost(events, bytes)
    }

    /// Returns the number of events, and the bytes of their originals. A refused request counts like an event, with
    /// its body and head, so that a flood of them makes no endless transaction either.
    fn size(&self) -> (usize, usize) {
        match self {
            Self::Job { job, .. } => (job.items.len(), job.items.iter().map(|item| item.log.original.len()).sum()),
            Self::Refused { request, .. } => (1, request.bytes()),
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

/// A member that waits for its group.
pub(super) struct Waiting {
    pub(super) member: GroupMember,
    pub(super) wait: Wait,
}

/// The time since which a member waits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wait {
    pub(super) since: Instant,
    /// True if a sender waits for the answer, who will send again.
    pub(super) may_expire: bool,
}

/// The answer of a job, what its caller holds, and how long it has waited.
struct JobCaller {
    answer: oneshot::Sender<Result<Vec<Settled>, CommitError>>,
    hold: Option<Hold>,
    wait: Wait,
}

/// The answer of a refused request, what its caller holds, and how long it has waited.
struct RefusedCaller {
    answer: oneshot::Sender<Result<(), CommitError>>,
    hold: Hold,
    wait: Wait,
}

/// Members of one transaction. Jobs, extras and callers stand side by side, so that all jobs can be lent as one slice.
#[derive(Default)]
pub(super) struct Group {
    jobs: Vec<Job>,
    extras: Vec<Option<Box<CommitExtras>>>,
    resends: Vec<Option<Box<Resend>>>,
    callers: Vec<JobCaller>,
    refused: Vec<NewRefused>,
    refused_callers: Vec<RefusedCaller>,
    events: usize,
    bytes: usize,
}

impl Group {
    /// Returns a group with one member.
    fn of(waiting: Waiting) -> Self {
        let mut group = Self::default();
        group.add(waiting);
        group
    }

    pub(super) fn add(&mut self, Waiting { member, wait }: Waiting) {
        let (events, bytes) = member.size();
        self.events += events;
        self.bytes += bytes;
        match member {
            GroupMember::Job { job, extras, hold, answer } => {
                self.jobs.push(job);
                self.extras.push(extras);
                self.resends.push(None);
                self.callers.push(JobCaller { answer, hold, wait });
            }
            GroupMember::Refused { request, hold, answer } => {
                self.refused.push(*request);
                self.refused_callers.push(RefusedCaller { answer, hold, wait });
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
        GroupContent { jobs: &self.jobs, extras: &self.extras, resends: &self.resends, refused: &self.refused }
    }

    /// Returns true if one of the jobs has a nonce.
    pub(super) fn has_signed_jobs(&self) -> bool {
        self.jobs.iter().any(|job| job.nonce.is_some())
    }

    /// Sorts the jobs by what is known of their requests: answers those that are refused, and prepares those that were taken
    /// before. Returns those that must wait for the commit of an equal request in this group.
    pub(super) fn sort_recognized(&mut self, recognized: Vec<Recognized>) -> Vec<Waiting> {
        let (mut later, mut running) = (Vec::new(), HashSet::new());
        let members =
            std::mem::take(self).into_members().zip(recognized.into_iter().map(Some).chain(iter::repeat_with(|| None)));
        for (Waiting { member, wait }, recognized) in members {
            let GroupMember::Job { mut job, mut extras, hold, answer } = member else {
                self.add(Waiting { member, wait });
                continue;
            };
            let digest = job.nonce.map(|nonce| nonce.digest);
            if digest.is_some_and(|digest| running.contains(&digest)) {
                later.push(Waiting { member: GroupMember::Job { job, extras, hold, answer }, wait });
                continue;
            }
            let resend = match recognized {
                Some(Recognized::Reused) => {
                    _ = answer.send(Err(CommitError::Reused));
                    continue;
                }
                Some(Recognized::Forgotten(horizon_ms)) => {
                    _ = answer.send(Err(CommitError::Forgotten(horizon_ms)));
                    continue;
                }
                Some(Recognized::Again(first)) => Some(Box::new(Resend::apply(first, &mut job, &mut extras))),
                Some(Recognized::New) | None => None,
            };
            if resend.as_ref().is_none_or(|resend| resend.runs()) {
                running.extend(digest);
            }
            self.add(Waiting { member: GroupMember::Job { job, extras, hold, answer }, wait });
            if let Some(last) = self.resends.last_mut() {
                *last = resend;
            }
        }
        later
    }

    /// Returns the group as it was before its jobs were sorted by what was known of their requests.
    pub(super) fn begun_anew(self) -> Self {
        let mut group = Self::default();
        self.into_members().for_each(|member| group.add(member));
        group
    }

    /// Makes a group of each member.
    pub(super) fn split(self) -> impl Iterator<Item = Group> {
        self.into_members().map(Group::of)
    }

    /// Returns the members, the jobs first. What was found out about resends is forgotten.
    pub(super) fn into_members(self) -> impl Iterator<Item = Waiting> {
        let jobs = self.jobs.into_iter().zip(self.extras).zip(self.resends).zip(self.callers);
        let jobs = jobs.map(|(((mut job, mut extras), resend), JobCaller { answer, hold, wait })| {
            if let Some(resend) = resend {
                resend.undo(&mut job, &mut extras);
            }
            Waiting { member: GroupMember::Job { job, extras, hold, answer }, wait }
        });
        let refused = self.refused.into_iter().zip(self.refused_callers);
        let refused = refused.map(|(request, RefusedCaller { answer, hold, wait })| Waiting {
            member: GroupMember::Refused { request: Box::new(request), hold, answer },
            wait,
        });
        jobs.chain(refused)
    }

    /// Answers every member after the commit. Callers that went away are not told; their jobs are stored all the same.
    pub(super) fn succeed(self, settlements: Vec<Vec<Settlement>>) {
        let jobs = self.jobs.into_iter().zip(self.resends).zip(self.callers).zip(settlements);
        for (((job, resend), JobCaller { answer, hold, .. }), settlements) in jobs {
            let settled = settled(job, settlements);
            let settled = match resend {
                Some(resend) => resend.answer(settled),
                None => settled,
            };
            // The memory is free before the caller goes on.
            drop(hold);
            _ = answer.send(Ok(settled));
        }
        for (request, RefusedCaller { answer, hold, .. }) in self.refused.into_iter().zip(self.refused_callers) {
            drop((request, hold));
            _ = answer.send(Ok(()));
        }
    }

    /// Answers every member with an error.
    pub(super) fn fail(self, error: &CommitError) {
        for JobCaller { answer, .. } in self.callers {
            _ = answer.send(Err(error.clone()));
        }
        for RefusedCaller { answer, .. } in self.refused_callers {
            _ = answer.send(Err(error.clone()));
        }
    }
}

fn settled(job: Job, settlements: Vec<Settlement>) -> Vec<Settled> {
    job.items
        .into_iter()
        .zip(settlements)
        .map(|(item, settlement)| Settled {
            run: settlement.first_run(),
            id: item.log.id,
            event_type: item.log.fields.event_type,
            outcome: settlement.outcome,
            actions: settlement.actions.iter().map(|action| (action.action_type, action.status)).collect(),
            replay_of: settlement.replay_of,
            replay_differs: settlement.replay_differs,
            reason: settlement.reason,
        })
        .collect()
}
