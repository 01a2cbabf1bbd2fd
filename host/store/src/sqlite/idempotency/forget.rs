//! Removing the text of a key from its records, which still count: a key's hash stands for it.

use crate::sql;

use std::collections::HashSet;

use inlet_core::idempotency::{Record, RecordId};

use super::{Number, Probes, RecordPlaces, look_up::id_of};

/// Returns the number of records that lost their key.
pub(crate) async fn remove_key(
    connection: &mut sql::Connection<'_>,
    places: &RecordPlaces,
    id: RecordId,
) -> Result<u64, sqlx::Error> {
    let Probes { numbers, buckets, search_old_table, .. } = places.probe(&[id]);
    let mut removed = match places {
        RecordPlaces::Segments(_) => 0,
        RecordPlaces::Generations(_) => remove_in_generations(connection, id).await?,
    };
    let mut numbers: HashSet<Number> = numbers.into_iter().collect();
    for probe in buckets {
        let entries: Option<Vec<u8>> = sql::query_scalar("SELECT entries FROM idempotency_buckets WHERE id = ?")
            .bind(probe.row)
            .fetch_optional(&mut *connection)
            .await?;
        numbers.extend(entries.iter().flat_map(|entries| probe.numbers(entries)));
    }
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
    if search_old_table {
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

/// Looks into all generations: a filter saves little for one key.
async fn remove_in_generations(connection: &mut sql::Connection<'_>, id: RecordId) -> Result<u64, sqlx::Error> {
    let found: Vec<(Number, Vec<u8>)> = sql::query(
        "SELECT number, value FROM idempotency_generations CROSS JOIN idempotency_records ON generation = number AND hash = ?",
    )
    .bind(id.0.as_slice())
    .try_map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
    .fetch_all(&mut *connection)
    .await?;
    let mut removed = 0;
    for (generation, value) in found {
        if let Some(value) = without_key(&value) {
            removed += sql::query("UPDATE idempotency_records SET value = ? WHERE generation = ? AND hash = ?")
                .bind(value)
                .bind(generation)
                .bind(id.0.as_slice())
                .execute(&mut *connection)
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
