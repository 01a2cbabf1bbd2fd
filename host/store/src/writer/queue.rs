//! The queue: the callers' end of the writer.

use std::{sync::Arc, time::Duration};

use inlet_core::settle::Job;
use tokio::sync::{
    Mutex,
    mpsc::{self, error::TrySendError},
    oneshot,
};

use super::{
    counters::Counters,
    group::{GroupLimits, GroupMember},
    task::Task,
    work::{QueuedOperation, Work},
};
use crate::{
    backend::{Execute, Operation, WriteBackend},
    error::CommitError,
    observer::Stats,
    options::StoreOptions,
    records::{CommitExtras, Durability, NewRefused, Settled},
};

/// The callers' end of the queue.
pub(crate) struct Writer<B> {
    queue: mpsc::Sender<Work<B>>,
    wait: Duration,
    counters: Arc<Counters>,
    /// Reports how the writer ended.
    ended: Mutex<Option<oneshot::Receiver<Result<(), CommitError>>>>,
}

impl<B: WriteBackend> Writer<B> {
    /// Starts the writer on a thread of its own: between two of its steps a task of the runtime would wait for its turn
    /// among all the requests.
    pub(crate) fn start(backend: B, options: &StoreOptions) -> Result<Self, std::io::Error> {
        let (queue, waiting) = mpsc::channel(options.queue.max(1));
        let counters = Arc::new(Counters::default());
        let limits = GroupLimits { events: options.group_events.max(1), bytes: options.group_bytes };
        let task = Task::new(backend, waiting, limits, counters.clone(), options.observer.clone());
        let (ending, ended) = oneshot::channel();
        let runtime = tokio::runtime::Handle::current();
        std::thread::Builder::new().name("inlet-writer".to_owned()).spawn(move || {
            // Nobody listens if the store was dropped without being closed.
            _ = ending.send(runtime.block_on(task.run()));
        })?;
        Ok(Self { queue, wait: options.queue_wait, counters, ended: Mutex::new(Some(ended)) })
    }

    /// Commits a job in a group; returns once the group is on the disk.
    pub(crate) async fn commit(
        &self,
        job: Job,
        extras: Option<Box<CommitExtras>>,
    ) -> Result<Vec<Settled>, CommitError> {
        let (answer, answered) = oneshot::channel();
        self.enqueue(Work::Group(GroupMember::Job { job, extras, answer })).await?;
        answered.await.map_err(|_| CommitError::closed())?
    }

    /// Stores a refused request in a group.
    pub(crate) async fn refuse(&self, request: NewRefused) -> Result<(), CommitError> {
        let (answer, answered) = oneshot::channel();
        self.enqueue(Work::Group(GroupMember::Refused { request: Box::new(request), answer })).await?;
        answered.await.map_err(|_| CommitError::closed())?
    }

    /// Asks the writer's connection how commits reach the disk.
    pub(crate) async fn durability(&self) -> Result<Durability, CommitError> {
        let (answer, answered) = oneshot::channel();
        self.enqueue(Work::Durability(answer)).await?;
        answered.await.map_err(|_| CommitError::closed())?
    }

    /// Executes an operation between groups.
    pub(crate) async fn execute<O>(&self, operation: O) -> Result<O::Output, O::Error>
    where
        O: Operation,
        B: Execute<O>,
    {
        let (answer, answered) = oneshot::channel();
        self.enqueue(Work::Operation(Box::new(QueuedOperation { operation, answer }))).await?;
        answered.await.map_err(|_| CommitError::closed())?
    }

    async fn enqueue(&self, work: Work<B>) -> Result<(), CommitError> {
        let work = match self.queue.try_send(work) {
            Ok(()) => return Ok(()),
            Err(TrySendError::Closed(_)) => return Err(CommitError::closed()),
            // Only a full queue needs a timer.
            Err(TrySendError::Full(work)) => work,
        };
        match tokio::time::timeout(self.wait, self.queue.send(work)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(CommitError::closed()),
            Err(_) => {
                Err(CommitError::Overloaded { queued: self.queue.max_capacity(), waited_ms: self.wait.as_millis() })
            }
        }
    }

    /// Finishes what is waiting and ends the writer. Later calls do nothing.
    pub(crate) async fn close(&self) -> Result<(), CommitError> {
        let Some(ended) = self.ended.lock().await.take() else { return Ok(()) };
        // Fails if the task has already ended.
        _ = self.queue.send(Work::Close).await;
        match ended.await {
            Ok(closed) => closed,
            Err(_) => Err(CommitError::Unavailable { reason: "the writer ended unexpectedly".to_owned() }),
        }
    }

    pub(crate) fn stats(&self) -> Stats {
        self.counters.stats(self.queue.max_capacity() - self.queue.capacity())
    }
}
