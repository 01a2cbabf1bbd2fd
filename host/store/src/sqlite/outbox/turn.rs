//! Executing a turn of a dispatcher, in one transaction on the writer's own thread.

use super::{bodies, claim, finish, health};
use crate::{
    backend::Execute,
    error::CommitError,
    operations::TakeDeliveryTurn,
    records::{DeliveryTurn, DeliveryTurnResult},
    sqlite::{
        error::SqliteError,
        statements::{runner::StatementRunner, transaction},
        write_connection::WriteConnection,
    },
};

impl Execute<TakeDeliveryTurn> for WriteConnection {
    async fn execute(
        &mut self,
        TakeDeliveryTurn { turn }: TakeDeliveryTurn,
    ) -> Result<DeliveryTurnResult, CommitError> {
        let taken = take(&mut self.connection.statements(), &turn).await;
        if taken.is_err() {
            transaction::roll_back(&mut self.connection.plain()).await;
            self.reconnect_if_lost().await;
        }
        self.checkpoint().await;
        Ok(taken?)
    }
}

/// Executes a turn. The caller rolls back after an error.
pub(super) async fn take(
    statements: &mut StatementRunner<'_>,
    turn: &DeliveryTurn,
) -> Result<DeliveryTurnResult, SqliteError> {
    let DeliveryTurn { owner, lease, bodies, finished, health, renewed, wanted } = turn;
    let lease_ms = i64::try_from(lease.as_millis()).unwrap_or(i64::MAX).min(i64::MAX / 4);
    let mut result = DeliveryTurnResult::default();
    transaction::begin(statements).await?;
    for built in bodies {
        if !bodies::store(statements, *owner, built).await? {
            result.lost.push(built.claim);
        }
    }
    for attempt in finished {
        if !finish::finish(statements, *owner, attempt).await? {
            result.lost.push(attempt.claim);
        }
    }
    for changed in health {
        health::write(statements, changed).await?;
    }
    for claim in renewed {
        if !claim::renew(statements, *owner, *claim, lease_ms).await? {
            result.lost.push(*claim);
        }
    }
    for wanted in wanted {
        claim::claim(statements, *owner, lease_ms, wanted, &mut result.claimed).await?;
        result.next_due.extend(claim::next_due(statements, wanted.target).await?.map(|due| (wanted.target, due)));
    }
    transaction::commit(statements).await?;
    Ok(result)
}
