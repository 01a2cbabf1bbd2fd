//! Expanding the object recipients of runs into their subscribers, one chunk in each transaction.
//!
//! An expansion begins with the recipients that the event named. It reads the subscribers of each object among the run's
//! recipients, those objects included that it adds itself, in the order in which they became recipients. A subscriber is
//! added unless the run has it, it is the actor, or it was canceled. So cycles end, and each recipient is in the run once.

mod deliver;
mod step;
#[cfg(test)]
mod tests;

use uuid::Uuid;

use self::{deliver::Router, step::Step};
use crate::{
    backend::Execute,
    error::CommitError,
    operations::ExpandRuns,
    records::{ExpandedRun, ExpansionShare},
    sql,
    sqlite::{
        error::SqliteError,
        statements::{runner::StatementRunner, transaction, uuids},
        write_connection::WriteConnection,
    },
};

/// The most expansions of one environment that are listed at once: they take turns, and later ones wait.
const MAX_LISTED: i64 = 20;

const TO_BEGIN: i64 = 0;
const UNDER_WAY: i64 = 1;
const ENDED: i64 = 2;

/// The environments with expansions, each found in the index.
macro_rules! environments {
    () => {
        "WITH RECURSIVE of_environment (id) AS (
             SELECT min(environment_id) FROM expansions
             UNION ALL
             SELECT (SELECT min(environment_id) FROM expansions WHERE environment_id > of_environment.id)
             FROM of_environment WHERE id IS NOT NULL)
         "
    };
}

/// Returns the oldest expansions of every environment that have not ended, in its order: the environment's database id and
/// the run.
pub(crate) async fn unfinished(readers: &sql::Pool) -> Result<Vec<(i64, Uuid)>, sqlx::Error> {
    // PostgreSQL would look for the oldest ones at every expansion of an environment.
    let rows = sql::query(sql::each(
        concat!(
            environments!(),
            "SELECT environment_id, run_id FROM of_environment CROSS JOIN expansions
                 ON environment_id = of_environment.id
                 AND run_id IN (SELECT run_id FROM expansions AS oldest WHERE oldest.environment_id = of_environment.id
                     ORDER BY run_id LIMIT ?)
             ORDER BY environment_id, run_id"
        ),
        concat!(
            environments!(),
            "SELECT of_environment.id, oldest.run_id FROM of_environment CROSS JOIN LATERAL (
                 SELECT run_id FROM expansions WHERE environment_id = of_environment.id ORDER BY run_id LIMIT ?
             ) AS oldest ON true
             ORDER BY of_environment.id, oldest.run_id"
        ),
    ))
    .bind(MAX_LISTED)
    .fetch_all(readers)
    .await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, uuids::read(row, 1)?))).collect()
}

impl Execute<ExpandRuns> for WriteConnection {
    async fn execute(&mut self, ExpandRuns { shares }: ExpandRuns) -> Result<Vec<ExpandedRun>, CommitError> {
        let clock = self.clock.clone();
        let targets = &mut self.caches.targets;
        let expanded = transaction::run(self.connection.plain(), async |connection| {
            targets.make_sure(&mut StatementRunner::Plain(connection.lend())).await?;
            let router = &mut Router { targets, new_id: &mut || clock.new_id() };
            let mut expanded = Vec::with_capacity(shares.len());
            for share in &shares {
                expanded.push(expand(connection, router, share).await?);
            }
            Ok(expanded)
        })
        .await;
        match &expanded {
            Ok(_) => self.announce_deliveries(),
            Err(_) => _ = self.caches.targets.take_written(),
        }
        Ok(expanded?)
    }
}

/// Takes the next steps of an expansion, until they have cost its share of the transaction. A small one is done at once.
async fn expand(
    connection: &mut sql::Connection<'_>,
    router: &mut Router<'_>,
    share: &ExpansionShare,
) -> Result<ExpandedRun, SqliteError> {
    let ExpansionShare { environment_id, run_id, limit } = *share;
    let mut left = i64::from(limit);
    let mut recipients = 0;
    loop {
        let (taken, cost) = step(connection, router, (environment_id, run_id), left).await?;
        recipients += taken.recipients;
        left -= cost.max(1);
        if !taken.has_more || left <= 0 {
            return Ok(ExpandedRun { recipients, has_more: taken.has_more });
        }
    }
}

/// Takes the next step of an expansion. Returns its cost too, in subscribers that were read.
async fn step(
    connection: &mut sql::Connection<'_>,
    router: &mut Router<'_>,
    (environment, run): (i64, Uuid),
    limit: i64,
) -> Result<(ExpandedRun, i64), SqliteError> {
    let expansion = sql::query(
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
    let Some(expansion) = expansion else { return Ok((ExpandedRun { recipients: 0, has_more: false }, 0)) };
    let (state, is_open): (i64, bool) = (expansion.try_get(0)?, expansion.try_get(3)?);
    let step = Step { environment, run: run.as_bytes().as_slice(), limit };
    match state {
        TO_BEGIN if is_open => {
            let actor: (Option<String>, Option<String>) = (expansion.try_get(1)?, expansion.try_get(2)?);
            let cost = step.begin(connection, actor).await?;
            Ok((ExpandedRun { recipients: 0, has_more: true }, cost))
        }
        UNDER_WAY if is_open => {
            let first = expansion.try_get(4)?;
            let (recipients, cost) = step.expand(connection, first, expansion.try_get(5)?).await?;
            if recipients > 0 {
                router.deliver(connection, (environment, run), first).await?;
            }
            Ok((ExpandedRun { recipients, has_more: true }, cost))
        }
        // The run is canceled or gone, or everybody is read.
        _ => Ok(step.end(connection).await?),
    }
}
