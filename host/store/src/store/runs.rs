//! Users and workflow runs.

use inlet_core::recipient::USERS;
use uuid::Uuid;

use super::Store;
use crate::{
    database::read,
    error::ReadError,
    records::{Cursor, Page, RecipientRecord, RunQuery, RunRecord, StoredRecipient},
};

impl Store {
    /// Returns the users of an environment, the newest first.
    pub async fn users(
        &self,
        environment_id: i64,
        cursor: Cursor<i64>,
        limit: usize,
    ) -> Result<Page<RecipientRecord>, ReadError> {
        read!(self.database, recipients(environment_id, USERS, cursor, limit))
    }

    /// Returns one user.
    pub async fn user(&self, environment_id: i64, id: &str) -> Result<Option<RecipientRecord>, ReadError> {
        read!(self.database, recipient(environment_id, USERS, id))
    }

    /// Returns workflow runs, the newest first, each with its first recipients.
    pub async fn runs(&self, query: &RunQuery) -> Result<Page<RunRecord>, ReadError> {
        read!(self.database, runs(query))
    }

    /// Returns one workflow run, with its first recipients.
    pub async fn run(&self, environment_id: i64, id: Uuid) -> Result<Option<RunRecord>, ReadError> {
        read!(self.database, run(environment_id, id))
    }

    /// Returns the recipients of a run, in the order in which the trigger named them; the cursor is an ordinal.
    pub async fn run_recipients(
        &self,
        environment_id: i64,
        run_id: Uuid,
        cursor: Cursor<i64>,
        limit: usize,
    ) -> Result<Page<StoredRecipient>, ReadError> {
        read!(self.database, run_recipients(environment_id, run_id, cursor, limit))
    }
}
