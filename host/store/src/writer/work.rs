//! The work that is not part of a group.

use std::pin::Pin;

use tokio::sync::oneshot;

use crate::{
    backend::{Execute, Operation},
    error::CommitError,
    job_fence::JobFence,
    records::Durability,
};

/// Work that runs alone, between two groups.
pub(super) enum Work<B> {
    /// A change of the database. It sends its own answer.
    Operation(Box<dyn Queued<B>>),
    /// Asks the connection how commits reach the disk.
    Durability(oneshot::Sender<Result<Durability, CommitError>>),
}

/// An operation with the sender of its answer, its type erased.
pub(super) trait Queued<B>: Send {
    /// Returns the fence of the job that wants it.
    fn take_fence(&mut self) -> Option<JobFence>;

    fn run(self: Box<Self>, backend: &mut B) -> Pin<Box<dyn Future<Output = ()> + '_>>;

    /// Answers with an error instead.
    fn refuse(self: Box<Self>, error: CommitError);
}

pub(super) struct QueuedOperation<O: Operation> {
    pub(super) operation: O,
    pub(super) fence: Option<JobFence>,
    pub(super) answer: oneshot::Sender<Result<O::Output, O::Error>>,
}

impl<O: Operation, B: Execute<O>> Queued<B> for QueuedOperation<O> {
    fn take_fence(&mut self) -> Option<JobFence> {
        self.fence.take()
    }

    fn run(self: Box<Self>, backend: &mut B) -> Pin<Box<dyn Future<Output = ()> + '_>> {
        Box::pin(async move {
            // A caller that went away does not undo the change.
            _ = self.answer.send(backend.execute(self.operation).await);
        })
    }

    fn refuse(self: Box<Self>, error: CommitError) {
        _ = self.answer.send(Err(error.into()));
    }
}
