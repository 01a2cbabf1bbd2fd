//! Sending deliveries again that were given up, and those that wait for a retry at once.

use inlet_core::delivery::DeliveryStatus;
use uuid::Uuid;

use super::{
    finish::DEAD_CODE,
    order,
    select::{self, Found},
    status,
};
use crate::{
    backend::Execute,
    error::CommitError,
    operations::RedriveDeliveries,
    records::{RedriveSlice, Redriven, SelectedDeliveries},
    sql,
    sqlite::{
        error::SqliteError,
        statements::{database_time::now_ms, runner::StatementRunner, transaction},
        tables::change_log,
        write_connection::WriteConnection,
    },
};

// The retry schedule begins anew. The tries go on, and so the numbers of the attempts.
const REVIVE: &str = concat!(
    "UPDATE deliveries SET status = 1, class = 1, attempts = 0, first_attempt_at_ms = NULL, finished_at_ms = NULL,
         is_stopped = 0, due_at_ms = CASE WHEN order_key IS NULL THEN ",
    now_ms!(),
    " + ?2 END WHERE seq = ?1"
);

const HASTEN: &str = concat!("UPDATE deliveries SET due_at_ms = min(due_at_ms, ", now_ms!(), " + ?2) WHERE seq = ?1");

// Of an order key the oldest leads, which is due at once until here.
const DELAY: &str = concat!(
    "UPDATE deliveries SET due_at_ms = max(due_at_ms, ",
    now_ms!(),
    " + ?2) WHERE seq = ?1 AND due_at_ms IS NOT NULL AND owner IS NULL"
);

const WAITS: &str = concat!("owner IS NULL AND (status = 3 OR due_at_ms > ", now_ms!(), ")");

// No longer, if another delivery of the event is dead.
const NEEDS_NO_ATTENTION: &str = "UPDATE attention SET open = 0
    WHERE source_environment_id IN (SELECT id FROM source_environments WHERE environment_id = ?1) AND event_id = ?2
      AND code = ?3 AND NOT EXISTS (SELECT 1 FROM deliveries WHERE source_event = ?2 AND status = 3)";

impl Execute<RedriveDeliveries> for WriteConnection {
    async fn execute(&mut self, operation: RedriveDeliveries) -> Result<Redriven, CommitError> {
        let RedriveDeliveries { environment_id, selected, slice, log } = operation;
        let redriven = transaction::run(self.connection.plain(), async |connection| {
            let redriven = redrive(connection, environment_id, &selected, slice).await?;
            if let Some(log) = log.filter(|_| redriven.count > 0) {
                change_log::record(connection, &log).await?;
            }
            Ok(redriven)
        })
        .await?;
        self.deliveries.notify_one();
        Ok(redriven)
    }
}

async fn redrive(
    connection: &mut sql::Connection<'_>,
    environment: i64,
    selected: &SelectedDeliveries,
    slice: RedriveSlice,
) -> Result<Redriven, SqliteError> {
    // A filter without a status is for the dead ones.
    let statuses: &[DeliveryStatus] = match selected {
        SelectedDeliveries::Matching(filter) if filter.status.is_none() => &[DeliveryStatus::Dead],
        _ => &[DeliveryStatus::Dead, DeliveryStatus::Retrying],
    };
    let page = (slice.after, slice.limit.into());
    let found = select::find(connection, environment, selected, statuses, WAITS, page).await?;
    let mut ordered: Vec<(i64, Uuid)> = Vec::new();
    let mut delayed: Vec<(i64, i64)> = Vec::new();
    for (position, Found { seq, target, order_key, status, source_event, .. }) in found.iter().enumerate() {
        let (is_dead, delay_ms) = (*status == status::DEAD, slice.delay_ms(position));
        sql::query(if is_dead { REVIVE } else { HASTEN }).bind(seq).bind(delay_ms).execute(&mut *connection).await?;
        if let Some(key) = order_key.filter(|_| is_dead) {
            ordered.push((*target, key));
            delayed.push((*seq, delay_ms));
        }
        if is_dead {
            sql::query(NEEDS_NO_ATTENTION)
                .bind(environment)
                .bind(source_event.as_bytes().as_slice())
                .bind(DEAD_CODE)
                .execute(&mut *connection)
                .await?;
        }
    }
    ordered.sort_unstable();
    ordered.dedup();
    order::lead(&mut StatementRunner::Plain(connection.lend()), &ordered).await?;
    for (seq, delay_ms) in delayed.into_iter().filter(|(_, delay_ms)| *delay_ms > 0) {
        sql::query(DELAY).bind(seq).bind(delay_ms).execute(&mut *connection).await?;
    }
    Ok(Redriven { count: found.len() as u64, last: found.last().map(|last| last.id) })
}
