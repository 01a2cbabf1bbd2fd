//! The expansion of object recipients into their subscribers.

use uuid::Uuid;

use super::Store;
use crate::{
    database::read,
    error::{CommitError, ReadError},
    operations::ExpandRuns,
    records::{ExpandedRun, ExpansionShare},
};

impl Store {
    /// Returns the oldest runs of every environment whose expansion has not ended, at most 20 of each, by environment. Each
    /// comes with its environment's database id.
    pub async fn unfinished_expansions(&self) -> Result<Vec<(i64, Uuid)>, ReadError> {
        read!(self.database, unfinished_expansions())
    }

    /// Takes the next steps of the expansions of runs in one transaction. Returns what became of each. A run without an
    /// expansion is left as it is.
    pub async fn expand_runs(&self, shares: Vec<ExpansionShare>) -> Result<Vec<ExpandedRun>, CommitError> {
        self.database.execute(ExpandRuns { shares }).await
    }
}
