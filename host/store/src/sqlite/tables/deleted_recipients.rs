//! Removing the subscriptions and memberships of deleted recipients, in slices.
//!
//! The deletion leaves an empty row in the collection `#deleted`, or renames the row of a tenant of members, so that nobody
//! sees them from then on. The row goes when nothing refers to it.

use crate::{
    backend::Execute,
    error::CommitError,
    operations::RemoveDeletedRecipients,
    sql,
    sqlite::{statements::transaction, write_connection::WriteConnection},
};

// Both look-ups begin at an index for each environment. The job that forgets users removes what refers to them, and counts
// it for its report.
macro_rules! next_recipient {
    () => {
        "SELECT environment_id, seq FROM environments CROSS JOIN recipients ON environment_id = environments.id
         WHERE collection = '#deleted' AND seq NOT IN (
             SELECT user_seq FROM forget_requests WHERE completed_at_ms IS NULL AND user_seq IS NOT NULL) LIMIT 1"
    };
}

macro_rules! next_tenant {
    () => {
        "SELECT environment_id, audience_tenants.id
         FROM environments CROSS JOIN audience_tenants ON environment_id = environments.id
         WHERE tenant >= '#' AND tenant < '$' LIMIT 1"
    };
}

/// A kind of deleted row, and what refers to it. Each statement takes the environment and the row's id; a removal also takes
/// the most rows.
struct Kind {
    next: &'static str,
    dependents: &'static [&'static str],
    row: &'static str,
}

const KINDS: [Kind; 2] = [
    Kind {
        next: next_recipient!(),
        dependents: &[
            "DELETE FROM subscriptions WHERE environment_id = ?1 AND (object_seq, recipient_seq) IN (
                 SELECT object_seq, recipient_seq FROM subscriptions
                 WHERE environment_id = ?1 AND object_seq = ?2 LIMIT ?3)",
            "DELETE FROM subscriptions WHERE environment_id = ?1 AND (object_seq, recipient_seq) IN (
                 SELECT object_seq, recipient_seq FROM subscriptions
                 WHERE environment_id = ?1 AND recipient_seq = ?2 LIMIT ?3)",
            "DELETE FROM audience_members WHERE environment_id = ?1 AND (audience, user_seq, tenant_id) IN (
                 SELECT audience, user_seq, tenant_id FROM audience_members
                 WHERE environment_id = ?1 AND user_seq = ?2 LIMIT ?3)",
        ],
        row: "DELETE FROM recipients WHERE environment_id = ?1 AND seq = ?2",
    },
    Kind {
        next: next_tenant!(),
        dependents: &["DELETE FROM audience_members WHERE environment_id = ?1 AND (audience, user_seq, tenant_id) IN (
                 SELECT audience, user_seq, tenant_id FROM audience_members
                 WHERE environment_id = ?1 AND tenant_id = ?2 AND tenant_id <> 0 LIMIT ?3)"],
        row: "DELETE FROM audience_tenants WHERE environment_id = ?1 AND id = ?2",
    },
];

/// Returns true if a deleted recipient, or a deleted tenant of members, has a row left.
pub(crate) async fn any(readers: &sql::Pool) -> Result<bool, sqlx::Error> {
    let sql = concat!("SELECT EXISTS (", next_recipient!(), ") OR EXISTS (", next_tenant!(), ")");
    sql::query_scalar(sql).fetch_one(readers).await
}

impl Execute<RemoveDeletedRecipients> for WriteConnection {
    async fn execute(&mut self, operation: RemoveDeletedRecipients) -> Result<u64, CommitError> {
        let limit = operation.limit.into();
        Ok(transaction::run(self.connection.plain(), async |connection| Ok(slice(connection, limit).await?)).await?)
    }
}

/// Deletes at most `limit` rows; returns their number.
async fn slice(connection: &mut sql::Connection<'_>, limit: u64) -> Result<u64, sqlx::Error> {
    let mut left = limit;
    for Kind { next, dependents, row } in KINDS {
        while left > 0 {
            let found: Option<(i64, i64)> = sql::query_as(next).fetch_optional(&mut *connection).await?;
            let Some((environment, id)) = found else { break };
            for sql in dependents {
                let removed = sql::query(*sql).bind(environment).bind(id).bind(left as i64);
                left -= removed.execute(&mut *connection).await?.rows_affected();
            }
            if left > 0 {
                left -= sql::query(row).bind(environment).bind(id).execute(&mut *connection).await?.rows_affected();
            }
        }
    }
    Ok(limit - left)
}
