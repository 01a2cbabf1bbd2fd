//! Finding what names a user: one slice of one walk, read on a connection that cannot write.

use inlet_core::{json, subject::Subject};
use uuid::Uuid;

use super::{find_bulk_operations, find_triggers};
use crate::{
    records::{ForgetFound, ForgetSlice, ForgetWalk, ForgottenAction, ForgottenEvents},
    sql,
    sqlite::statements::{codes, uuids},
};

/// Rows that one slice looks at.
const ROWS: i64 = 500;
/// Events of one slice that lose their content, and bytes of these, or of results of others' actions.
const FOUND: usize = 100;
const FOUND_BYTES: i64 = 4 << 20;
/// Bytes of bodies that one slice reads. The first is always read, however large it is.
const READ_BYTES: i64 = 32 << 20;
/// Returns the source environments of an environment, those of deleted sources included.
pub(crate) async fn source_environments(readers: &sql::Pool, environment: i64) -> Result<Vec<i64>, sqlx::Error> {
    sql::query_scalar("SELECT id FROM source_environments WHERE environment_id = ? ORDER BY id")
        .bind(environment)
        .fetch_all(readers)
        .await
}

/// Returns the next slice of a walk between two ids that are both excluded; none if the walk is at its end.
pub(crate) async fn slice(
    readers: &sql::Pool,
    environment: i64,
    walk: ForgetWalk,
    (after, before): (Uuid, Uuid),
    subject: &Subject,
) -> Result<Option<ForgetSlice>, sqlx::Error> {
    let mut reader = readers.acquire().await?;
    let mut transaction = reader.begin().await?;
    let mut snapshot = transaction.connection();
    let range = (after.as_bytes().to_vec(), before.as_bytes().to_vec());
    let found = match walk {
        ForgetWalk::Events(id) => {
            events(&mut snapshot, id, range, subject).await?.map(|(last, found)| (last, ForgetFound::Events(found)))
        }
        ForgetWalk::Refused(id) => requests(&mut snapshot, REFUSED, id, range, subject).await?,
        ForgetWalk::Kept(id) => requests(&mut snapshot, KEPT, id, range, subject).await?,
        ForgetWalk::Runs => find_triggers::runs(&mut snapshot, environment, range, subject).await?,
        ForgetWalk::Waits => find_triggers::waits(&mut snapshot, environment, range, subject).await?,
        ForgetWalk::BulkOperations => find_bulk_operations::slice(&mut snapshot, environment, range, subject).await?,
    };
    Ok(found.map(|(last, found)| ForgetSlice { walk, last, found }))
}

async fn events(
    connection: &mut sql::Connection<'_>,
    source_environment: i64,
    (after, before): (Vec<u8>, Vec<u8>),
    subject: &Subject,
) -> Result<Option<(Uuid, ForgottenEvents)>, sqlx::Error> {
    let rows = sql::query(
        "SELECT id, user_id, original_kind, octet_length(original), idempotency_key, notes FROM event_logs
         WHERE source_environment_id = ? AND id > ? AND id < ? ORDER BY id LIMIT ?",
    )
    .bind(source_environment)
    .bind(&after)
    .bind(&before)
    .bind(ROWS)
    .fetch_all(&mut *connection)
    .await?;
    let mut found = ForgottenEvents::default();
    let (mut last, mut found_bytes, mut read_bytes) = (None, 0, 0);
    for row in rows {
        let (id, user_id): (Uuid, Option<&str>) = (uuids::read(&row, 0)?, row.try_get(1)?);
        let (kind, size): (i64, i64) = (row.try_get(2)?, row.try_get(3)?);
        let is_read = user_id.is_none() && kind != codes::ORIGINAL_REMOVED;
        if last.is_some() && is_read && read_bytes + size > READ_BYTES {
            break;
        }
        if user_id == Some(subject.id()) {
            found.of_user.push(id);
            found_bytes += size;
        } else if user_id.is_none() {
            let [key, notes]: [Option<&str>; 2] = [row.try_get(4)?, row.try_get(5)?];
            read_bytes += if is_read { size } else { 0 };
            if key.is_some_and(|key| subject.is(key))
                || notes.is_some_and(|notes| subject.find_in(notes.as_bytes()).is_removed())
                || is_read && is_named_in_event(connection, source_environment, id, subject).await?
            {
                found.raw.push(id);
                found_bytes += size;
            }
        }
        last = Some(id);
        if found.of_user.len() + found.raw.len() >= FOUND || found_bytes >= FOUND_BYTES {
            break;
        }
    }
    let Some(last) = last else { return Ok(None) };
    let (last, actions) = actions(connection, source_environment, (&after, last), subject).await?;
    found.of_user.retain(|id| *id <= last);
    found.raw.retain(|id| *id <= last);
    // The others lose all of it.
    found.actions = actions.into_iter().filter(|action| !found.raw.contains(&action.event)).collect();
    Ok(Some((last, found)))
}

/// Returns true if an event of nobody must lose its content.
async fn is_named_in_event(
    connection: &mut sql::Connection<'_>,
    source_environment: i64,
    id: Uuid,
    subject: &Subject,
) -> Result<bool, sqlx::Error> {
    let row = sql::query("SELECT original, data, headers FROM event_logs WHERE source_environment_id = ? AND id = ?")
        .bind(source_environment)
        .bind(id.as_bytes().as_slice())
        .fetch_one(connection)
        .await?;
    let (original, data, headers): (&[u8], Option<&str>, Option<&str>) =
        (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
    let is_removed = |text: Option<&str>| text.is_some_and(|text| subject.find_in(text.as_bytes()).is_removed());
    Ok(subject.find_in(original).is_removed() || is_removed(data) || is_removed(headers))
}

/// Returns what was written about the actions of other events and names the user, up to an event, or up to an earlier one if
/// that is much. The server itself writes it, so that an id has one spelling in it.
async fn actions(
    connection: &mut sql::Connection<'_>,
    source_environment: i64,
    (after, mut last): (&[u8], Uuid),
    subject: &Subject,
) -> Result<(Uuid, Vec<ForgottenAction>), sqlx::Error> {
    let quoted = json::quote(subject.id());
    let rows = sql::query(
        "SELECT event_id, ordinal, coalesce(octet_length(result), 0)
         FROM event_logs CROSS JOIN action_logs ON event_id = event_logs.id
         WHERE source_environment_id = ? AND event_logs.id > ? AND event_logs.id <= ? AND user_id IS DISTINCT FROM ?
           AND (instr(result, ?) > 0 OR instr(warnings, ?) > 0) ORDER BY event_id, ordinal",
    )
    .bind(source_environment)
    .bind(after)
    .bind(last.as_bytes().as_slice())
    .bind(subject.id())
    .bind(&quoted)
    // A warning is text with the id in quotes, in quotes.
    .bind(quoted.trim_matches('"'))
    .fetch_all(&mut *connection)
    .await?;
    let (mut actions, mut read_bytes, mut previous) = (Vec::new(), 0, None);
    for row in rows {
        let (event, ordinal, size): (Uuid, i64, i64) = (uuids::read(&row, 0)?, row.try_get(1)?, row.try_get(2)?);
        if let Some(previous) = previous.filter(|previous| *previous != event)
            && read_bytes + size > FOUND_BYTES
        {
            last = previous;
            break;
        }
        previous = Some(event);
        read_bytes += size;
        let row = sql::query("SELECT result, warnings FROM action_logs WHERE event_id = ? AND ordinal = ?")
            .bind(event.as_bytes().as_slice())
            .bind(ordinal)
            .fetch_one(&mut *connection)
            .await?;
        let [result, warnings]: [Option<&str>; 2] = [row.try_get(0)?, row.try_get(1)?];
        let result = result.and_then(|result| subject.removed_from_result(result));
        let warnings = warnings.and_then(|warnings| subject.removed_from_warnings(warnings));
        if result.is_some() || warnings.is_some() {
            actions.push(ForgottenAction { event, ordinal, result, warnings });
        }
    }
    Ok((last, actions))
}

/// A table of requests, and whether its bodies may be cut.
struct Requests {
    sql: &'static str,
    one: &'static str,
}

// `size` is that of the whole body: a body that was cut cannot be decoded, nor can a head that was cut because nothing of the
// body is kept.
const REFUSED: Requests = Requests {
    sql: "SELECT id, coalesce(octet_length(body), 0) FROM refused_requests
          WHERE source_environment_id = ? AND id > ? AND id < ?
            AND (body IS NOT NULL OR headers IS NOT NULL OR path <> '') ORDER BY id LIMIT ?",
    one: "SELECT coalesce(body, x''), coalesce(octet_length(body), 0) < size, query, headers, path
          FROM refused_requests WHERE source_environment_id = ? AND id = ?",
};
const KEPT: Requests = Requests {
    sql: "SELECT id, coalesce(octet_length(body), 0) FROM kept_requests
          WHERE source_environment_id = ? AND id > ? AND id < ? ORDER BY id LIMIT ?",
    one: "SELECT coalesce(body, x''), 0, query, headers, path
          FROM kept_requests WHERE source_environment_id = ? AND id = ?",
};

async fn requests(
    connection: &mut sql::Connection<'_>,
    table: Requests,
    source_environment: i64,
    (after, before): (Vec<u8>, Vec<u8>),
    subject: &Subject,
) -> Result<Option<(Uuid, ForgetFound)>, sqlx::Error> {
    let rows = sql::query(table.sql)
        .bind(source_environment)
        .bind(after)
        .bind(before)
        .bind(ROWS)
        .fetch_all(&mut *connection)
        .await?;
    let mut found = Vec::new();
    let (mut last, mut found_bytes, mut read_bytes) = (None, 0, 0);
    for row in rows {
        let (id, size): (Uuid, i64) = (uuids::read(&row, 0)?, row.try_get(1)?);
        if last.is_some() && read_bytes + size > READ_BYTES {
            break;
        }
        read_bytes += size;
        let request = sql::query(table.one)
            .bind(source_environment)
            .bind(id.as_bytes().as_slice())
            .fetch_one(&mut *connection)
            .await?;
        let (body, is_cut): (&[u8], bool) = (request.try_get(0)?, request.try_get(1)?);
        let fields: [Option<&str>; 2] = [request.try_get(2)?, request.try_get(3)?];
        let path: Option<&str> = request.try_get(4)?;
        let is_named = is_cut
            || subject.find_in(body).is_removed()
            || fields.into_iter().flatten().any(|fields| subject.find_in_fields(fields).is_removed())
            || path.is_some_and(|path| subject.is_in_path(path));
        if is_named {
            found.push(id);
            found_bytes += size;
        }
        last = Some(id);
        if found_bytes >= FOUND_BYTES {
            break;
        }
    }
    Ok(last.map(|last| (last, ForgetFound::Requests(found))))
}
