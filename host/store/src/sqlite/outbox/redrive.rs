//! Sending deliveries again that were given up, and those that wait for a retry at once.

use inlet_core::delivery::DeliveryStatus;
use sqlx::SqliteConnection;
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
    records::SelectedDeliveries,
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
    " END WHERE seq = ?"
);

const HASTEN: &str = concat!("UPDATE deliveries SET due_at_ms = ", now_ms!(), " WHERE seq = ?");

const WAITS: &str = concat!("owner IS NULL AND (status = 3 OR due_at_ms > ", now_ms!(), ")");

// No longer, if another delivery of the event is dead.
const NEEDS_NO_ATTENTION: &str = "UPDATE attention SET open = 0
    WHERE source_environment_id IN (SELECT id FROM source_environments WHERE environment_id = ?1) AND event_id = ?2
      AND code = ?3 AND NOT EXISTS (SELECT 1 FROM deliveries WHERE source_event = ?2 AND status = 3)";

impl Execute<RedriveDeliveries> for WriteConnection {
    async fn execute(&mut self, operation: RedriveDeliveries) -> Result<u64, CommitError> {
        let RedriveDeliveries { environment_id, selected, limit, log } = operation;
        let redriven = transaction::run(self.connection.plain(), async |connection| {
            let redriven = redrive(connection, environment_id, &selected, limit.into()).await?;
            if let Some(log) = log.filter(|_| redriven > 0) {
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
    connection: &mut SqliteConnection,
    environment: i64,
    selected: &SelectedDeliveries,
    limit: i64,
) -> Result<u64, SqliteError> {
    // A filter without a status is for the dead ones.
    let statuses: &[DeliveryStatus] = match selected {
        SelectedDeliveries::Matching(filter) if filter.status.is_none() => &[DeliveryStatus::Dead],
        _ => &[DeliveryStatus::Dead, DeliveryStatus::Retrying],
    };
    let found = select::find(connection, environment, selected, statuses, WAITS, limit).await?;
    let mut ordered: Vec<(i64, Uuid)> = Vec::new();
    for Found { seq, target, order_key, status, source_event } in &found {
        let is_dead = *status == status::DEAD;
        sqlx::query(if is_dead { REVIVE } else { HASTEN }).bind(seq).execute(&mut *connection).await?;
        ordered.extend(order_key.filter(|_| is_dead).map(|key| (*target, key)));
        if is_dead {
            sqlx::query(NEEDS_NO_ATTENTION)
                .bind(environment)
                .bind(source_event.as_bytes().as_slice())
                .bind(DEAD_CODE)
                .execute(&mut *connection)
                .await?;
        }
    }
    ordered.sort_unstable();
    ordered.dedup();
    order::lead(&mut StatementRunner::Plain(connection), &ordered).await?;
    Ok(found.len() as u64)
}
