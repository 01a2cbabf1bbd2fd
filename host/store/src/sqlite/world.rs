//! Loading what the jobs of a group need to be settled: idempotency records and recipients, a few statements for all.

use std::sync::LazyLock;

use inlet_core::{
    idempotency::{Record, RecordId},
    recipient::RecipientKey,
    settle::{Needs, World},
};
use sqlx::{Row, SqliteConnection};

use super::multi_row::MultiRow;

static RECORDS: LazyLock<MultiRow> =
    LazyLock::new(|| MultiRow::query("SELECT hash, value FROM idempotency WHERE hash IN (", "?", ")"));

// CROSS JOIN fixes the order: one look-up in the unique index for each wanted recipient.
static RECIPIENTS: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::query(
        "WITH wanted (number, environment_id, collection, id, with_properties) AS (VALUES",
        "(#, ?, ?, ?, ?)",
        ") SELECT number, CASE WHEN with_properties THEN properties END
           FROM wanted CROSS JOIN recipients USING (environment_id, collection, id)",
    )
});

pub(super) async fn load(connection: &mut SqliteConnection, needs: &Needs) -> Result<World, sqlx::Error> {
    let mut world = World::default();
    load_records(connection, needs, &mut world).await?;
    load_recipients(connection, needs, &mut world).await?;
    Ok(world)
}

async fn load_records(connection: &mut SqliteConnection, needs: &Needs, world: &mut World) -> Result<(), sqlx::Error> {
    let wanted: Vec<RecordId> = needs.records.iter().copied().collect();
    let found = |_: &[RecordId], rows: Vec<sqlx::sqlite::SqliteRow>| {
        for row in rows {
            let (hash, value): (&[u8], &[u8]) = (row.try_get(0)?, row.try_get(1)?);
            match (hash.try_into(), Record::from_bytes(value)) {
                (Ok(hash), Some(record)) => world.load_record(RecordId(hash), record),
                _ => tracing::warn!("an idempotency record cannot be read; it does not count"),
            }
        }
        Ok(())
    };
    RECORDS.fetch(connection, &wanted, |row, id| _ = row.blob(&id.0), found).await
}

async fn load_recipients(
    connection: &mut SqliteConnection,
    needs: &Needs,
    world: &mut World,
) -> Result<(), sqlx::Error> {
    type Wanted<'n> = (&'n (i64, RecipientKey), &'n bool);
    let wanted: Vec<Wanted<'_>> = needs.recipients.iter().collect();
    let bind = |row: &mut super::multi_row::Row, ((environment, key), with_properties): &Wanted<'_>| {
        row.int(*environment).text(&key.collection).text(&key.id).int(i64::from(**with_properties));
    };
    let found = |chunk: &[Wanted<'_>], rows: Vec<sqlx::sqlite::SqliteRow>| {
        for row in rows {
            let (number, properties): (i64, Option<String>) = (row.try_get(0)?, row.try_get(1)?);
            let ((environment, key), _) = chunk[number as usize];
            world.load_recipient(*environment, key.clone(), properties);
        }
        Ok(())
    };
    RECIPIENTS.fetch(connection, &wanted, bind, found).await
}
