//! Workflow runs.

use uuid::Uuid;

use super::Store;
use crate::{
    database::read,
    error::ReadError,
    records::{BoundedPage, Cursor, Page, ReadMemory, RecentWorkflow, RunQuery, RunRecord, StoredRecipient},
};

impl Store {
    /// Returns workflow runs, the newest first, each with its first recipients, without long values. A page has fewer
    /// entries if they are long. Returns none if there is no memory for it now.
    pub async fn runs(
        &self,
        query: &RunQuery,
        memory: &dyn ReadMemory,
    ) -> Result<Option<BoundedPage<RunRecord>>, ReadError> {
        read!(self.database, runs(query, memory))
    }

    /// Returns one workflow run, whole, with its first recipients. Returns none, outermost, if there is no memory for it
    /// now.
    pub async fn run(
        &self,
        environment_id: i64,
        id: Uuid,
        memory: &dyn ReadMemory,
    ) -> Result<Option<Option<RunRecord>>, ReadError> {
        read!(self.database, run(environment_id, id, memory))
    }

    /// Returns the workflows of an environment's newest runs, of which it looks at so many.
    pub async fn recent_workflows(&self, environment_id: i64, runs: u32) -> Result<Vec<RecentWorkflow>, ReadError> {
        read!(self.database, recent_workflows(environment_id, runs))
    }

    /// Returns true if there is such a run.
    pub async fn has_run(&self, environment_id: i64, id: Uuid) -> Result<bool, ReadError> {
        read!(self.database, has_run(environment_id, id))
    }

    /// Returns true if the whole run is canceled.
    pub async fn is_run_canceled(&self, environment_id: i64, id: Uuid) -> Result<bool, ReadError> {
        read!(self.database, is_run_canceled(environment_id, id))
    }

    /// Returns the recipients of a run, in the order in which the trigger named them; the cursor is an ordinal. A page has
    /// fewer entries if they are long. Returns none if there is no memory for it now.
    pub async fn run_recipients(
        &self,
        environment_id: i64,
        run_id: Uuid,
        cursor: Cursor<i64>,
        limit: usize,
        memory: &dyn ReadMemory,
    ) -> Result<Option<Page<StoredRecipient>>, ReadError> {
        read!(self.database, run_recipients(environment_id, run_id, cursor, limit, memory))
    }
}
