//! Writing records.

use std::sync::LazyLock;

use inlet_core::{idempotency::RecordId, world::RecordChange};

use super::{GenerationIndex, NONE};
use crate::{
    sql,
    sqlite::{
        error::SqliteError,
        idempotency::{Number, Probes},
        statements::{multi_row::MultiRow, row::Row, runner::StatementRunner},
    },
};

static PUT: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::insert(
        "idempotency_records",
        "generation, hash, expires_at_ms, value",
        "ON CONFLICT (generation, hash) DO UPDATE SET expires_at_ms = excluded.expires_at_ms, value = excluded.value",
    )
});

/// A record in the table that is ordered by the hash alone.
static PUT_IN_OLD_TABLE: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::insert(
        "idempotency",
        "hash, expires_at_ms, value",
        "ON CONFLICT (hash) DO UPDATE SET expires_at_ms = excluded.expires_at_ms, value = excluded.value",
    )
});

/// A writer's side of records in generations.
pub(crate) struct GenerationRecords {
    index: GenerationIndex,
    /// The generation of the group under way.
    generation: Number,
}

impl GenerationRecords {
    pub(crate) fn new(index: GenerationIndex) -> Self {
        Self { index, generation: NONE }
    }

    pub(crate) fn index(&self) -> &GenerationIndex {
        &self.index
    }

    /// Takes note of the newest generation, which stays that until the group is over that begins.
    pub(crate) fn begin(&mut self, generation: Number) {
        self.generation = generation;
        self.index.saw(generation);
    }

    /// Returns the look-ups that find the records of these keys, in a group that has begun.
    pub(crate) fn probe(&self, ids: &[RecordId]) -> Probes {
        self.index.probe(ids, self.generation)
    }

    /// Writes the records of the group under way.
    pub(crate) async fn write(
        &self,
        statements: &mut StatementRunner<'_>,
        changes: &[RecordChange<'_>],
    ) -> Result<(), SqliteError> {
        let generation = (self.generation != NONE).then_some(self.generation);
        let bind = |row: &mut Row<'_>, change: &RecordChange<'_>| {
            if let Some(generation) = generation {
                row.int(generation);
            }
            row.owned_blob(change.id.0.to_vec()).int(change.expires_at_ms).owned_blob(change.record.to_bytes());
        };
        let statement = if generation.is_some() { &*PUT } else { &*PUT_IN_OLD_TABLE };
        statements.write(statement, changes, bind).await
    }

    /// Notes whether the table of earlier versions still holds records.
    pub(crate) async fn check_old_table(&self, connection: &mut sql::Connection<'_>) -> Result<(), SqliteError> {
        Ok(self.index.refresh(connection).await?)
    }
}
