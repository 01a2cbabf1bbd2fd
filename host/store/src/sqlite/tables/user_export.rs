//! Reading what is kept of a user in tables that are not its own.

use inlet_core::recipient::USERS;
use uuid::Uuid;

use crate::{
    records::{ReadMemory, UserAttempt, UserDelivery, UserMembership, UserRuns, UserWait},
    sql,
    sqlite::{
        error::SqliteError,
        outbox::columns::{self, columns},
        statements::{runner::FoundRow, uuids},
    },
};

/// Workflow runs of one slice. A run may have a thousand recipients.
const RUNS: i64 = 200;
/// The most attempts of a delivery: the newest.
const ATTEMPTS: i64 = 100;

/// Returns the next memberships of a user, in the order of audience and tenant.
pub(crate) async fn memberships(
    readers: &sql::Pool,
    environment: i64,
    user_id: &str,
    (audience, tenant_number): (&str, i64),
    limit: usize,
) -> Result<Vec<UserMembership>, sqlx::Error> {
    let rows = sql::query(
        "SELECT audience, tenant_id, tenant, audience_members.created_at_ms
         FROM audience_members LEFT JOIN audience_tenants ON audience_tenants.id = tenant_id
         WHERE audience_members.environment_id = ?1
           AND user_seq = (SELECT seq FROM recipients WHERE environment_id = ?1 AND collection = ?2 AND id = ?3)
           AND (audience, tenant_id) > (?4, ?5) AND coalesce(substr(tenant, 1, 1), '') <> '#'
         ORDER BY audience, tenant_id LIMIT ?6",
    )
    .bind(environment)
    .bind(USERS)
    .bind(user_id.to_owned())
    .bind(audience.to_owned())
    .bind(tenant_number)
    .bind(limit as i64)
    .fetch_all(readers)
    .await?;
    let read = |row: &sql::Row| {
        Ok(UserMembership {
            audience: row.try_get(0)?,
            tenant_number: row.try_get(1)?,
            tenant: row.try_get(2)?,
            created_at_ms: row.try_get(3)?,
        })
    };
    rows.iter().map(read).collect()
}

/// Looks at the next workflow runs between two ids that are both excluded; none if there are no more.
pub(crate) async fn runs(
    readers: &sql::Pool,
    environment: i64,
    user_id: &str,
    (after, before): (Uuid, Uuid),
) -> Result<Option<UserRuns>, sqlx::Error> {
    let mut reader = readers.acquire().await?;
    let mut transaction = reader.begin().await?;
    let mut snapshot = transaction.connection();
    let last: Option<Vec<u8>> = sql::query_scalar(
        "SELECT id FROM (
             SELECT id FROM workflow_runs WHERE environment_id = ? AND id > ? AND id < ? ORDER BY id LIMIT ?) AS slice
         ORDER BY id DESC LIMIT 1",
    )
    .bind(environment)
    .bind(after.as_bytes().to_vec())
    .bind(before.as_bytes().to_vec())
    .bind(RUNS)
    .fetch_optional(&mut snapshot)
    .await?;
    let Some(last) = last else { return Ok(None) };
    // CROSS JOIN fixes the order: the recipients of one run after the other.
    let rows = sql::query(
        "SELECT run_id, ordinal FROM workflow_runs CROSS JOIN workflow_run_recipients ON run_id = workflow_runs.id
         WHERE environment_id = ? AND workflow_runs.id > ? AND workflow_runs.id <= ?
           AND workflow_run_recipients.id = ? AND collection IS NULL ORDER BY workflow_runs.id, ordinal",
    )
    .bind(environment)
    .bind(after.as_bytes().to_vec())
    .bind(&last)
    .bind(user_id.to_owned())
    .fetch_all(&mut snapshot)
    .await?;
    let found = rows.iter().map(|row| Ok((uuids::read(row, 0)?, row.try_get(1)?)));
    Ok(Some(UserRuns { last: uuids::parse(0, &last)?, found: found.collect::<Result<_, sqlx::Error>>()? }))
}

/// Returns the next deliveries of a run that have the recipient at a position, in the order of their `seq`.
pub(crate) async fn deliveries(
    readers: &sql::Pool,
    environment: i64,
    (run, position): (Uuid, i64),
    after: i64,
    limit: usize,
) -> Result<Vec<UserDelivery>, SqliteError> {
    let mut reader = readers.acquire().await?;
    let mut transaction = reader.begin().await?;
    let mut snapshot = transaction.connection();
    let sql = format!(
        "SELECT {}, (SELECT targets.key FROM targets WHERE targets.id = target_id),
             (SELECT kind FROM targets WHERE targets.id = target_id)
         FROM deliveries
         WHERE environment_id = ? AND run_id = ? AND seq > ? AND first_recipient <= ? AND ? < first_recipient + recipients
         ORDER BY seq LIMIT ?",
        columns!()
    );
    let rows = sql::query(sql)
        .bind(environment)
        .bind(run.as_bytes().to_vec())
        .bind(after)
        .bind(position)
        .bind(position)
        .bind(limit as i64)
        .fetch_all(&mut snapshot)
        .await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in &rows {
        let delivery = columns::read(&FoundRow::Plain(row))?;
        let (target, kind): (Option<String>, Option<String>) =
            (row.try_get(columns::COUNT)?, row.try_get(columns::COUNT + 1)?);
        let attempts = attempts(&mut snapshot, delivery.seq).await?;
        found.push(UserDelivery {
            delivery,
            target: target.unwrap_or_default(),
            kind: kind.unwrap_or_default(),
            attempts,
        });
    }
    Ok(found)
}

async fn attempts(connection: &mut sql::Connection<'_>, seq: i64) -> Result<Vec<UserAttempt>, sqlx::Error> {
    let rows = sql::query(
        "SELECT at_ms, outcome, status FROM (
             SELECT number, at_ms, outcome, status FROM delivery_attempts WHERE delivery_seq = ?
             ORDER BY number DESC LIMIT ?) AS newest
         ORDER BY number",
    )
    .bind(seq)
    .bind(ATTEMPTS)
    .fetch_all(connection)
    .await?;
    let read =
        |row: &sql::Row| Ok(UserAttempt { at_ms: row.try_get(0)?, outcome: row.try_get(1)?, status: row.try_get(2)? });
    rows.iter().map(read).collect()
}

/// Returns the next trigger that waits for a user, in the order of event and mapping; none, outermost, if there is no memory
/// for it.
pub(crate) async fn wait(
    readers: &sql::Pool,
    environment: i64,
    user_id: &str,
    (event, mapping): (Uuid, Uuid),
    memory: &dyn ReadMemory,
) -> Result<Option<Option<UserWait>>, sqlx::Error> {
    let mut reader = readers.acquire().await?;
    let mut transaction = reader.begin().await?;
    let mut snapshot = transaction.connection();
    let next = sql::query(
        "SELECT seq, octet_length(data) + coalesce(octet_length(trigger_data), 0)
         FROM parked_recipients CROSS JOIN parked_triggers USING (environment_id, event_id, mapping)
         WHERE environment_id = ? AND collection = ? AND id = ? AND (event_id, mapping) > (?, ?)
             AND state = 0 AND canceled = 0 ORDER BY event_id, mapping LIMIT 1",
    )
    .bind(environment)
    .bind(USERS)
    .bind(user_id.to_owned())
    .bind(event.as_bytes().to_vec())
    .bind(mapping.as_bytes().to_vec())
    .fetch_optional(&mut snapshot)
    .await?;
    let Some(next) = next else { return Ok(Some(None)) };
    let (seq, size): (i64, i64) = (next.try_get(0)?, next.try_get(1)?);
    if !memory.reserve(size.unsigned_abs()) {
        return Ok(None);
    }
    let row = sql::query(
        "SELECT event_id, mapping, workflow, expires_at_ms, data, trigger_data
         FROM parked_recipients CROSS JOIN parked_triggers USING (environment_id, event_id, mapping) WHERE seq = ?",
    )
    .bind(seq)
    .fetch_one(&mut snapshot)
    .await?;
    Ok(Some(Some(UserWait {
        event: uuids::read(&row, 0)?,
        mapping: uuids::read(&row, 1)?,
        workflow: row.try_get(2)?,
        expires_at_ms: row.try_get(3)?,
        data: row.try_get(4)?,
        trigger_data: row.try_get(5)?,
    })))
}
