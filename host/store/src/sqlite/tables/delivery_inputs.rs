//! Reading what the body of a delivery is built of.

use std::sync::LazyLock;

use futures_util::TryStreamExt as _;
use inlet_core::delivery::DeliveryCall;
use uuid::Uuid;

use crate::{
    records::{DeliveryInputs, DeliveryRecipient, DeliveryRecord},
    sql,
    sqlite::{
        error::SqliteError,
        statements::{
            multi_row::MultiRow,
            row::Row,
            runner::{FoundRow, StatementRunner},
            uuids,
        },
    },
};

// A trigger is for those who are not canceled, a cancel for those whom its event canceled.
const RECIPIENTS: &str = "SELECT ordinal, named.collection, named.id, trigger_data, properties
    FROM workflow_run_recipients AS named
    LEFT JOIN recipients ON environment_id = ?1 AND recipients.collection = coalesce(named.collection, '$users')
        AND recipients.id = named.id
    WHERE run_id = ?2 AND ordinal >= ?3 AND ordinal < ?4
      AND CASE WHEN ?5 IS NULL THEN canceled_at_ms IS NULL ELSE coalesce(canceled_by, ?6) = ?5 END
    ORDER BY ordinal";

const ALL_ARE_CANCELED: &str = "SELECT NOT EXISTS (SELECT 1 FROM workflow_run_recipients
    WHERE run_id = ?1 AND ordinal >= ?2 AND ordinal < ?3 AND canceled_at_ms IS NULL)";

static RUNS_OF_MANY: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::query(
        "WITH wanted (number, environment, run) AS (VALUES",
        "(#, ?, ?)",
        ") SELECT number, workflow, actor, tenant, data, cancellation_key, source_event, canceled_at_ms IS NOT NULL, settings
         FROM wanted CROSS JOIN workflow_runs ON environment_id = environment AND id = run",
    )
});

static RECIPIENTS_OF_MANY: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::query(
        "WITH wanted (number, environment, run, first, beyond) AS (VALUES",
        "(#, ?, ?, ?, ?)",
        ") SELECT number, ordinal, named.collection, named.id, trigger_data, properties
         FROM wanted CROSS JOIN workflow_run_recipients AS named
             ON run_id = run AND ordinal >= first AND ordinal < beyond AND canceled_at_ms IS NULL
         LEFT JOIN recipients ON environment_id = environment
             AND recipients.collection = coalesce(named.collection, '$users') AND recipients.id = named.id
         ORDER BY number, ordinal",
    )
});

/// The same for triggers with few recipients in all, which are read whole: two statements read all of them.
pub(crate) async fn read_triggers(
    readers: &sql::Pool,
    triggers: &[DeliveryRecord],
) -> Result<Vec<Option<DeliveryInputs>>, SqliteError> {
    let mut reader = readers.acquire().await?;
    let mut transaction = reader.begin().await?;
    let mut snapshot = transaction.connection();
    let mut statements = StatementRunner::Plain(snapshot.lend());
    let mut inputs: Vec<Option<DeliveryInputs>> = vec![None; triggers.len()];
    let at =
        |offset: usize, row: &FoundRow<'_>| Ok::<_, SqliteError>(offset + usize::try_from(row.int(0)?).unwrap_or(0));
    let text = |row: &FoundRow<'_>, column| Ok::<_, SqliteError>(row.optional_text(column)?.map(str::to_owned));
    let bind = |row: &mut Row<'_>, delivery: &DeliveryRecord| {
        row.int(delivery.environment_id).uuid(delivery.run);
    };
    statements
        .find(&RUNS_OF_MANY, triggers, bind, |offset, row| {
            let at = at(offset, row)?;
            let (Some(delivery), Some(inputs)) = (triggers.get(at), inputs.get_mut(at)) else { return Ok(()) };
            *inputs = Some(DeliveryInputs {
                run: delivery.run,
                workflow: text(row, 1)?.unwrap_or_default(),
                actor: text(row, 2)?,
                tenant: text(row, 3)?,
                data: text(row, 4)?.unwrap_or_default(),
                cancellation_key: text(row, 5)?,
                source_event: uuids::parse(6, row.blob(6)?)?,
                is_canceled: row.int(7)? != 0,
                settings: text(row, 8)?,
                trigger_key: delivery.key,
                recipients: Vec::new(),
                covered: delivery.recipients,
            });
            Ok(())
        })
        .await?;
    let bind = |row: &mut Row<'_>, delivery: &DeliveryRecord| {
        let end = delivery.first_recipient.saturating_add(delivery.recipients);
        row.int(delivery.environment_id).uuid(delivery.run).int(delivery.first_recipient.into()).int(end.into());
    };
    statements
        .find(&RECIPIENTS_OF_MANY, triggers, bind, |offset, row| {
            let Some(Some(inputs)) = inputs.get_mut(at(offset, row)?) else { return Ok(()) };
            if !inputs.is_canceled {
                inputs.recipients.push(DeliveryRecipient {
                    ordinal: u32::try_from(row.int(1)?).unwrap_or(u32::MAX),
                    collection: text(row, 2)?,
                    id: text(row, 3)?.unwrap_or_default(),
                    trigger_data: text(row, 4)?,
                    properties: text(row, 5)?,
                });
            }
            Ok(())
        })
        .await?;
    Ok(inputs)
}

/// Returns what the body of a delivery is built of: recipients of about `max_bytes`, and at least one. None if its run is
/// gone.
pub(crate) async fn read(
    readers: &sql::Pool,
    delivery: &DeliveryRecord,
    max_bytes: u64,
) -> Result<Option<DeliveryInputs>, sqlx::Error> {
    let mut reader = readers.acquire().await?;
    let mut transaction = reader.begin().await?;
    let mut snapshot = transaction.connection();
    let run = sql::query(
        "SELECT workflow, actor, tenant, data, cancellation_key, source_event, canceled_at_ms IS NOT NULL, canceled_by,
             settings
         FROM workflow_runs WHERE environment_id = ? AND id = ?",
    )
    .bind(delivery.environment_id)
    .bind(delivery.run.as_bytes().to_vec())
    .fetch_optional(&mut snapshot)
    .await?;
    let Some(run) = run else { return Ok(None) };
    let mut is_canceled: bool = run.try_get(6)?;
    let is_trigger = delivery.call == DeliveryCall::Trigger;
    let trigger_key = if is_trigger { delivery.key } else { trigger_key(&mut snapshot, delivery).await? };
    let end = delivery.first_recipient.saturating_add(delivery.recipients);
    if !is_trigger && !is_canceled {
        is_canceled = sql::query_scalar(ALL_ARE_CANCELED)
            .bind(delivery.run.as_bytes().to_vec())
            .bind(delivery.first_recipient)
            .bind(end)
            .fetch_one(&mut snapshot)
            .await?;
    }
    let mut inputs = DeliveryInputs {
        run: delivery.run,
        workflow: run.try_get(0)?,
        actor: run.try_get(1)?,
        tenant: run.try_get(2)?,
        data: run.try_get(3)?,
        cancellation_key: run.try_get(4)?,
        settings: run.try_get(8)?,
        source_event: uuids::read(&run, 5)?,
        is_canceled,
        trigger_key,
        recipients: Vec::new(),
        covered: delivery.recipients,
    };
    if is_trigger && is_canceled {
        return Ok(Some(inputs));
    }
    let canceled_by = (!is_trigger).then(|| delivery.source_event.as_bytes().to_vec());
    let mut rows = sql::query(RECIPIENTS)
        .bind(delivery.environment_id)
        .bind(delivery.run.as_bytes().to_vec())
        .bind(delivery.first_recipient)
        .bind(end)
        .bind(canceled_by)
        .bind(run.try_get::<Option<Vec<u8>>>(7)?)
        .fetch(&mut snapshot)?;
    let mut bytes = 0_u64;
    while let Some(row) = rows.try_next().await? {
        let recipient = DeliveryRecipient {
            ordinal: row.try_get(0)?,
            collection: row.try_get(1)?,
            id: row.try_get(2)?,
            trigger_data: row.try_get(3)?,
            properties: row.try_get(4)?,
        };
        let texts = [&recipient.trigger_data, &recipient.properties];
        bytes += texts.into_iter().flatten().map(|text| text.len() as u64).sum::<u64>();
        if bytes > max_bytes && !inputs.recipients.is_empty() {
            inputs.covered = recipient.ordinal - delivery.first_recipient;
            break;
        }
        inputs.recipients.push(recipient);
    }
    drop(rows);
    Ok(Some(inputs))
}

/// Returns the key of the trigger that a cancel cancels: it is for the same recipients. Its own key if the trigger is gone.
async fn trigger_key(reader: &mut sql::Connection<'_>, cancel: &DeliveryRecord) -> Result<Uuid, sqlx::Error> {
    let found = sql::query(
        "SELECT key FROM deliveries WHERE run_id = ? AND target_id = ? AND call = 0 AND first_recipient = ?",
    )
    .bind(cancel.run.as_bytes().to_vec())
    .bind(cancel.target_id)
    .bind(cancel.first_recipient)
    .fetch_optional(reader)
    .await?;
    found.map_or(Ok(cancel.key), |row| uuids::read(&row, 0))
}
