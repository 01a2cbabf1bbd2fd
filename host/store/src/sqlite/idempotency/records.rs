//! The writer's side of the records, in whichever way the database keeps them.

use inlet_core::{idempotency::RecordId, world::RecordChange};

use super::{
    Number, Probes,
    generations::{GenerationIndex, GenerationRecords},
    segments::{SegmentIndex, SegmentRecords},
};
use crate::{
    records::PrunedRecords,
    sql,
    sqlite::{error::SqliteError, statements::runner::StatementRunner},
};

/// The records of a database.
pub(crate) enum IdempotencyRecords {
    /// Where nobody else writes.
    Segments(SegmentRecords),
    /// Where several nodes write.
    Generations(GenerationRecords),
}

/// The places in which records are looked up by those who only read.
#[derive(Clone)]
pub(crate) enum RecordPlaces {
    Segments(SegmentIndex),
    Generations(GenerationIndex),
}

impl Default for IdempotencyRecords {
    fn default() -> Self {
        Self::Segments(SegmentRecords::default())
    }
}

impl IdempotencyRecords {
    /// Loads what must be complete from the start. All writers of a node have one index of generations.
    pub(crate) async fn load(
        connection: &mut sql::Connection<'_>,
        generations: &GenerationIndex,
    ) -> Result<Self, sqlx::Error> {
        Ok(match connection.is_postgres() {
            true => Self::Generations(GenerationRecords::new(generations.clone())),
            false => Self::Segments(SegmentRecords::load(connection).await?),
        })
    }

    pub(crate) fn places(&self) -> RecordPlaces {
        match self {
            Self::Segments(records) => RecordPlaces::Segments(records.index().clone()),
            Self::Generations(records) => RecordPlaces::Generations(records.index().clone()),
        }
    }

    /// Returns the look-ups that find the records of these keys, in a group that has begun.
    pub(crate) fn probe(&self, ids: &[RecordId]) -> Probes {
        match self {
            _ if ids.is_empty() => Probes::default(),
            Self::Segments(records) => records.index().probe(ids),
            Self::Generations(records) => records.probe(ids),
        }
    }

    /// Takes note of the generation to which the records of the group belong that begins.
    pub(crate) fn begin_shared(&mut self, generation: Number) {
        if let Self::Generations(records) = self {
            records.begin(generation);
        }
    }

    /// Loads again what may lack something that the database holds.
    pub(crate) async fn make_sure(&mut self, statements: &mut StatementRunner<'_>) -> Result<(), SqliteError> {
        match self {
            Self::Segments(records) => records.make_sure(statements).await,
            Self::Generations(_) => Ok(()),
        }
    }

    /// Writes the records of the transaction under way. Call it once for each transaction.
    pub(crate) async fn write(
        &mut self,
        statements: &mut StatementRunner<'_>,
        changes: &[RecordChange<'_>],
    ) -> Result<(), SqliteError> {
        match self {
            _ if changes.is_empty() => Ok(()),
            Self::Segments(records) => records.write(statements, changes).await,
            Self::Generations(records) => records.write(statements, changes).await,
        }
    }

    pub(crate) fn committed(&mut self) {
        if let Self::Segments(records) = self {
            records.committed();
        }
    }

    pub(crate) fn rolled_back(&mut self) {
        if let Self::Segments(records) = self {
            records.rolled_back();
        }
    }

    /// Makes a segment of the newest records if they are many.
    pub(crate) async fn seal_if_long(&mut self, connection: &mut sql::Connection<'_>) -> Result<(), SqliteError> {
        match self {
            Self::Segments(records) if records.is_long() => records.seal(connection).await,
            _ => Ok(()),
        }
    }

    /// Returns true if the table of earlier versions may hold records.
    pub(crate) fn has_old_table(&self) -> bool {
        match self {
            Self::Segments(records) => records.has_old_table(),
            Self::Generations(records) => records.index().has_old_table(),
        }
    }

    /// Notes whether the table of earlier versions still holds records.
    pub(crate) async fn check_old_table(&mut self, connection: &mut sql::Connection<'_>) -> Result<(), SqliteError> {
        match self {
            Self::Segments(records) => records.check_old_table(connection).await,
            Self::Generations(records) => records.check_old_table(connection).await,
        }
    }

    /// Removes at most `slice` records that expired before `now_ms`, or moves them to the newest ones if they have not expired but most
    /// of those beside them have.
    pub(crate) async fn prune(
        &mut self,
        connection: &mut sql::Connection<'_>,
        now_ms: i64,
        slice: u32,
    ) -> Result<PrunedRecords, SqliteError> {
        match self {
            Self::Segments(records) => records.prune(connection, now_ms, slice).await,
            Self::Generations(records) => records.prune(connection, now_ms, slice).await,
        }
    }
}

impl RecordPlaces {
    /// Returns the look-ups that find the records of these keys. A snapshot of the database that is taken afterwards holds
    /// all that they name.
    pub(crate) fn probe(&self, ids: &[RecordId]) -> Probes {
        match self {
            _ if ids.is_empty() => Probes::default(),
            Self::Segments(index) => index.probe(ids),
            Self::Generations(index) => index.probe_in_snapshot(ids),
        }
    }
}
