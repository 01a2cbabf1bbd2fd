//! The seam between the store and a database.
//!
//! The connection that writes implements [`WriteBackend`], and [`Execute`] for every operation in [`crate::operations`]; reads
//! are answered by a module named `read`. [`crate::database`] chooses the database when the store is opened. The statements
//! are the same for both: [`crate::sql`] runs them.

use std::time::Duration;

use inlet_core::settle::{Job, Settlement};

use crate::{
    error::CommitError,
    job_fence::JobFence,
    records::{CommitExtras, Durability, NewRefused},
    resend::{Recognized, Resend},
};

/// A named change of the database. It travels through the writer's queue and runs between groups of events.
pub(crate) trait Operation: Send + 'static {
    type Output: Send + 'static;
    type Error: From<CommitError> + Send + 'static;
}

/// Executes an operation: all of it is committed, or nothing.
pub(crate) trait Execute<O: Operation> {
    async fn execute(&mut self, operation: O) -> Result<O::Output, O::Error>;
}

/// A connection that writes. A thread of the writer owns it. There is one for each open store where nobody else writes.
pub(crate) trait WriteBackend: Send + 'static {
    /// Begins to commit a group. Where others write too, it waits until none of them writes for an environment of the group. Further members
    /// of these environments may join the group then. Unless it fails, [`Self::commit`] or [`Self::abandon`] must follow.
    async fn begin(&mut self, group: GroupContent<'_>) -> Result<Begun, GroupError>;

    /// Returns for each job of a group that was begun whether its signed request was taken before. The answer holds until the
    /// next [`Self::commit`] or [`Self::abandon`], of which one must follow unless this fails.
    async fn recognize(&mut self, group: GroupContent<'_>) -> Result<Vec<Recognized>, GroupError>;

    /// Called instead of [`Self::commit`] if nothing of a recognized group is left.
    async fn abandon(&mut self);

    /// Settles and commits a group: everything or nothing. Returns after the commit has been synced to the disk.
    async fn commit(&mut self, group: GroupContent<'_>) -> Result<CommittedGroup, GroupError>;

    /// Called before each operation: reads again what other nodes may have changed, over a new connection if the last one
    /// was lost. The operation changes nothing unless its fence holds. After an error, it is not executed.
    async fn prepare(&mut self, fence: Option<JobFence>) -> Result<(), CommitError>;

    /// The longest time that an operation may take; none where the database cannot be cut off.
    fn operation_limit(&self) -> Option<Duration>;

    /// Called if an operation was not done in that time, and was dropped.
    async fn given_up(&mut self);

    /// Called after the answers of a committed group were sent: time for housekeeping that nobody waits for.
    async fn after_commit(&mut self);

    /// Reads back how commits reach the disk.
    async fn durability(&mut self) -> Result<Durability, CommitError>;

    /// Finishes and closes the connection.
    async fn close(self) -> Result<(), CommitError>;
}

/// The circumstances in which a group was begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Begun {
    /// Nobody else writes, so nothing was waited for.
    Alone,
    /// Others write too, and none of them for the group's environments until it is committed or abandoned.
    BesideOthers,
}

/// The content of a group. Jobs and their extras stand side by side, so that all jobs can be lent as one slice.
#[derive(Clone, Copy)]
pub(crate) struct GroupContent<'a> {
    pub(crate) jobs: &'a [Job],
    /// One entry for each job.
    pub(crate) extras: &'a [Option<Box<CommitExtras>>],
    /// One entry for each job: present if its request was taken before.
    pub(crate) resends: &'a [Option<Box<Resend>>],
    pub(crate) refused: &'a [NewRefused],
}

/// The result of a committed group, with the time that each phase took.
pub(crate) struct CommittedGroup {
    /// For each job, one settlement for each of its items.
    pub(crate) settlements: Vec<Vec<Settlement>>,
    /// Loading and settling.
    pub(crate) settle: Duration,
    /// Writing rows.
    pub(crate) write: Duration,
    /// The commit itself, which mostly waits for the disk.
    pub(crate) commit: Duration,
}

/// The reason why a group was not committed. It decides whether its jobs are retried one by one.
#[derive(Debug)]
pub(crate) enum GroupError {
    /// The storage takes nothing now, whatever it is.
    Storage(String),
    /// The storage works, and refused a value of the group.
    Content(String),
    /// Somebody else has already done what a job was to do.
    Superseded(&'static str),
    /// Nothing of the group was committed, because of what happened beside it. It may be committed when it is tried again.
    Conflict(String),
}

impl From<GroupError> for CommitError {
    fn from(error: GroupError) -> Self {
        match error {
            GroupError::Storage(reason) | GroupError::Conflict(reason) => Self::Unavailable { reason },
            GroupError::Content(reason) => Self::Refused { reason },
            GroupError::Superseded(what) => Self::Superseded { what },
        }
    }
}
