//! Loading the idempotency records and recipients that the jobs of a group need to be settled.

use std::sync::LazyLock;

use inlet_core::{
    idempotency::{Record, RecordId},
    recipient::RecipientKey,
    world::{Needs, World},
};

use crate::sqlite::{
    error::SqliteError,
    statements::{
        multi_row::MultiRow,
        row::Row,
        runner::{FoundRow, StatementRunner},
    },
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

/// Loads the wanted rows.
pub(crate) async fn load(statements: &mut StatementRunner<'_>, wanted: &Wanted<'_>) -> Result<World, SqliteError> {
    let mut world = World::default();
    let found = |_: usize, row: &FoundRow<'_>| load_record(row, &mut world);
    statements.find(&RECORDS, &wanted.records, bind_record, found).await?;
    let found = |offset: usize, row: &FoundRow<'_>| {
        let number = usize::try_from(row.int(0)?).unwrap_or_default();
        let ((environment, key), _) = wanted.recipients[offset + number];
        world.load_recipient(environment, key.clone(), row.optional_text(1)?.map(str::to_owned), row.int(2)?);
        Ok(())
    };
    statements.find(&RECIPIENTS, &wanted.recipients, bind_recipient, found).await?;
    Ok(world)
}

fn bind_record<'v>(row: &mut Row<'v>, id: &'v RecordId) {
    row.blob(&id.0);
}

fn bind_recipient<'v>(row: &mut Row<'v>, ((environment, key), with_properties): &'v ((i64, &RecipientKey), bool)) {
    row.int(*environment).text(&key.collection).text(&key.id).int(i64::from(*with_properties));
}

fn load_record(row: &FoundRow<'_>, world: &mut World) -> Result<(), SqliteError> {
    match (row.blob(0)?.try_into(), Record::from_bytes(row.blob(1)?)) {
        (Ok(hash), Some(record)) => world.load_record(RecordId(hash), record),
        _ => tracing::warn!("an idempotency record cannot be read; it does not count"),
    }
    Ok(())
}
