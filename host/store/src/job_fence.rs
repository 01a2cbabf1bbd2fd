//! The fence around the changes of a background job.
//!
//! A node that was suspended, or cut off, goes on where it was, although another node has taken over the lease of its job since. What it
//! then changes would go into the other one's work. So each transaction of an operation that a job has executed holds the lease's row
//! until it is over, and is refused if the row has another owner or another epoch. Events need no fence: a job that commits some, commits
//! with them how far it came, and is refused if somebody else came further.
//!
//! Only nodes that share a database have fences. The database of SQLite belongs to one process, whose operations are executed in order.

use std::sync::Arc;

use crate::backend::GroupError;

tokio::task_local! {
    static FENCE: JobFence;
}

/// A lease as its holder knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobFence {
    /// The name of the lease.
    pub name: &'static str,
    /// The process that acquired it.
    pub owner: Arc<str>,
    /// The epoch under which it was acquired.
    pub epoch: i64,
}

/// Runs a job's work behind a fence: operations that it has executed fail with
/// [`CommitError::Unavailable`](crate::CommitError::Unavailable), and change nothing, once somebody else has acquired the lease. Tasks that
/// the work spawns have no fence unless they [inherit](inherit_fence) it. An operation that is a single statement has none: it does no harm
/// when it is done late or twice.
pub async fn fenced<F: Future>(fence: JobFence, work: F) -> F::Output {
    FENCE.scope(fence, work).await
}

/// Takes the fence of the current work along into a task that is spawned.
pub fn inherit_fence<F: Future>(task: F) -> impl Future<Output = F::Output> {
    let fence = current();
    async move {
        match fence {
            Some(fence) => fenced(fence, task).await,
            None => task.await,
        }
    }
}

/// Returns the fence of the current work, if it has one.
pub(crate) fn current() -> Option<JobFence> {
    FENCE.try_with(JobFence::clone).ok()
}

/// Returns the error of a transaction whose fence is down.
pub(crate) fn lost() -> GroupError {
    GroupError::Conflict(
        "another server has taken over the lease under which this was to be done; try it again".to_owned(),
    )
}
