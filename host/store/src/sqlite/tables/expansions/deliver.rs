//! Writing the deliveries of recipients that an expansion adds.

use inlet_core::{delivery::RoutedRun, run::RunRecipient};
use uuid::Uuid;

use crate::{
    sql,
    sqlite::{
        caches::Targets,
        error::SqliteError,
        group_commit::rows::read_targets,
        outbox::route::{self, RunToRoute},
        statements::{runner::StatementRunner, uuids},
    },
};

/// Routes the recipients that are added.
pub(super) struct Router<'a> {
    pub(super) targets: &'a mut Targets,
    pub(super) new_id: &'a mut dyn FnMut() -> Uuid,
}

impl Router<'_> {
    /// Writes the deliveries of the recipients of a run from the position `first` on. Does nothing if the environment has no
    /// targets.
    pub(super) async fn deliver(
        &mut self,
        connection: &mut sql::Connection<'_>,
        (environment, id): (i64, Uuid),
        first: i64,
    ) -> Result<(), SqliteError> {
        if self.targets.of(environment).is_empty() {
            return Ok(());
        }
        let run = sql::query(
            "SELECT workflow, cancellation_key, key, source_event, mapping, targets FROM workflow_runs
         WHERE environment_id = ? AND id = ?",
        )
        .bind(environment)
        .bind(id.as_bytes().as_slice())
        .fetch_one(&mut *connection)
        .await?;
        let rows = sql::query(
            "SELECT collection, id FROM workflow_run_recipients WHERE run_id = ? AND ordinal >= ? ORDER BY ordinal",
        )
        .bind(id.as_bytes().as_slice())
        .bind(first)
        .fetch_all(&mut *connection)
        .await?;
        let read = |row: &sql::Row| {
            Ok::<_, sqlx::Error>(RunRecipient { collection: row.try_get(0)?, id: row.try_get(1)?, trigger_data: None })
        };
        let recipients = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let named = run.try_get::<Option<&str>>(5)?.map(read_targets);
        let routed = RunToRoute {
            environment,
            run: RoutedRun {
                id,
                // A run of an earlier version has no key; its id is as good.
                key: uuids::read_optional(&run, 2)?.unwrap_or(id),
                workflow: run.try_get(0)?,
                cancellation_key: run.try_get(1)?,
                targets: named.as_deref(),
            },
            source_event: uuids::read(&run, 3)?,
            mapping: uuids::read_optional(&run, 4)?,
            first: u32::try_from(first).unwrap_or(u32::MAX),
            recipients: &recipients,
        };
        route::write(&mut StatementRunner::Plain(connection.lend()), self.targets, [routed], self.new_id).await
    }
}
