//! The deliveries of recipients of runs, found by the recipients' positions.

use std::{collections::HashMap, ops::Range, sync::LazyLock};

use inlet_core::delivery::TargetRouting;
use uuid::Uuid;

use crate::{
    records::StoredRecipient,
    sql,
    sqlite::{
        outbox::columns::status_of,
        statements::{multi_row::MultiRow, uuids},
    },
};

// A delivery has few recipients, so those that have one of a range begin shortly before it.
pub(super) static DELIVERIES: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::query(
        "WITH wanted (run, earliest, before) AS (VALUES",
        "(?, ?, ?)",
        ") SELECT run, first_recipient, recipients, status, count(*) FROM wanted CROSS JOIN deliveries ON run_id = run
           WHERE call = 0 AND first_recipient > earliest AND first_recipient < before
           GROUP BY run, first_recipient, recipients, status",
    )
});

/// Counts the deliveries of recipients, which are in the order of their positions, by run.
pub(super) async fn count(
    connection: &mut sql::Connection<'_>,
    runs: &mut HashMap<Uuid, &mut [StoredRecipient]>,
) -> Result<(), sqlx::Error> {
    let wanted: Vec<(Uuid, Range<i64>)> =
        runs.iter().filter_map(|(run, recipients)| Some((*run, positions(recipients)?))).collect();
    DELIVERIES
        .fetch(
            connection,
            &wanted,
            |row, (run, positions)| {
                let earliest = positions.start - i64::from(TargetRouting::MAX_CHUNK);
                row.blob(run.as_bytes()).int(earliest).int(positions.end);
            },
            |_, rows| {
                for row in rows {
                    let Some(recipients) = runs.get_mut(&uuids::read(&row, 0)?) else { continue };
                    let first: i64 = row.try_get(1)?;
                    let end = first + row.try_get::<i64>(2)?;
                    let (status, count) = (status_of(row.try_get(3)?)?, row.try_get::<i64>(4)?.unsigned_abs());
                    let from = recipients.partition_point(|recipient| recipient.ordinal < first);
                    let to = recipients.partition_point(|recipient| recipient.ordinal < end);
                    recipients[from..to].iter_mut().for_each(|recipient| recipient.deliveries.add(status, count));
                }
                Ok(())
            },
        )
        .await
}

fn positions(recipients: &[StoredRecipient]) -> Option<Range<i64>> {
    Some(recipients.first()?.ordinal..recipients.last()?.ordinal + 1)
}
