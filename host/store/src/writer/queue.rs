//! The queue: the callers' end of the writer.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use inlet_core::settle::Job;
use tokio::sync::{Mutex, oneshot};

use super::{
    counters::Counters,
    group::{GroupLimits, GroupMember},
    inbox::{Inbox, QueueLimits, WorkFlow, WorkKind},
    task::Task,
    work::{QueuedOperation, Work},
};
use crate::{
    backend::{Execute, Operation, WriteBackend},
    error::CommitError,
    job_fence,
    observer::Stats,
    options::StoreOptions,
    records::{CommitExtras, Durability, Hold, NewRefused, Settled},
};

/// The pause between two sweeps of the queue. A member is dropped at most so much too late.
const SWEEP: Duration = Duration::from_millis(50);

/// The callers' end of the queue.
pub(crate) struct Writer<B> {
    inbox: Arc<Inbox<B>>,
    counters: Arc<Counters>,
    /// Report how the threads of the writer ended. Empty once the writer was closed.
    ended: Mutex<Vec<oneshot::Receiver<Result<(), CommitError>>>>,
}

impl<B: WriteBackend> Writer<B> {
    /// Starts the writer, with a thread for each connection: between two steps of the writer, a task of the runtime would wait
    /// for its turn among all the requests.
    pub(crate) fn start(backends: Vec<B>, options: &StoreOptions) -> Result<Self, std::io::Error> {
        let limits =
            QueueLimits { members: options.queue.max(1), cost: options.queue_bytes as u64, wait: options.max_wait };
        let group_limits = GroupLimits { events: options.group_events.max(1), bytes: options.group_bytes };
        let inbox = Arc::new(Inbox::new(limits, group_limits, backends.len()));
        let counters = Arc::new(Counters::default());
        let runtime = tokio::runtime::Handle::current();
        runtime.spawn(sweep(Arc::downgrade(&inbox)));
        let mut writer = Self { inbox, counters, ended: Mutex::default() };
        for (thread, backend) in backends.into_iter().enumerate() {
            let (inbox, counters) = (writer.inbox.clone(), writer.counters.clone());
            let task = Task::new(thread, backend, inbox, counters, options.observer.clone(), runtime.clone());
            let (ending, ended) = oneshot::channel();
            writer.ended.get_mut().push(ended);
            let runtime = runtime.clone();
            std::thread::Builder::new().name("inlet-writer".to_owned()).spawn(move || {
                // Nobody listens if the store was dropped without being closed.
                _ = ending.send(runtime.block_on(task.run()));
            })?;
        }
        Ok(writer)
    }

    /// Commits a job in a group; returns once the group is on the disk. The job waits for as long as it takes.
    pub(crate) async fn commit(
        &self,
        job: Job,
        extras: Option<Box<CommitExtras>>,
    ) -> Result<Vec<Settled>, CommitError> {
        self.commit_job(job, extras, None).await
    }

    /// Commits a sender's job in a group; returns once the group is on the disk. The job is refused if it would wait for too
    /// long, and dropped if it did.
    pub(crate) async fn commit_for_sender(
        &self,
        job: Job,
        extras: Option<Box<CommitExtras>>,
        hold: Hold,
    ) -> Result<Vec<Settled>, CommitError> {
        self.commit_job(job, extras, Some(hold)).await
    }

    async fn commit_job(
        &self,
        job: Job,
        extras: Option<Box<CommitExtras>>,
        hold: Option<Hold>,
    ) -> Result<Vec<Settled>, CommitError> {
        let (answer, answered) = oneshot::channel();
        let is_of_sender = hold.is_some();
        self.inbox.push(GroupMember::Job { job, extras, hold, answer }, is_of_sender)?;
        answered.await.map_err(|_| CommitError::closed())?
    }

    /// Stores a refused request in a group, under the terms of a sender's job.
    pub(crate) async fn refuse(&self, request: NewRefused, hold: Hold) -> Result<(), CommitError> {
        let (answer, answered) = oneshot::channel();
        self.inbox.push(GroupMember::Refused { request: Box::new(request), hold, answer }, true)?;
        answered.await.map_err(|_| CommitError::closed())?
    }

    /// Returns an error if a sender's job of this source environment would be refused that comes after others of this cost.
    pub(crate) fn admit(&self, environment: i64, source_environment: i64, upcoming: u64) -> Result<(), CommitError> {
        self.inbox.admit(WorkFlow { environment, source_environment, kind: WorkKind::Events }, upcoming)
    }

    /// Asks the writer's connection how commits reach the disk.
    pub(crate) async fn durability(&self) -> Result<Durability, CommitError> {
        let (answer, answered) = oneshot::channel();
        self.inbox.push_other(Work::Durability(answer))?;
        answered.await.map_err(|_| CommitError::closed())?
    }

    /// Executes an operation between groups.
    pub(crate) async fn execute<O>(&self, operation: O) -> Result<O::Output, O::Error>
    where
        O: Operation,
        B: Execute<O>,
    {
        let (answer, answered) = oneshot::channel();
        let fence = job_fence::current();
        self.inbox.push_other(Work::Operation(Box::new(QueuedOperation { operation, fence, answer })))?;
        answered.await.map_err(|_| CommitError::closed())?
    }

    /// Finishes what is waiting and ends the writer. Later calls do nothing.
    pub(crate) async fn close(&self) -> Result<(), CommitError> {
        let ended = std::mem::take(&mut *self.ended.lock().await);
        self.inbox.close();
        let mut closed = Ok(());
        for ended in ended {
            let unexpected = |_| CommitError::Unavailable { reason: "the writer ended unexpectedly".to_owned() };
            closed = closed.and(ended.await.map_err(unexpected).flatten());
        }
        closed
    }

    /// Notes that the storage took a probe of the size of what failed last.
    pub(crate) fn storage_works(&self) {
        self.counters.storage_works();
    }

    pub(crate) fn stats(&self) -> Stats {
        let (queued, busy_for) = self.inbox.waiting();
        self.counters.stats(queued, busy_for)
    }
}

impl<B> Drop for Writer<B> {
    fn drop(&mut self) {
        self.inbox.close();
    }
}

/// Sweeps the queue as long as there is one. The writer's thread cannot: it may be waiting for the disk.
async fn sweep<B>(inbox: Weak<Inbox<B>>) {
    loop {
        tokio::time::sleep(SWEEP).await;
        match inbox.upgrade() {
            Some(inbox) => inbox.sweep(),
            None => return,
        }
    }
}
