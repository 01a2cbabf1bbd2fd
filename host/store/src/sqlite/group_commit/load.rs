//! Loading the idempotency records and recipients that the jobs of a group need to be settled, in one trip.

use std::sync::LazyLock;

use inlet_core::{
    idempotency::{Record, RecordId},
    recipient::RecipientKey,
    world::{Needs, World},
};
use sqlx::{Row, sqlite::SqliteRow};

use crate::sqlite::statements::{
    multi_row::MultiRow,
    script::{Found, Script},
};

static RECORDS: LazyLock<MultiRow> =
    LazyLock::new(|| MultiRow::query("SELECT hash, value FROM idempotency WHERE hash IN (", "?", ")"));

// CROSS JOIN fixes the order: one look-up in the unique index for each wanted recipient.
static RECIPIENTS: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::query(
        "WITH wanted (number, environment_id, collection, id, with_properties) AS (VALUES",
        "(#, ?, ?, ?, ?)",
        ") SELECT number, CASE WHEN with_properties THEN properties END, coalesce(as_of_ms, updated_at_ms)
           FROM wanted CROSS JOIN recipients USING (environment_id, collection, id)",
    )
});

/// The keys to look up. They are lists, because a found row says by its number which key it belongs to.
pub(crate) struct Wanted<'n> {
    records: Vec<RecordId>,
    recipients: Vec<((i64, &'n RecipientKey), bool)>,
}

impl<'n> Wanted<'n> {
    pub(crate) fn of(needs: &Needs<'n>) -> Self {
        Self {
            records: needs.records.iter().copied().collect(),
            recipients: needs.recipients.iter().map(|(key, properties)| (*key, *properties)).collect(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.records.is_empty() && self.recipients.is_empty()
    }
}

/// The calls in [`load`], in their order.
const RECORD: usize = 0;
const RECIPIENT: usize = 1;

/// Loads the wanted rows, together with the statements that wait in the script.
pub(crate) async fn load(script: &mut Script<'_>, wanted: &Wanted<'_>) -> Result<World, sqlx::Error> {
    let mut world = World::default();
    script.fit(wanted.records.len().max(wanted.recipients.len()));
    script.rows(&RECORDS, &wanted.records, |row, id| _ = row.blob(&id.0)).await?;
    script
        .rows(&RECIPIENTS, &wanted.recipients, |row, ((environment, key), with_properties)| {
            row.int(*environment).text(&key.collection).text(&key.id).int(i64::from(*with_properties));
        })
        .await?;
    script.run().await?;
    for Found { call, offset, row } in script.take_found() {
        match call {
            RECORD => load_record(&row, &mut world)?,
            RECIPIENT => {
                let (number, properties): (i64, Option<String>) = (row.try_get(0)?, row.try_get(1)?);
                let ((environment, key), _) = wanted.recipients[offset + number as usize];
                world.load_recipient(environment, key.clone(), properties, row.try_get(2)?);
            }
            _ => {}
        }
    }
    Ok(world)
}

fn load_record(row: &SqliteRow, world: &mut World) -> Result<(), sqlx::Error> {
    let (hash, value): (&[u8], &[u8]) = (row.try_get(0)?, row.try_get(1)?);
    match (hash.try_into(), Record::from_bytes(value)) {
        (Ok(hash), Some(record)) => world.load_record(RecordId(hash), record),
        _ => tracing::warn!("an idempotency record cannot be read; it does not count"),
    }
    Ok(())
}
