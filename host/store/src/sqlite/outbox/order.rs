//! The order of deliveries with one order key: the oldest is due, the others wait behind it.

use std::sync::LazyLock;

use uuid::Uuid;

use crate::sqlite::{
    error::SqliteError,
    statements::{database_time::now_ms, multi_row::MultiRow, runner::StatementRunner},
};

// The conditions repeat those of the partial indexes, without which SQLite does not take them.
pub(super) static LEAD: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::query(
        "WITH wanted (target_id, order_key) AS (VALUES",
        "(?, ?)",
        concat!(
            ") UPDATE deliveries SET due_at_ms = ",
            now_ms!(),
            " + gap_ms
            WHERE seq IN (
                SELECT (SELECT seq FROM deliveries AS behind
                    WHERE behind.target_id = wanted.target_id AND behind.order_key = wanted.order_key
                        AND behind.order_key IS NOT NULL AND behind.due_at_ms IS NULL
                        AND behind.finished_at_ms IS NULL
                    ORDER BY behind.id LIMIT 1)
                FROM wanted WHERE NOT EXISTS (SELECT 1 FROM deliveries AS ahead
                    WHERE ahead.target_id = wanted.target_id AND ahead.order_key = wanted.order_key
                        AND ahead.order_key IS NOT NULL AND ahead.due_at_ms IS NOT NULL))"
        ),
    )
});

/// Makes the oldest delivery of each order key due, given with its target, unless another one of the key is due or under
/// way.
pub(crate) async fn lead(statements: &mut StatementRunner<'_>, keys: &[(i64, Uuid)]) -> Result<(), SqliteError> {
    statements.write(&LEAD, keys, |row, (target, key)| _ = row.int(*target).blob(key.as_bytes())).await
}
