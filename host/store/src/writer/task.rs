//! The writer's task: gather, commit, answer.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::{
    counters::Counters,
    group::{Group, GroupLimits, GroupMember},
    work::Work,
};
use crate::{
    backend::{CommittedGroup, GroupError, WriteBackend},
    error::CommitError,
    observer::{GroupReport, WriterObserver},
};

pub(super) struct Task<B> {
    backend: B,
    waiting: mpsc::Receiver<Work<B>>,
    limits: GroupLimits,
    counters: Arc<Counters>,
    observer: Option<Arc<dyn WriterObserver>>,
}

impl<B: WriteBackend> Task<B> {
    pub(super) fn new(
        backend: B,
        waiting: mpsc::Receiver<Work<B>>,
        limits: GroupLimits,
        counters: Arc<Counters>,
        observer: Option<Arc<dyn WriterObserver>>,
    ) -> Self {
        Self { backend, waiting, limits, counters, observer }
    }

    /// Works until the store is closed.
    pub(super) async fn run(mut self) -> Result<(), CommitError> {
        while let Some(work) = self.waiting.recv().await {
            let mut next = Some(work);
            while let Some(work) = next.take() {
                next = self.work(work).await;
            }
        }
        self.backend.close().await
    }

    /// Does a piece of work. Returns another one if it took that from the queue and did not do it.
    async fn work(&mut self, work: Work<B>) -> Option<Work<B>> {
        match work {
            Work::Group(member) => {
                let (group, next) = self.gather(member);
                self.commit(group).await;
                return next;
            }
            Work::Operation(operation) => operation.run(&mut self.backend).await,
            Work::Durability(answer) => _ = answer.send(self.backend.durability().await),
            // Work in the queue is still received; nothing new comes in.
            Work::Close => self.waiting.close(),
        }
        None
    }

    /// Takes the members that are waiting, up to the limits, without waiting for more: while this group is committed the
    /// next one gathers by itself.
    fn gather(&mut self, first: GroupMember) -> (Group, Option<Work<B>>) {
        let mut group = Group::of(first);
        while !group.is_full(&self.limits) {
            match self.waiting.try_recv() {
                Ok(Work::Group(member)) => group.add(member),
                Ok(other) => return (group, Some(other)),
                Err(_) => break,
            }
        }
        (group, None)
    }

    async fn commit(&mut self, mut group: Group) {
        if let Err(reason) = self.turn_away_taken(&mut group).await {
            tracing::error!(reason, "it could not be told whether signed requests were taken before");
            group.fail(&CommitError::Unavailable { reason });
            return;
        }
        if group.is_empty() {
            return;
        }
        let is_single = group.members() == 1;
        match self.backend.commit(group.content()).await {
            Ok(committed) => {
                self.report(&group, &committed);
                group.succeed(committed.settlements);
                self.backend.after_commit().await;
            }
            Err(GroupError::Storage(reason)) => {
                let (jobs, events) = (group.jobs(), group.events());
                tracing::error!(reason, jobs, events, "a group of events could not be stored");
                group.fail(&CommitError::Unavailable { reason });
            }
            Err(GroupError::Content(reason)) if is_single => {
                tracing::warn!(reason, "the storage refused a job");
                group.fail(&CommitError::Refused { reason });
            }
            Err(GroupError::Superseded(what)) if is_single => {
                group.fail(&CommitError::Superseded { what });
            }
            Err(GroupError::Content(_) | GroupError::Superseded(_)) => {
                self.counters.retried();
                self.commit_one_by_one(group).await;
            }
        }
    }

    /// Answers the captured ones among the signed requests, and leaves the others in the group.
    async fn turn_away_taken(&mut self, group: &mut Group) -> Result<(), String> {
        let requests = group.nonces();
        if requests.is_empty() {
            return Ok(());
        }
        let mut taken = self.backend.taken_before(&requests).await.map_err(|error| match error {
            GroupError::Storage(reason) | GroupError::Content(reason) => reason,
            GroupError::Superseded(what) => what.to_owned(),
        })?;
        group.turn_away(|job| job.nonce.is_some_and(|nonce| !taken.insert(nonce.digest)));
        Ok(())
    }

    /// Gives each job a transaction of its own, because one of the group cannot be stored and the others can.
    async fn commit_one_by_one(&mut self, group: Group) {
        for single in group.split() {
            Box::pin(self.commit(single)).await;
        }
    }

    fn report(&self, group: &Group, committed: &CommittedGroup) {
        let (jobs, events, bytes) = (group.jobs(), group.events(), group.bytes());
        if jobs == 0 {
            return;
        }
        self.counters.committed(events);
        if let Some(observer) = &self.observer {
            let CommittedGroup { settle, write, commit, .. } = *committed;
            observer.on_group(&GroupReport { jobs, events, bytes, settle, write, commit });
        }
    }
}
