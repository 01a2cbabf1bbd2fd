//! Discarding deliveries that are open.

use inlet_core::delivery::DeliveryStatus;

use super::{
    select::{self, Found},
    stop::{Stopped, stop},
};
use crate::{
    backend::Execute,
    error::CommitError,
    operations::DiscardDeliveries,
    sqlite::{
        statements::{runner::StatementRunner, transaction},
        tables::change_log,
        write_connection::WriteConnection,
    },
};

impl Execute<DiscardDeliveries> for WriteConnection {
    async fn execute(&mut self, operation: DiscardDeliveries) -> Result<u64, CommitError> {
        let DiscardDeliveries { environment_id, selected, limit, log } = operation;
        let discarded = transaction::run(self.connection.plain(), async |connection| {
            let open = [DeliveryStatus::Pending, DeliveryStatus::Retrying];
            let found =
                select::find(connection, environment_id, &selected, &open, "is_stopped = 0", (None, limit.into()))
                    .await?;
            let stopped: Vec<Stopped> = found
                .iter()
                .map(|Found { seq, target, order_key, .. }| Stopped {
                    seq: *seq,
                    target: *target,
                    order_key: *order_key,
                })
                .collect();
            stop(&mut StatementRunner::Plain(connection.lend()), &stopped, "an operator discarded it").await?;
            if let Some(log) = log.filter(|_| !stopped.is_empty()) {
                change_log::record(connection, &log).await?;
            }
            Ok(stopped.len() as u64)
        })
        .await?;
        self.deliveries.notify_one();
        Ok(discarded)
    }
}
