//! Loading the idempotency records and recipients that the jobs of a group need to be settled.

use std::sync::LazyLock;

use inlet_core::{
    idempotency::RecordId,
    recipient::RecipientKey,
    world::{Needs, World},
};

use crate::sqlite::{
    error::SqliteError,
    idempotency::{Probes, SharedIndex},
    statements::{
        multi_row::MultiRow,
        row::Row,
        runner::{FoundRow, StatementRunner},
    },
};

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
    probes: Probes,
    recipients: Vec<((i64, &'n RecipientKey), bool)>,
}

impl<'n> Wanted<'n> {
    pub(crate) fn of(needs: &Needs<'n>, index: &SharedIndex) -> Self {
        let records: Vec<RecordId> = needs.records.iter().copied().collect();
        Self {
            probes: index.probe(&records),
            records,
            recipients: needs.recipients.iter().map(|(key, properties)| (*key, *properties)).collect(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.records.is_empty() && self.recipients.is_empty()
    }
}

/// Loads the wanted rows.
pub(crate) async fn load(statements: &mut StatementRunner<'_>, wanted: Wanted<'_>) -> Result<World, SqliteError> {
    let mut world = World::default();
    for (id, record) in wanted.probes.find(statements, &wanted.records).await? {
        world.load_record(id, record);
    }
    let found = |offset: usize, row: &FoundRow<'_>| {
        let number = usize::try_from(row.int(0)?).unwrap_or_default();
        let ((environment, key), _) = wanted.recipients[offset + number];
        world.load_recipient(environment, key.clone(), row.optional_text(1)?.map(str::to_owned), row.int(2)?);
        Ok(())
    };
    statements.find(&RECIPIENTS, &wanted.recipients, bind_recipient, found).await?;
    Ok(world)
}

fn bind_recipient<'v>(row: &mut Row<'v>, ((environment, key), with_properties): &'v ((i64, &RecipientKey), bool)) {
    row.int(*environment).text(&key.collection).text(&key.id).int(i64::from(*with_properties));
}
