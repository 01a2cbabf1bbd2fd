//! The work of one thread of the writer: gather, commit, answer.

use std::{sync::Arc, time::Instant};

use tokio::runtime::Handle;

use super::{
    counters::Counters,
    group::{Group, Waiting},
    inbox::{Inbox, Next},
    storage_failures::StorageFailures,
    work::Work,
};
use crate::{
    backend::{Begun, CommittedGroup, GroupError, WriteBackend},
    error::CommitError,
    observer::{GroupReport, WriterObserver},
};

/// The number of times that a group is tried again that met a conflict.
const MAX_CONFLICTS: u32 = 5;

/// The openness of a group to members that come while it waits for its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Intake {
    Open,
    /// None does: the group is one that must be committed alone.
    Closed,
}

pub(super) struct Task<B> {
    /// The number by which the inbox knows the thread.
    thread: usize,
    backend: B,
    inbox: Arc<Inbox<B>>,
    counters: Arc<Counters>,
    observer: Option<Arc<dyn WriterObserver>>,
    failures: StorageFailures,
    /// The runtime of the callers.
    runtime: Handle,
}

impl<B: WriteBackend> Task<B> {
    pub(super) fn new(
        thread: usize,
        backend: B,
        inbox: Arc<Inbox<B>>,
        counters: Arc<Counters>,
        observer: Option<Arc<dyn WriterObserver>>,
        runtime: Handle,
    ) -> Self {
        let failures = StorageFailures::new(counters.clone());
        Self { thread, backend, inbox, counters, observer, failures, runtime }
    }

    /// Works until the store is closed. Blocks the thread while there is nothing to do.
    pub(super) async fn run(mut self) -> Result<(), CommitError> {
        while let Some(next) = self.inbox.next(self.thread) {
            match next {
                Next::Group(group) => self.commit(group, Intake::Open).await,
                Next::Other(Work::Operation(mut operation)) => {
                    if let Err(error) = self.backend.prepare(operation.take_fence()).await {
                        operation.refuse(error);
                        continue;
                    }
                    let limit = self.backend.operation_limit();
                    let run = operation.run(&mut self.backend);
                    match limit {
                        None => run.await,
                        // Its caller is told that there is no answer.
                        Some(limit) => {
                            if tokio::time::timeout(limit, run).await.is_err() {
                                self.backend.given_up().await;
                            }
                        }
                    }
                }
                Next::Other(Work::Durability(answer)) => _ = answer.send(self.backend.durability().await),
            }
        }
        self.backend.close().await
    }

    async fn commit(&mut self, group: Group, intake: Intake) {
        let mut conflicts = 0;
        let mut next = Some(group);
        while let Some(mut group) = next.take() {
            let may_try_again = conflicts < MAX_CONFLICTS;
            conflicts += 1;
            match self.backend.begin(group.content()).await {
                Ok(Begun::BesideOthers) if intake == Intake::Open => self.inbox.top_up(self.thread, &mut group),
                Ok(_) => {}
                Err(error) => {
                    next = self.not_committed(group, error, may_try_again).await;
                    continue;
                }
            }
            match self.recognize(&mut group).await {
                // One of a thousand equal requests may be committed at a time; the others take turns with everybody else.
                Ok(later) => self.inbox.put_back(self.thread, later),
                Err(reason) => {
                    self.failures.failed(&reason, group.events(), group.bytes(), Instant::now());
                    group.fail(&CommitError::Unavailable { reason });
                    return;
                }
            }
            if group.is_empty() {
                self.backend.abandon().await;
            } else {
                next = self.commit_recognized(group, may_try_again).await;
            }
        }
    }

    /// Returns the group if it met a conflict and is to be tried again, as it was before it was recognized.
    async fn commit_recognized(&mut self, group: Group, may_try_again: bool) -> Option<Group> {
        match self.backend.commit(group.content()).await {
            Ok(committed) => {
                self.inbox.learn(self.thread);
                self.failures.works();
                self.report(&group, &committed);
                self.answer(group, committed);
                self.backend.after_commit().await;
                None
            }
            Err(error) => self.not_committed(group, error, may_try_again).await,
        }
    }

    /// Answers the members of a group that was not committed, or commits them one by one. Returns the group if it is to be
    /// tried again.
    async fn not_committed(&mut self, group: Group, error: GroupError, may_try_again: bool) -> Option<Group> {
        let is_single = group.members() == 1;
        match error {
            GroupError::Conflict(reason) if may_try_again => {
                tracing::debug!(reason, "a group is committed again");
                self.counters.retried();
                return Some(group.begun_anew());
            }
            GroupError::Storage(reason) | GroupError::Conflict(reason) => {
                self.failures.failed(&reason, group.events(), group.bytes(), Instant::now());
                group.fail(&CommitError::Unavailable { reason });
            }
            GroupError::Content(reason) if is_single => {
                tracing::warn!(reason, "the storage refused a job");
                group.fail(&CommitError::Refused { reason });
            }
            GroupError::Superseded(what) if is_single => {
                group.fail(&CommitError::Superseded { what });
            }
            GroupError::Content(_) | GroupError::Superseded(_) => {
                self.counters.retried();
                self.commit_one_by_one(group).await;
            }
        }
        None
    }

    /// Recognizes the signed requests that were taken before. Returns the jobs that must wait for the commit of the others.
    async fn recognize(&mut self, group: &mut Group) -> Result<Vec<Waiting>, String> {
        if !group.has_signed_jobs() {
            return Ok(Vec::new());
        }
        let recognized = self.backend.recognize(group.content()).await.map_err(|error| match error {
            GroupError::Storage(reason) | GroupError::Content(reason) | GroupError::Conflict(reason) => reason,
            GroupError::Superseded(what) => what.to_owned(),
        })?;
        Ok(group.sort_recognized(recognized))
    }

    /// Gives each job a transaction of its own, because one of the group cannot be stored and the others can.
    async fn commit_one_by_one(&mut self, group: Group) {
        for single in group.split() {
            Box::pin(self.commit(single, Intake::Closed)).await;
        }
    }

    /// Answers on the runtime: a group's callers are woken by one of its threads, which costs the writer one wake instead of
    /// one for each.
    fn answer(&self, group: Group, committed: CommittedGroup) {
        self.runtime.spawn(async move { group.succeed(committed.settlements) });
    }

    fn report(&self, group: &Group, committed: &CommittedGroup) {
        let (jobs, events, bytes) = (group.jobs(), group.events(), group.bytes());
        if jobs == 0 {
            return;
        }
        let CommittedGroup { settle, write, commit, .. } = *committed;
        self.counters.committed(events, settle + write + commit);
        if let Some(observer) = &self.observer {
            observer.on_group(&GroupReport { jobs, events, bytes, settle, write, commit });
        }
    }
}
