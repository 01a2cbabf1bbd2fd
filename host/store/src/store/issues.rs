//! Issues: failures grouped by cause.

use inlet_core::issues::{IssueChange, NotPossible};
use uuid::Uuid;

use super::Store;
use crate::{
    clock::now_ms,
    database::read,
    error::{ChangeError, CommitError, ReadError},
    operations::{ChangeIssue, ClearKnownIssues},
    records::{IssueRecord, NewChange},
};

impl Store {
    /// Returns the issues of these environments, the last seen first.
    pub async fn issues(&self, environment_ids: &[i64]) -> Result<Vec<IssueRecord>, ReadError> {
        read!(self.database, issues(environment_ids))
    }

    /// Returns an issue.
    pub async fn issue(&self, id: Uuid) -> Result<Option<IssueRecord>, ReadError> {
        read!(self.database, issue(id))
    }

    /// Changes the state of an issue. The entries of one that is not open need no attention any more.
    pub async fn issue_change(
        &self,
        id: Uuid,
        change: IssueChange,
        log: NewChange,
    ) -> Result<Result<(), NotPossible>, ChangeError> {
        self.database.execute(ChangeIssue { id, change, now_ms: now_ms(), log }).await
    }

    /// Returns true if entries of a known issue may still be marked as needing attention.
    pub async fn has_known_issues(&self) -> Result<bool, ReadError> {
        read!(self.database, has_known_issues())
    }

    /// Clears the attention of at most `limit` entries of known issues; returns their number.
    pub async fn clear_known_issues(&self, limit: u32) -> Result<u64, CommitError> {
        self.database.execute(ClearKnownIssues { limit }).await
    }
}
