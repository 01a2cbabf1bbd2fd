//! Finding runs, and triggers that wait, that name a user.

use inlet_core::subject::{Finding, Subject};
use uuid::Uuid;

use crate::{
    records::{ForgetFound, ForgottenTriggers},
    sql,
    sqlite::statements::{codes, uuids},
};

/// Runs or triggers of one slice. A run may have a thousand recipients.
const ROWS: i64 = 100;

/// True if an event is the user's, in SQL. It takes the user's id as `?1` and the environment as `?2`.
///
/// [`OTHERS`], [`OF_USER`], or [`UNKNOWN`] if the event is nobody's and has lost its content. NULL if it is gone: a trigger
/// may wait until then.
macro_rules! owner {
    ($event:literal) => {
        concat!(
            "(SELECT CASE WHEN user_id = ?1 THEN 1 WHEN user_id IS NULL AND original_kind = 3 THEN 2 ELSE 0 END
              FROM source_environments AS logs CROSS JOIN event_logs ON source_environment_id = logs.id
              WHERE logs.environment_id = ?2 AND event_logs.id = ",
            $event,
            " LIMIT 1)"
        )
    };
}

const OTHERS: i64 = 0;
const OF_USER: i64 = 1;
const UNKNOWN: i64 = 2;
const _: () = assert!(codes::ORIGINAL_REMOVED == 3, "the number is in the SQL");

type Range = (Vec<u8>, Vec<u8>);

/// Returns the next slice of the workflow runs between two ids that are both excluded; none if there are no more.
pub(super) async fn runs(
    connection: &mut sql::Connection<'_>,
    environment: i64,
    (after, before): Range,
    subject: &Subject,
) -> Result<Option<(Uuid, ForgetFound)>, sqlx::Error> {
    let rows = sql::query(concat!(
        "SELECT actor, tenant, cancellation_key, ",
        owner!("source_event"),
        ", id FROM workflow_runs WHERE environment_id = ?2 AND id > ?3 AND id < ?4 ORDER BY id LIMIT ?5"
    ))
    .bind(subject.id())
    .bind(environment)
    .bind(&after)
    .bind(before)
    .bind(ROWS)
    .fetch_all(&mut *connection)
    .await?;
    let mut found = ForgottenTriggers::default();
    let mut last = None;
    for row in &rows {
        let id = uuids::read(row, 4)?;
        let mut of_user = row.try_get::<Option<i64>>(3)?.unwrap_or(UNKNOWN);
        if of_user == UNKNOWN {
            let data = sql::query("SELECT data FROM workflow_runs WHERE environment_id = ? AND id = ?")
                .bind(environment)
                .bind(id.as_bytes().as_slice());
            of_user = named_in(data.fetch_one(&mut *connection).await?.try_get(0)?, subject);
        }
        sort(row, of_user, id, subject, &mut found)?;
        last = Some(id);
    }
    let Some(last) = last else { return Ok(None) };
    // CROSS JOIN fixes the order: the recipients of one run after the other.
    let recipients = sql::query(
        "SELECT run_id, ordinal FROM workflow_runs CROSS JOIN workflow_run_recipients ON run_id = workflow_runs.id
         WHERE environment_id = ? AND workflow_runs.id > ? AND workflow_runs.id <= ?
           AND workflow_run_recipients.id = ? AND collection IS NULL",
    )
    .bind(environment)
    .bind(&after)
    .bind(last.as_bytes().as_slice())
    .bind(subject.id())
    .fetch_all(connection)
    .await?;
    let recipients = recipients.iter().map(|row| Ok((uuids::read(row, 0)?, row.try_get(1)?)));
    Ok(Some((last, ForgetFound::Runs(found, recipients.collect::<Result<_, sqlx::Error>>()?))))
}

/// Returns the next slice of the waiting triggers of events between two ids that are both excluded.
pub(super) async fn waits(
    connection: &mut sql::Connection<'_>,
    environment: i64,
    (after, before): Range,
    subject: &Subject,
) -> Result<Option<(Uuid, ForgetFound)>, sqlx::Error> {
    let last: Option<Vec<u8>> = sql::query_scalar(
        "SELECT event_id FROM (SELECT event_id FROM parked_triggers
             WHERE environment_id = ? AND event_id > ? AND event_id < ? ORDER BY event_id LIMIT ?) AS slice
         ORDER BY event_id DESC LIMIT 1",
    )
    .bind(environment)
    .bind(&after)
    .bind(before)
    .bind(ROWS)
    .fetch_optional(&mut *connection)
    .await?;
    let Some(last) = last else { return Ok(None) };
    // All triggers of the last event belong to the slice.
    let rows = sql::query(concat!(
        "SELECT actor, tenant, cancellation_key, ",
        owner!("parked_triggers.event_id"),
        ", event_id, mapping FROM parked_triggers WHERE environment_id = ?2 AND event_id > ?3 AND event_id <= ?4"
    ))
    .bind(subject.id())
    .bind(environment)
    .bind(after)
    .bind(&last)
    .fetch_all(&mut *connection)
    .await?;
    let mut found = ForgottenTriggers::default();
    for row in &rows {
        let key: (Uuid, Uuid) = (uuids::read(row, 4)?, uuids::read(row, 5)?);
        let mut of_user = row.try_get::<Option<i64>>(3)?.unwrap_or(UNKNOWN);
        if of_user == UNKNOWN {
            let sql = "SELECT data FROM parked_triggers WHERE environment_id = ? AND event_id = ? AND mapping = ?";
            let data =
                sql::query(sql).bind(environment).bind(key.0.as_bytes().as_slice()).bind(key.1.as_bytes().as_slice());
            of_user = named_in(data.fetch_one(&mut *connection).await?.try_get(0)?, subject);
        }
        sort(row, of_user, key, subject, &mut found)?;
    }
    Ok(Some((uuids::parse(0, &last)?, ForgetFound::Waits(found))))
}

/// Nobody knows whose event it was: its data decides.
fn named_in(data: &str, subject: &Subject) -> i64 {
    if subject.find_in(data.as_bytes()) == Finding::NotNamed { OTHERS } else { OF_USER }
}

/// Puts the key of a row where the row names the user. The row begins with actor, tenant and cancellation key.
fn sort<K: Copy>(
    row: &sql::Row,
    of_user: i64,
    key: K,
    subject: &Subject,
    found: &mut ForgottenTriggers<K>,
) -> Result<(), sqlx::Error> {
    if of_user == OF_USER {
        found.of_user.push(key);
        return Ok(());
    }
    let [actor, tenant, cancellation_key]: [Option<&str>; 3] = [row.try_get(0)?, row.try_get(1)?, row.try_get(2)?];
    let is_user = |party: Option<&str>| party.is_some_and(|party| subject.removed_from_result(party).is_some());
    for (is_named, keys) in [
        (is_user(actor), &mut found.actors),
        (is_user(tenant), &mut found.tenants),
        (cancellation_key.is_some_and(|key| subject.is(key)), &mut found.cancellation_keys),
    ] {
        if is_named {
            keys.push(key);
        }
    }
    Ok(())
}
