//! Claiming deliveries that are due, and holding claims.

use std::time::Duration;

use inlet_core::delivery::DeliveryClass;
use uuid::Uuid;

use super::{
    columns::{self, columns},
    stop::{Stopped, stop},
};
use crate::{
    records::{Claim, ClaimWanted, ClaimedDelivery},
    sqlite::{
        error::SqliteError,
        statements::{database_time::now_ms, row::Row, runner::StatementRunner, uuids},
    },
};

/// The deliveries of a class that are due, the one that is due the longest first. One of a target that does not run is
/// never due.
macro_rules! due {
    () => {
        concat!(
            "SELECT seq FROM deliveries WHERE target_id = ?1 AND class = ?2 AND due_at_ms <= ",
            now_ms!(),
            " AND (SELECT state = 0 AND deleted_at_ms IS NULL FROM targets WHERE targets.id = ?1)
              ORDER BY due_at_ms LIMIT ?3"
        )
    };
}
#[cfg(test)]
pub(super) const DUE: &str = due!();

const CLAIM: &str = concat!(
    "UPDATE deliveries SET owner = ?4, epoch = epoch + 1, tries = tries + 1, sends = sends + 1, due_at_ms = ",
    now_ms!(),
    " + ?5, first_attempt_at_ms = coalesce(first_attempt_at_ms, ",
    now_ms!(),
    ") WHERE seq IN (",
    due!(),
    ") RETURNING ",
    columns!(),
    ", epoch, ",
    now_ms!(),
    " - max(first_attempt_at_ms, (SELECT state_since_ms FROM targets WHERE targets.id = ?1)), is_stopped, order_key"
);

const GIVE_UP: &str = "UPDATE deliveries SET owner = NULL, tries = tries - 1, sends = sends - 1 WHERE seq = ?1";

const RENEW: &str =
    concat!("UPDATE deliveries SET due_at_ms = ", now_ms!(), " + ?1 WHERE seq = ?2 AND owner = ?3 AND epoch = ?4");

// Within a union, SQLite looks for a minimum among all entries of an index; a limit ends at the first.
pub(super) const NEXT_DUE: &str = concat!(
    "SELECT min(next) - ",
    now_ms!(),
    " FROM (
        SELECT (SELECT due_at_ms FROM deliveries WHERE target_id = ?1 AND class = 0 AND due_at_ms IS NOT NULL
                ORDER BY due_at_ms LIMIT 1) AS next
        UNION ALL
        SELECT (SELECT due_at_ms FROM deliveries WHERE target_id = ?1 AND class = 1 AND due_at_ms IS NOT NULL
                ORDER BY due_at_ms LIMIT 1)
        UNION ALL
        SELECT (SELECT due_at_ms FROM deliveries WHERE target_id = ?1 AND class = 2 AND due_at_ms IS NOT NULL
                ORDER BY due_at_ms LIMIT 1)) AS of_classes
      WHERE (SELECT state = 0 AND deleted_at_ms IS NULL FROM targets WHERE id = ?1)"
);

/// Claims deliveries of a target, as many of each class as are wanted.
pub(super) async fn claim(
    statements: &mut StatementRunner<'_>,
    owner: Uuid,
    lease_ms: i64,
    wanted: &ClaimWanted,
    claimed: &mut Vec<ClaimedDelivery>,
) -> Result<(), SqliteError> {
    let mut stopped = Vec::new();
    for (class, limit) in [
        (DeliveryClass::First, wanted.first_attempts),
        (DeliveryClass::Retry, wanted.retries),
        (DeliveryClass::Late, wanted.late),
    ] {
        if limit == 0 {
            continue;
        }
        let mut row = Row::default();
        row.int(wanted.target).int(columns::of_class(class)).int(limit.into()).blob(owner.as_bytes()).int(lease_ms);
        let from = claimed.len();
        statements
            .query(CLAIM, &row, |found| {
                let row = found;
                let delivery = columns::read(row)?;
                if row.int(columns::COUNT + 2)? != 0 {
                    let order_key =
                        row.optional_blob(columns::COUNT + 3)?.map(|bytes| uuids::parse(0, bytes)).transpose()?;
                    stopped.push(Stopped { seq: delivery.seq, target: delivery.target_id, order_key });
                    return Ok(());
                }
                let claim = Claim { seq: delivery.seq, epoch: row.int(columns::COUNT)? };
                let age = Duration::from_millis(u64::try_from(row.int(columns::COUNT + 1)?).unwrap_or_default());
                claimed.push(ClaimedDelivery { claim, delivery, age });
                Ok(())
            })
            .await?;
        // In the order of their creation, whatever the order in which the statement found them.
        claimed[from..].sort_unstable_by_key(|claimed| claimed.claim.seq);
    }
    // Their owners are gone, and they were not to be tried again.
    for stopped in &stopped {
        let mut row = Row::default();
        row.int(stopped.seq);
        statements.step(GIVE_UP, &row).await?;
    }
    stop(statements, &stopped, "it was canceled while it was under way").await
}

/// Holds a claim for another lease; returns false if it is lost.
pub(super) async fn renew(
    statements: &mut StatementRunner<'_>,
    owner: Uuid,
    claim: Claim,
    lease_ms: i64,
) -> Result<bool, SqliteError> {
    let mut row = Row::default();
    row.int(lease_ms).int(claim.seq).blob(owner.as_bytes()).int(claim.epoch);
    Ok(statements.change(RENEW, &row).await? > 0)
}

/// Returns the time until a delivery of a target is due; none if the target does not run or has nothing to do.
pub(super) async fn next_due(
    statements: &mut StatementRunner<'_>,
    target: i64,
) -> Result<Option<Duration>, SqliteError> {
    let mut row = Row::default();
    row.int(target);
    let mut next = None;
    statements
        .query(NEXT_DUE, &row, |found| {
            next = found.optional_int(0)?;
            Ok(())
        })
        .await?;
    Ok(next.map(|ms| Duration::from_millis(u64::try_from(ms).unwrap_or_default())))
}
