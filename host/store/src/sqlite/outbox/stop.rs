//! Stopping deliveries that are open.

use std::sync::LazyLock;

use uuid::Uuid;

use super::order;
use crate::sqlite::{
    error::SqliteError,
    statements::{database_time::now_ms, multi_row::MultiRow, runner::StatementRunner},
};

/// A delivery to stop.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stopped {
    pub(crate) seq: i64,
    pub(crate) target: i64,
    pub(crate) order_key: Option<Uuid>,
}

// One that is under way ends with its attempt, and is not tried again.
static STOP: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::query(
        "WITH stopped (number, reason) AS (VALUES",
        "(?, ?)",
        concat!(
            ") UPDATE deliveries SET is_stopped = 1, last_error = reason,
                status = CASE WHEN owner IS NULL THEN 4 ELSE status END,
                due_at_ms = CASE WHEN owner IS NOT NULL THEN due_at_ms END,
                finished_at_ms = CASE WHEN owner IS NULL THEN ",
            now_ms!(),
            " END,
                body_bytes = CASE WHEN owner IS NOT NULL THEN body_bytes END
              FROM stopped WHERE seq = number AND finished_at_ms IS NULL"
        ),
    )
});

static REMOVED_BODIES: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::query(
        "DELETE FROM delivery_bodies WHERE delivery_seq IN (WITH stopped (number) AS (VALUES",
        "(?)",
        ") SELECT seq FROM stopped CROSS JOIN deliveries ON seq = number WHERE status = 4)",
    )
});

/// Stops deliveries: those that nobody works on are canceled, the others are not tried again.
pub(crate) async fn stop(
    statements: &mut StatementRunner<'_>,
    stopped: &[Stopped],
    reason: &'static str,
) -> Result<(), SqliteError> {
    statements.write(&STOP, stopped, |row, stopped| _ = row.int(stopped.seq).text(reason)).await?;
    statements.write(&REMOVED_BODIES, stopped, |row, stopped| _ = row.int(stopped.seq)).await?;
    let mut ordered: Vec<(i64, Uuid)> =
        stopped.iter().filter_map(|stopped| Some((stopped.target, stopped.order_key?))).collect();
    ordered.sort_unstable();
    ordered.dedup();
    order::lead(statements, &ordered).await
}
