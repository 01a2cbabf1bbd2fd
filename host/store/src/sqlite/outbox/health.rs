//! Writing how long targets have been failing.

use crate::{
    records::{ChangedHealth, TargetHealth},
    sqlite::{
        error::SqliteError,
        statements::{row::Row, runner::StatementRunner},
    },
};

// A target that was stopped, or runs again, since the health was observed begins anew.
const WRITE: &str = "UPDATE targets SET failing_since_ms = ?3, failures = ?4, warned_percent = ?5, warned_at_ms = ?6
    WHERE id = ?1 AND state_since_ms = ?2 AND state = 0 AND deleted_at_ms IS NULL";

/// Writes the health of a target, unless its state has changed since it was observed.
pub(super) async fn write(
    statements: &mut StatementRunner<'_>,
    ChangedHealth { target, state_since_ms, health }: &ChangedHealth,
) -> Result<(), SqliteError> {
    let TargetHealth { failing_since_ms, failures, warned_percent, warned_at_ms } = *health;
    let mut row = Row::default();
    row.int(*target).int(*state_since_ms).optional_int(failing_since_ms).int(failures.into());
    row.int(warned_percent.into()).optional_int(warned_at_ms);
    statements.step(WRITE, &row).await?;
    Ok(())
}
