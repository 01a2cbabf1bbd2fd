//! Removing the text of a key from its records, which still count: a key's hash stands for it.

use crate::sql;

use std::collections::HashSet;

use inlet_core::idempotency::{Record, RecordId};

use super::{Number, SharedIndex, look_up::id_of};

/// Returns the number of records that lost their key.
pub(crate) async fn remove_key(
    connection: &mut sql::Connection<'_>,
    index: &SharedIndex,
    id: RecordId,
) -> Result<u64, sqlx::Error> {
    let probes = index.probe(&[id]);
    let mut numbers: HashSet<Number> = probes.numbers.into_iter().collect();
    for probe in probes.buckets {
        let entries: Option<Vec<u8>> = sql::query_scalar("SELECT entries FROM idempotency_buckets WHERE id = ?")
            .bind(probe.row)
            .fetch_optional(&mut *connection)
            .await?;
        numbers.extend(entries.iter().flat_map(|entries| probe.numbers(entries)));
    }
    let mut removed = 0;
    for number in numbers {
        let row = sql::query("SELECT hash, value FROM idempotency_records WHERE number = ?")
            .bind(number)
            .fetch_optional(&mut *connection)
            .await?;
        let Some(row) = row.filter(|row| row.try_get(0).ok().and_then(id_of) == Some(id)) else { continue };
        if let Some(value) = without_key(row.try_get(1)?) {
            removed += sql::query("UPDATE idempotency_records SET value = ? WHERE number = ?")
                .bind(value)
                .bind(number)
                .execute(&mut *connection)
                .await?
                .rows_affected();
        }
    }
    if probes.search_old_table {
        let value: Option<Vec<u8>> = sql::query_scalar("SELECT value FROM idempotency WHERE hash = ?")
            .bind(id.0.as_slice())
            .fetch_optional(&mut *connection)
            .await?;
        if let Some(value) = value.as_deref().and_then(without_key) {
            removed += sql::query("UPDATE idempotency SET value = ? WHERE hash = ?")
                .bind(value)
                .bind(id.0.as_slice())
                .execute(connection)
                .await?
                .rows_affected();
        }
    }
    Ok(removed)
}

/// Returns a stored record without its key; none if it has none, or cannot be read.
fn without_key(value: &[u8]) -> Option<Vec<u8>> {
    let record = Record::from_bytes(value).filter(|record| !record.key.is_empty())?;
    Some(Record { key: String::new(), ..record }.to_bytes())
}
