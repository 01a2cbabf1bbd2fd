//! Reading subscriptions: first the sizes of a page, then what the page shows.

use inlet_core::{json, recipient::RecipientKey};

use super::recipients::{self, ROW_BYTES};
use crate::records::{Cursor, Page, ReadMemory, SubscriptionQuery, SubscriptionRecord, SubscriptionSide};
use crate::sql;

/// Returns a page of subscriptions, those with the newest counterpart first; none if there is no memory for it.
pub(crate) async fn page(
    readers: &sql::Pool,
    query: &SubscriptionQuery,
    memory: &dyn ReadMemory,
) -> Result<Option<Page<SubscriptionRecord>>, sqlx::Error> {
    let SubscriptionQuery { environment_id, of, only, cursor, limit } = query;
    let (SubscriptionSide::Object(key) | SubscriptionSide::Recipient(key)) = of;
    let only = only.as_deref().map(references);
    let bound = match cursor {
        Cursor::Start => i64::MAX,
        Cursor::After(seq) | Cursor::Before(seq) => *seq,
    };
    let wanted = if readers.is_postgres() { WANTED_IN_POSTGRES } else { WANTED_IN_SQLITE };
    let fetch = |selected: &str, limit: usize| {
        sql::query(sql(selected, of, only.is_some().then_some(wanted), cursor))
            .bind(*environment_id)
            .bind(key.collection.clone().into_owned())
            .bind(key.id.clone())
            .bind(bound)
            .bind(limit as i64)
            .bind(only.clone())
    };
    let mut reader = readers.acquire().await?;
    let mut transaction = reader.begin().await?;
    let mut snapshot = transaction.connection();
    let sizes = "octet_length(counterparts.properties) + octet_length(subscriptions.properties)";
    let found = fetch(sizes, limit + 1).fetch_all(&mut snapshot).await?;
    let found = found.iter().map(|row| row.try_get(0)).collect::<Result<Vec<i64>, _>>()?;
    let mut page = Page::of_found(found, *limit, cursor);
    let sizes: Vec<u64> = page.items.iter().map(|size| (size + 2 * ROW_BYTES).unsigned_abs()).collect();
    if !memory.reserve(page.shorten(&sizes, cursor)) {
        return Ok(None);
    }
    let columns = "counterparts.seq, counterparts.collection, counterparts.id, counterparts.properties,
        counterparts.created_at_ms, counterparts.updated_at_ms,
        subscriptions.properties, subscriptions.created_at_ms, subscriptions.updated_at_ms";
    let rows = fetch(columns, page.items.len()).fetch_all(&mut snapshot).await?;
    let mut items = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    if matches!(cursor, Cursor::Before(_)) {
        items.reverse();
    }
    Ok(Some(Page { items, has_before: page.has_before, has_after: page.has_after }))
}

/// The numbers of the recipients in the JSON array of [`references`].
const WANTED_IN_SQLITE: &str = "SELECT seq FROM json_each(?6) AS wanted CROSS JOIN recipients
    WHERE environment_id = ?1 AND collection = wanted.value ->> 0 AND recipients.id = wanted.value ->> 1";
const WANTED_IN_POSTGRES: &str = "SELECT seq FROM json_array_elements(readable_json(?6)) AS wanted (value), recipients
    WHERE environment_id = ?1 AND collection = wanted.value ->> 0 AND recipients.id = wanted.value ->> 1";

/// Returns the query of a page. `wanted` selects the counterparts; all are, if it is none. Empty rows of deleted recipients
/// have no reader.
fn sql(selected: &str, of: &SubscriptionSide, wanted: Option<&str>, cursor: &Cursor<i64>) -> String {
    let (own, other) = match of {
        SubscriptionSide::Object(_) => ("object_seq", "recipient_seq"),
        SubscriptionSide::Recipient(_) => ("recipient_seq", "object_seq"),
    };
    let (compare, order) = match cursor {
        Cursor::Start | Cursor::After(_) => ("<", "DESC"),
        Cursor::Before(_) => (">", "ASC"),
    };
    let only = match wanted {
        Some(wanted) => format!("AND subscriptions.{other} IN ({wanted})"),
        // Every parameter has its place.
        None => "AND ?6 IS NULL".to_owned(),
    };
    format!(
        "SELECT {selected} FROM subscriptions CROSS JOIN recipients AS counterparts ON counterparts.seq = {other}
         WHERE subscriptions.environment_id = ?1
             AND {own} = (SELECT seq FROM recipients WHERE environment_id = ?1 AND collection = ?2 AND id = ?3)
             AND {other} {compare} ?4 AND counterparts.collection <> '#deleted' {only}
         ORDER BY {other} {order} LIMIT ?5"
    )
}

/// Returns a JSON array of `[collection, id]`.
fn references(keys: &[RecipientKey]) -> String {
    json::array(keys.iter().map(|key| json::array([json::quote(&key.collection), json::quote(&key.id)])))
}

fn read(row: &sql::Row) -> Result<SubscriptionRecord, sqlx::Error> {
    Ok(SubscriptionRecord {
        counterpart: recipients::read(row)?,
        properties: row.try_get(6)?,
        created_at_ms: row.try_get(7)?,
        updated_at_ms: row.try_get(8)?,
    })
}
