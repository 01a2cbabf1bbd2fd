//! The queue: how callers hand work to the writer and wait for its end.

use std::{pin::Pin, sync::Arc, time::Duration};

use inlet_core::{log::Outcome, settle::Job};
use sqlx::SqliteConnection;
use tokio::sync::{
    Mutex,
    mpsc::{self, error::TrySendError},
    oneshot,
};
use uuid::Uuid;

use super::{
    stats::{Counters, Stats},
    task::{GroupLimits, Task},
};
use crate::{
    along::Along,
    error::CommitError,
    options::StoreOptions,
    refused::NewRefused,
    sqlite::{Checkpointer, Durability, Writing},
};

/// What became of one item of a committed job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// Its event log.
    pub id: Uuid,
    /// Empty when the item has none.
    pub event_type: String,
    /// What became of it.
    pub outcome: Outcome,
    /// Why, for people.
    pub reason: Option<String>,
}

/// A piece of work for the writer.
pub(super) enum Work {
    /// Events of one request.
    Events { job: Job, along: Option<Box<Along>>, answer: oneshot::Sender<Result<Vec<Settled>, CommitError>> },
    /// A request that verification refused. It shares a group's transaction: a flood of them must not cost one each.
    Refused { request: Box<NewRefused>, answer: oneshot::Sender<Result<(), CommitError>> },
    /// Anything else that writes. It runs alone and answers by itself.
    Change(Change),
    /// Asks the connection how it commits.
    Durability(oneshot::Sender<Result<Durability, CommitError>>),
    /// Finish what is waiting, then end.
    Close,
}

pub(super) type Change = Box<dyn for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, ()> + Send>;
pub(crate) type BoxFuture<'c, T> = Pin<Box<dyn Future<Output = T> + Send + 'c>>;

/// The callers' end of the queue.
pub(crate) struct Writer {
    queue: mpsc::Sender<Work>,
    wait: Duration,
    counters: Arc<Counters>,
    /// Says how the writer ended.
    ended: Mutex<Option<oneshot::Receiver<Result<(), sqlx::Error>>>>,
}

impl Writer {
    /// Starts the writer, on a thread of its own: between two of its steps a task of the runtime would wait for its turn
    /// among all the requests.
    pub(crate) fn start(
        writing: Writing,
        checkpointer: Checkpointer,
        options: &StoreOptions,
    ) -> Result<Self, std::io::Error> {
        let (queue, waiting) = mpsc::channel(options.queue.max(1));
        let counters = Arc::new(Counters::default());
        let limits = GroupLimits { events: options.group_events.max(1), bytes: options.group_bytes };
        let observer = options.observer.clone();
        let task = Task::new(writing, checkpointer, waiting, limits, counters.clone(), observer);
        let (ending, ended) = oneshot::channel();
        let runtime = tokio::runtime::Handle::current();
        std::thread::Builder::new().name("inlet-writer".to_owned()).spawn(move || {
            // Nobody listens when the store was dropped without being closed.
            _ = ending.send(runtime.block_on(task.run()));
        })?;
        Ok(Self { queue, wait: options.queue_wait, counters, ended: Mutex::new(Some(ended)) })
    }

    pub(crate) async fn commit(&self, job: Job, along: Option<Box<Along>>) -> Result<Vec<Settled>, CommitError> {
        let (answer, answered) = oneshot::channel();
        self.enqueue(Work::Events { job, along, answer }).await?;
        answered.await.map_err(|_| CommitError::closed())?
    }

    pub(crate) async fn refuse(&self, request: NewRefused) -> Result<(), CommitError> {
        let (answer, answered) = oneshot::channel();
        self.enqueue(Work::Refused { request: Box::new(request), answer }).await?;
        answered.await.map_err(|_| CommitError::closed())?
    }

    pub(crate) async fn durability(&self) -> Result<Durability, CommitError> {
        let (answer, answered) = oneshot::channel();
        self.enqueue(Work::Durability(answer)).await?;
        answered.await.map_err(|_| CommitError::closed())?
    }

    /// Runs a change on the writer's connection, between groups.
    pub(crate) async fn change<T, E, F>(&self, change: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<CommitError> + Send + 'static,
        F: for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T, E>> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let change: Change = Box::new(move |connection| {
            Box::pin(async move {
                // A caller that went away does not undo the change.
                _ = answer.send(change(connection).await);
            })
        });
        self.enqueue(Work::Change(change)).await?;
        answered.await.map_err(|_| CommitError::closed())?
    }

    async fn enqueue(&self, work: Work) -> Result<(), CommitError> {
        let work = match self.queue.try_send(work) {
            Ok(()) => return Ok(()),
            Err(TrySendError::Closed(_)) => return Err(CommitError::closed()),
            // Only then is a timer needed.
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
        // Fails when the task has ended, which is what is wanted.
        _ = self.queue.send(Work::Close).await;
        match ended.await {
            Ok(closed) => Ok(closed?),
            Err(_) => Err(CommitError::Unavailable { reason: "the writer ended unexpectedly".to_owned() }),
        }
    }

    pub(crate) fn stats(&self) -> Stats {
        self.counters.stats(self.queue.max_capacity() - self.queue.capacity())
    }
}
