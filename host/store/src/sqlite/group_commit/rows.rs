//! Writing the rows of a settled group: event logs, action logs, runs with their recipients, and users. Subscriptions,
//! memberships and cancellations have files of their own.

use std::{sync::LazyLock, time::Instant};

use inlet_core::{
    effect::{Effect, RecipientUpsert, RelationChanges, recipient_changes, relation_changes},
    json,
    log::ActionLog,
    recipient::RecipientKey,
    run::{Run, RunCancellation, RunRecipient},
    settle::{Job, Settlement},
    world::{RecordChange, World},
};
use uuid::Uuid;

use super::{cancellation_rows, relation_rows};
use crate::sqlite::{
    caches::Targets,
    error::SqliteError,
    event_columns::{self, EventRow},
    outbox::route::{self, RunToRoute},
    statements::{codes, multi_row::MultiRow, row::Row, runner::StatementRunner},
};

// CROSS JOIN fixes the order: one look-up in the unique index for each recipient.
static DELETED_RECIPIENTS: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::query(
        "DELETE FROM recipients WHERE seq IN (WITH deleted (environment_id, collection, id) AS (VALUES",
        "(?, ?, ?)",
        ") SELECT seq FROM deleted CROSS JOIN recipients USING (environment_id, collection, id))",
    )
});

// A deleted recipient with subscriptions or memberships stays as an empty row that nobody sees, so that nobody sees them
// either and its `seq` stays taken. A job removes both. No EXISTS: PostgreSQL would look them up in hashes of the whole tables, if it
// takes these for small.
static EMPTIED_RECIPIENTS: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::query(
        "UPDATE recipients SET collection = '#deleted', id = CAST(seq AS TEXT), properties = '{}'
         WHERE seq IN (WITH deleted (environment_id, collection, id) AS (VALUES",
        "(?, ?, ?)",
        ") SELECT seq FROM deleted CROSS JOIN recipients USING (environment_id, collection, id))
         AND ((SELECT 1 FROM subscriptions
                  WHERE subscriptions.environment_id = recipients.environment_id AND object_seq = seq LIMIT 1) = 1
              OR (SELECT 1 FROM subscriptions
                  WHERE subscriptions.environment_id = recipients.environment_id AND recipient_seq = seq LIMIT 1) = 1
              OR (SELECT 1 FROM audience_members
                  WHERE audience_members.environment_id = recipients.environment_id AND user_seq = seq LIMIT 1) = 1)",
    )
});

static EVENT_LOGS: LazyLock<MultiRow> =
    LazyLock::new(|| MultiRow::insert("event_logs", &event_columns::inserted(), ""));

static ACTION_LOGS: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::insert(
        "action_logs",
        "event_id, ordinal, id, mapping, action_type, status, reason, parameters, found_in, result, \
         payload, warnings",
        "",
    )
});

static RUNS: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::insert(
        "workflow_runs",
        "environment_id, id, workflow, source_event, recipients_count, actor, tenant, cancellation_key, \
         key, settings, mapping, targets, data",
        "",
    )
});

static RUN_RECIPIENTS: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::insert("workflow_run_recipients", "run_id, ordinal, collection, id, trigger_data, is_cancelable", "")
});

static RECIPIENTS: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::insert(
        "recipients",
        "environment_id, collection, id, created_at_ms, updated_at_ms, as_of_ms, properties",
        "ON CONFLICT (environment_id, collection, id) DO UPDATE SET
             updated_at_ms = excluded.updated_at_ms, as_of_ms = excluded.as_of_ms,
             properties = excluded.properties",
    )
});

/// The rows of a settled group, table by table.
pub(super) struct Rows<'a> {
    events: Vec<EventRow<'a>>,
    actions: Vec<(Uuid, usize, &'a ActionLog)>,
    runs: Vec<(i64, &'a Run)>,
    cancellations: Vec<(i64, &'a RunCancellation)>,
    relations: RelationChanges<'a>,
    deleted_recipients: Vec<(i64, &'a RecipientKey)>,
    recipients: Vec<(i64, &'a RecipientUpsert)>,
    /// Written by [`IdempotencyRecords`](crate::sqlite::idempotency::IdempotencyRecords).
    pub(super) records: Vec<RecordChange<'a>>,
}

impl<'a> Rows<'a> {
    /// Collects the rows of a group that was settled at a time. `plugins` has the plugin's id for every item, job by job.
    pub(super) fn of(
        jobs: &'a [Job],
        settlements: &'a [Vec<Settlement>],
        settled_at: Instant,
        plugins: &[i64],
        world: &'a World,
    ) -> Self {
        let items = jobs.iter().zip(settlements).flat_map(|(job, settlements)| {
            job.items.iter().zip(settlements).map(move |(item, settlement)| (job, &item.log, settlement))
        });
        let events: Vec<EventRow<'a>> = items
            .zip(plugins)
            .map(|((job, log, settlement), plugin_id)| EventRow {
                job,
                log,
                settlement,
                plugin_id: *plugin_id,
                settled_at,
            })
            .collect();
        let actions = events
            .iter()
            .flat_map(|event| {
                event.settlement.actions.iter().enumerate().map(|(at, action)| (event.log.id, at, action))
            })
            .collect();
        let runs: Vec<(i64, &Run)> =
            events.iter().flat_map(|event| event.settlement.runs().map(|run| (event.job.environment, run))).collect();
        let effects = || {
            let of_event = |event: &EventRow<'a>| {
                let environment = event.job.environment;
                event.settlement.effects.iter().map(move |effect| (environment, effect))
            };
            events.iter().flat_map(of_event)
        };
        let relations = relation_changes(effects());
        let cancellation = |(environment, effect): (i64, &'a Effect)| match effect {
            Effect::CancelRuns(cancellation) => Some((environment, cancellation)),
            _ => None,
        };
        let cancellations = effects().filter_map(cancellation).collect();
        let changes = recipient_changes(effects());
        let deleted_recipients =
            changes.iter().filter(|change| change.is_deleted).map(|change| (change.environment, change.key)).collect();
        let recipients =
            changes.iter().filter_map(|change| change.upsert.map(|upsert| (change.environment, upsert))).collect();
        // Sorted, so that the same group always writes the same rows.
        let mut records: Vec<_> = world.changed_records().collect();
        records.sort_unstable_by_key(|change| change.id);
        Self { events, actions, runs, cancellations, relations, deleted_recipients, recipients, records }
    }

    pub(super) async fn write(
        &self,
        statements: &mut StatementRunner<'_>,
        targets: &mut Targets,
        now_ms: i64,
        new_id: &mut dyn FnMut() -> Uuid,
    ) -> Result<(), SqliteError> {
        statements.write(&EVENT_LOGS, &self.events, event_columns::write).await?;
        statements.write(&ACTION_LOGS, &self.actions, bind_action).await?;
        write_runs(statements, targets, &self.runs, new_id).await?;
        cancellation_rows::write(statements, targets, &self.cancellations, now_ms, new_id).await?;
        // Before the upserts: a recipient that is deleted and upserted afterwards gets a row of its own.
        delete_recipients(statements, &self.deleted_recipients).await?;
        relation_rows::delete_tenants(statements, &self.deleted_recipients).await?;
        statements
            .write(&RECIPIENTS, &self.recipients, |row, (environment, upsert)| {
                row.int(*environment).text(&upsert.key.collection).text(&upsert.key.id);
                row.int(now_ms).int(now_ms).int(upsert.as_of_ms).text(&upsert.properties);
            })
            .await?;
        relation_rows::write(statements, &self.relations, now_ms).await
    }
}

/// Writes runs, each with its environment's database id, their recipients and their deliveries.
pub(crate) async fn write_runs(
    statements: &mut StatementRunner<'_>,
    targets: &mut Targets,
    runs: &[(i64, &Run)],
    new_id: &mut dyn FnMut() -> Uuid,
) -> Result<(), SqliteError> {
    let recipients: Vec<(&Run, usize, &RunRecipient)> = runs
        .iter()
        .flat_map(|(_, run)| run.recipients.iter().enumerate().map(move |(at, recipient)| (*run, at, recipient)))
        .collect();
    statements.write(&RUNS, runs, bind_run).await?;
    statements.write(&RUN_RECIPIENTS, &recipients, bind_run_recipient).await?;
    let routed = runs.iter().map(|(environment, run)| RunToRoute::of(*environment, run));
    route::write(statements, targets, routed, new_id).await
}

/// Deletes recipients by environment and key.
pub(crate) async fn delete_recipients(
    statements: &mut StatementRunner<'_>,
    deleted: &[(i64, &RecipientKey)],
) -> Result<(), SqliteError> {
    for deletion in [&EMPTIED_RECIPIENTS, &DELETED_RECIPIENTS] {
        statements
            .write(deletion, deleted, |row, (environment, key)| {
                row.int(*environment).text(&key.collection).text(&key.id);
            })
            .await?;
    }
    Ok(())
}

fn bind_action<'v>(row: &mut Row<'v>, (event, ordinal, action): &'v (Uuid, usize, &ActionLog)) {
    row.blob(event.as_bytes())
        .int(*ordinal as i64)
        .blob(action.id.as_bytes())
        .optional_uuid(action.mapping)
        .text(action.action_type.as_str())
        .int(codes::of_status(action.status))
        .optional_text(action.reason.as_deref())
        .text(&action.parameters)
        .text(&action.found_in)
        .optional_text(action.result.as_deref())
        .text(&action.payload)
        .optional_owned_text(warnings(&action.warnings));
}

/// Returns warnings as they are stored; none if there are none.
fn warnings(warnings: &[String]) -> Option<String> {
    (!warnings.is_empty()).then(|| json::array(warnings.iter().map(|warning| json::quote(warning))))
}

fn bind_run<'v>(row: &mut Row<'v>, (environment, run): &'v (i64, &Run)) {
    row.int(*environment)
        .blob(run.id.as_bytes())
        .text(&run.workflow)
        .blob(run.source_event.as_bytes())
        .int(run.recipients.len() as i64)
        .optional_text(run.actor.as_deref())
        .optional_text(run.tenant.as_deref())
        .optional_text(run.cancellation_key.as_deref())
        .blob(run.key.as_bytes())
        .optional_text(run.settings.as_deref())
        .optional_uuid(run.mapping)
        .optional_owned_text(run.targets.as_deref().map(stored_targets))
        .text(&run.data);
}

/// Returns the keys of targets as they are stored: a JSON array.
pub(crate) fn stored_targets(targets: &[String]) -> String {
    json::array(targets.iter().map(|key| json::quote(key)))
}

/// Reads the keys of targets as they are stored.
pub(crate) fn read_targets(text: &str) -> Vec<String> {
    json::items(text).unwrap_or_default().into_iter().filter_map(json::string).collect()
}

fn bind_run_recipient<'v>(row: &mut Row<'v>, (run, ordinal, recipient): &'v (&Run, usize, &RunRecipient)) {
    row.blob(run.id.as_bytes())
        .int(*ordinal as i64)
        .optional_text(recipient.collection.as_deref())
        .text(&recipient.id)
        .optional_text(recipient.trigger_data.as_deref())
        .optional_int(run.cancellation_key.as_ref().map(|_| 1));
}
