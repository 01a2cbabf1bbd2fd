//! Expanding the object recipients of runs into their subscribers, one chunk in each transaction.
//!
//! An expansion begins with the recipients that the event named. It reads the subscribers of each object among the run's
//! recipients, those objects included that it adds itself, in the order in which they became recipients. A subscriber is
//! added unless the run has it, it is the actor, or it was canceled. So cycles end, and each recipient is in the run once.

mod step;
#[cfg(test)]
mod tests;

use sqlx::{Row as _, SqliteConnection, SqlitePool};
use uuid::Uuid;

use self::step::Step;
use crate::{
    backend::Execute,
    error::CommitError,
    operations::ExpandRun,
    records::ExpandedRun,
    sqlite::{
        error::SqliteError,
        statements::{transaction, uuids},
        write_connection::WriteConnection,
    },
};

/// The most expansions that are listed at once.
const MAX_LISTED: i64 = 100;

const TO_BEGIN: i64 = 0;
const UNDER_WAY: i64 = 1;
const ENDED: i64 = 2;

/// Returns expansions that have not ended: the environment's database id and the run.
pub(crate) async fn unfinished(readers: &SqlitePool) -> Result<Vec<(i64, Uuid)>, sqlx::Error> {
    let rows = sqlx::query("SELECT environment_id, run_id FROM expansions LIMIT ?")
        .bind(MAX_LISTED)
        .fetch_all(readers)
        .await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, uuids::read(row, 1)?))).collect()
}

impl Execute<ExpandRun> for WriteConnection {
    async fn execute(
        &mut self,
        ExpandRun { environment_id, run_id, limit }: ExpandRun,
    ) -> Result<ExpandedRun, CommitError> {
        Ok(transaction::run(self.connection.plain(), async |connection| {
            Ok(step(connection, environment_id, run_id, limit.into()).await?)
        })
        .await
        .map_err(|error: SqliteError| error)?)
    }
}

/// Takes the next step of an expansion.
async fn step(
    connection: &mut SqliteConnection,
    environment: i64,
    run: Uuid,
    limit: i64,
) -> Result<ExpandedRun, sqlx::Error> {
    let expansion = sqlx::query(
        "SELECT state, actor_collection, actor_id, runs.id IS NOT NULL AND runs.canceled_at_ms IS NULL,
             runs.recipients_count, runs.cancellation_key IS NOT NULL
         FROM expansions LEFT JOIN workflow_runs AS runs
             ON runs.environment_id = expansions.environment_id AND runs.id = run_id
         WHERE expansions.environment_id = ? AND run_id = ?",
    )
    .bind(environment)
    .bind(run.as_bytes().as_slice())
    .fetch_optional(&mut *connection)
    .await?;
    let Some(expansion) = expansion else { return Ok(ExpandedRun { recipients: 0, has_more: false }) };
    let (state, is_open): (i64, bool) = (expansion.try_get(0)?, expansion.try_get(3)?);
    let step = Step { environment, run: run.as_bytes().as_slice(), limit };
    match state {
        TO_BEGIN if is_open => {
            let actor: (Option<String>, Option<String>) = (expansion.try_get(1)?, expansion.try_get(2)?);
            step.begin(connection, actor).await?;
        }
        UNDER_WAY if is_open => {
            let recipients = step.expand(connection, expansion.try_get(4)?, expansion.try_get(5)?).await?;
            return Ok(ExpandedRun { recipients, has_more: true });
        }
        // The run is canceled or gone, or everybody is read.
        _ => return step.end(connection).await,
    }
    Ok(ExpandedRun { recipients: 0, has_more: true })
}
