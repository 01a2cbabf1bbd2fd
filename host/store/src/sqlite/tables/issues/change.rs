//! Changes of issues by operators.

use inlet_core::issues::{IssueState, NotPossible};

use super::{
    clear,
    read::{ISSUE, read_issue},
    state,
};
use crate::{
    backend::Execute,
    error::ChangeError,
    operations::ChangeIssue,
    sql,
    sqlite::{error::SqliteError, statements::transaction, tables::change_log, write_connection::WriteConnection},
};

/// The entries whose attention a change clears at once; a job clears the rest.
const AT_ONCE: u32 = 1000;

impl Execute<ChangeIssue> for WriteConnection {
    async fn execute(&mut self, operation: ChangeIssue) -> Result<Result<(), NotPossible>, ChangeError> {
        let ChangeIssue { id, change, now_ms, log } = operation;
        Ok(transaction::run(self.connection.plain(), async |connection| {
            let sql = format!("SELECT {ISSUE}, stage FROM issues WHERE id = ?");
            let row = sql::query(sql).bind(id.as_bytes().as_slice()).fetch_optional(&mut *connection).await?;
            let Some(row) = row else { return Err(SqliteError::from(ChangeError::NotFound { what: "issue" })) };
            let mut issue = read_issue(&row, 0)?;
            let stage: i64 = row.try_get(7)?;
            match issue.change(change, now_ms) {
                Err(refused) => return Ok(Err(refused)),
                Ok(false) => return Ok(Ok(())),
                Ok(true) => {}
            }
            let is_known = issue.state != IssueState::Open;
            sql::query(
                "UPDATE issues SET state = ?2, state_since_ms = ?3, muted_until_ms = ?4,
                     known_up_to = CASE WHEN ?5 = 1 THEN last_entry END,
                     acknowledged_up_to = CASE WHEN ?5 = 1 THEN last_entry END,
                     is_clearing = CASE WHEN ?5 = 1 AND stage <> 0 THEN 1 ELSE 0 END
                 WHERE id = ?1",
            )
            .bind(id.as_bytes().as_slice())
            .bind(state::number(issue.state))
            .bind(issue.state_since_ms)
            .bind(state::until_ms(issue.state))
            .bind(is_known)
            .execute(&mut *connection)
            .await?;
            if is_known && stage != 0 {
                clear::clear(connection, id, AT_ONCE).await?;
            }
            change_log::record(connection, &log).await?;
            Ok(Ok(()))
        })
        .await?)
    }
}
