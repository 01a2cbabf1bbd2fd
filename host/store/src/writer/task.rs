//! The task: gather, commit, answer.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use inlet_core::{
    settle::{Job, Settlement},
    verification::Nonce,
};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

use super::{
    queue::{Settled, Work},
    stats::{Counters, GroupReport, WriterObserver},
};
use crate::{
    along::Along,
    error::CommitError,
    refused::NewRefused,
    sqlite::{Checkpointer, Failure, GroupDone, Writing},
};

/// How much one transaction takes.
pub(super) struct GroupLimits {
    pub(super) events: usize,
    pub(super) bytes: usize,
}

pub(super) struct Task {
    writing: Writing,
    checkpoints: Checkpoints,
    waiting: mpsc::Receiver<Work>,
    limits: GroupLimits,
    counters: Arc<Counters>,
    observer: Option<Arc<dyn WriterObserver>>,
}

/// The task beside this one that keeps the database's log short.
struct Checkpoints {
    committed: mpsc::Sender<()>,
    /// It asks for the rest.
    rest: Arc<AtomicBool>,
    task: JoinHandle<()>,
}

type Answer = oneshot::Sender<Result<Vec<Settled>, CommitError>>;

/// What is committed together. Jobs and answers stand side by side, so that all jobs can be lent as one slice.
#[derive(Default)]
struct Group {
    jobs: Vec<Job>,
    along: Vec<Option<Box<Along>>>,
    answers: Vec<Answer>,
    refused: Vec<NewRefused>,
    refused_answers: Vec<oneshot::Sender<Result<(), CommitError>>>,
    events: usize,
    bytes: usize,
}

impl Task {
    pub(super) fn new(
        writing: Writing,
        checkpointer: Checkpointer,
        waiting: mpsc::Receiver<Work>,
        limits: GroupLimits,
        counters: Arc<Counters>,
        observer: Option<Arc<dyn WriterObserver>>,
    ) -> Self {
        // One message is enough to say that there may be something to do.
        let (committed, is_committed) = mpsc::channel(1);
        let rest = Arc::new(AtomicBool::new(false));
        let task = tokio::spawn(checkpointer.run(is_committed, rest.clone()));
        let checkpoints = Checkpoints { committed, rest, task };
        Self { writing, checkpoints, waiting, limits, counters, observer }
    }

    /// Works until the store is closed.
    pub(super) async fn run(mut self) -> Result<(), sqlx::Error> {
        while let Some(work) = self.waiting.recv().await {
            let mut next = Some(work);
            while let Some(work) = next.take() {
                next = self.work(work).await;
            }
        }
        // Its connection goes first, so that the last one closes a database that nobody else uses.
        drop(self.checkpoints.committed);
        _ = self.checkpoints.task.await;
        self.writing.close().await
    }

    /// Does a piece of work; returns one that it took from the queue and did not do.
    async fn work(&mut self, work: Work) -> Option<Work> {
        match work {
            Work::Events { .. } | Work::Refused { .. } => {
                let (group, next) = self.gather(work);
                self.commit(group).await;
                return next;
            }
            Work::Change(change) => change(self.writing.connection()).await,
            Work::Durability(answer) => _ = answer.send(self.writing.durability().await.map_err(CommitError::from)),
            // What is in the queue is still received; nothing new comes in.
            Work::Close => self.waiting.close(),
        }
        None
    }

    /// Takes what is waiting, up to the limits, without waiting for more: while this group is committed the next one
    /// gathers by itself.
    fn gather(&mut self, first: Work) -> (Group, Option<Work>) {
        let mut group = Group::default();
        let mut next = group.take(first);
        while next.is_none() && group.events < self.limits.events && group.bytes < self.limits.bytes {
            match self.waiting.try_recv() {
                Ok(work) => next = group.take(work),
                Err(_) => break,
            }
        }
        (group, next)
    }

    async fn commit(&mut self, mut group: Group) {
        if let Err(reason) = self.turn_away_what_was_seen(&mut group).await {
            tracing::error!(reason, "it could not be told whether signed requests were taken before");
            group.fail(&CommitError::Unavailable { reason });
            return;
        }
        if group.jobs.is_empty() && group.refused.is_empty() {
            return;
        }
        let (jobs, events, bytes) = (group.jobs.len(), group.events, group.bytes);
        match self.writing.commit(&group.jobs, &group.along, &group.refused).await {
            Ok(done) => {
                self.report(jobs, events, bytes, &done);
                group.succeed(done);
                self.checkpoint().await;
            }
            Err(Failure::Storage(reason)) => {
                tracing::error!(reason, jobs, events, "a group of events could not be stored");
                group.fail(&CommitError::Unavailable { reason });
            }
            Err(Failure::Content(reason)) if jobs + group.refused.len() == 1 => {
                tracing::warn!(reason, "the storage refused a job");
                group.fail(&CommitError::Refused { reason });
            }
            Err(Failure::Superseded(what)) if jobs + group.refused.len() == 1 => {
                group.fail(&CommitError::Superseded { what });
            }
            Err(Failure::Content(_) | Failure::Superseded(_)) => {
                self.counters.retried();
                self.commit_one_by_one(group).await;
            }
        }
    }

    /// Answers the captured among the signed requests, and leaves the others in the group.
    async fn turn_away_what_was_seen(&mut self, group: &mut Group) -> Result<(), String> {
        let wanted: Vec<Nonce> = group.jobs.iter().filter_map(|job| job.nonce).collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let mut seen = self.writing.seen(&wanted).await.map_err(|failure| match failure {
            Failure::Storage(reason) | Failure::Content(reason) => reason,
            Failure::Superseded(what) => what.to_owned(),
        })?;
        group.turn_away(|job| job.nonce.is_some_and(|nonce| !seen.insert(nonce.digest)));
        Ok(())
    }

    /// After the answers: nobody of this group waits for it.
    async fn checkpoint(&mut self) {
        // Full: it is told already.
        _ = self.checkpoints.committed.try_send(());
        if self.checkpoints.rest.swap(false, Ordering::Relaxed) {
            self.writing.finish_checkpoint().await;
        }
    }

    /// One job of the group cannot be stored: each gets its own transaction, so that the others are.
    async fn commit_one_by_one(&mut self, group: Group) {
        for single in group.split() {
            Box::pin(self.commit(single)).await;
        }
    }

    fn report(&self, jobs: usize, events: usize, bytes: usize, done: &GroupDone) {
        if jobs == 0 {
            return;
        }
        self.counters.committed(events);
        if let Some(observer) = &self.observer {
            let GroupDone { settle, write, commit, .. } = *done;
            observer.on_group(&GroupReport { jobs, events, bytes, settle, write, commit });
        }
    }
}

impl Group {
    /// Adds work to the group, or gives it back when it is of another kind.
    fn take(&mut self, work: Work) -> Option<Work> {
        match work {
            Work::Events { job, along, answer } => {
                self.events += job.items.len();
                self.bytes += job.items.iter().map(|item| item.log.original.len()).sum::<usize>();
                self.jobs.push(job);
                self.along.push(along);
                self.answers.push(answer);
                None
            }
            Work::Refused { request, answer } => {
                // They count like events: a flood of refused requests makes no endless transaction either.
                self.events += 1;
                self.bytes += request.body.len();
                self.refused.push(*request);
                self.refused_answers.push(answer);
                None
            }
            other => Some(other),
        }
    }

    /// Takes jobs out and answers that they were seen before.
    fn turn_away(&mut self, mut is_seen: impl FnMut(&Job) -> bool) {
        let jobs = std::mem::take(&mut self.jobs).into_iter().zip(std::mem::take(&mut self.along));
        for ((job, along), answer) in jobs.zip(std::mem::take(&mut self.answers)) {
            if is_seen(&job) {
                self.events -= job.items.len();
                _ = answer.send(Err(CommitError::Seen));
            } else {
                self.jobs.push(job);
                self.along.push(along);
                self.answers.push(answer);
            }
        }
    }

    fn split(self) -> impl Iterator<Item = Group> {
        let jobs = self.jobs.into_iter().zip(self.along).zip(self.answers);
        let jobs = jobs.map(|((job, along), answer)| Work::Events { job, along, answer });
        let refused = self.refused.into_iter().zip(self.refused_answers);
        let refused = refused.map(|(request, answer)| Work::Refused { request: Box::new(request), answer });
        jobs.chain(refused).map(|work| {
            let mut group = Group::default();
            group.take(work);
            group
        })
    }

    /// Answers. Callers that went away are not told; what they sent is stored all the same.
    fn succeed(self, done: GroupDone) {
        for ((job, answer), settlements) in self.jobs.into_iter().zip(self.answers).zip(done.settlements) {
            _ = answer.send(Ok(settled(job, settlements)));
        }
        for answer in self.refused_answers {
            _ = answer.send(Ok(()));
        }
    }

    fn fail(self, error: &CommitError) {
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
