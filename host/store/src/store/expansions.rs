//! The expansion of object recipients into their subscribers.

use uuid::Uuid;

use super::Store;
use crate::{
    database::read,
    error::{CommitError, ReadError},
    operations::ExpandRun,
    records::ExpandedRun,
};

impl Store {
    /// Returns runs whose expansion has not ended, at most 100, each with its environment's database id.
    pub async fn unfinished_expansions(&self) -> Result<Vec<(i64, Uuid)>, ReadError> {
        read!(self.database, unfinished_expansions())
    }

    /// Takes the next step of the expansion of a run, which reads at most `limit` subscribers. Does nothing if there is
    /// none.
    pub async fn expand_run(&self, environment_id: i64, run_id: Uuid, limit: u32) -> Result<ExpandedRun, CommitError> {
        self.database.execute(ExpandRun { environment_id, run_id, limit }).await
    }
}
