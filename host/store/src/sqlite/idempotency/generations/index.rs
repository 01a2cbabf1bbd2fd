//! What a node knows about the generations.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use inlet_core::idempotency::RecordId;

use super::NONE;
use crate::{
    sql,
    sqlite::idempotency::{
        Number,
        filter::Filter,
        look_up::{Probes, has_old_table},
    },
};

/// The generations, as they were when they were last read. Those with greater numbers may have begun since.
#[derive(Default)]
struct Generations {
    /// By number. A generation that was removed since costs a look-up.
    known: Vec<(Number, Option<Arc<Filter>>)>,
    /// The newest one that a group was told of.
    newest: Number,
    /// True if the table of earlier versions may hold records.
    has_old_table: bool,
}

impl Generations {
    fn last_known(&self) -> Number {
        self.known.last().map_or(NONE, |(number, _)| *number)
    }

    /// Adds the look-ups in the generations up to `newest`.
    fn probe(&self, ids: &[RecordId], newest: Number) -> Probes {
        let mut probes = Probes { search_old_table: self.has_old_table || newest == NONE, ..Probes::default() };
        let begun_since = self.last_known() + 1..=newest;
        for id in ids {
            let known = self.known.iter().filter(|(number, filter)| {
                *number <= newest && filter.as_ref().is_none_or(|filter| filter.may_hold(id))
            });
            let generations = known.map(|(number, _)| *number).chain(begun_since.clone());
            probes.generations.extend(generations.map(|generation| (generation, *id)));
        }
        probes
    }
}

/// The index of a node, which all its connections have in common.
#[derive(Clone, Default)]
pub(crate) struct GenerationIndex(Arc<RwLock<Generations>>);

impl GenerationIndex {
    /// Returns the index of a node that starts.
    pub(crate) async fn load(connection: &mut sql::Connection<'_>) -> Result<Self, sqlx::Error> {
        let index = Self::default();
        if connection.is_postgres() {
            index.refresh(connection).await?;
        }
        Ok(index)
    }

    /// Reads which generations there are, and the filters that are new.
    pub(crate) async fn refresh(&self, connection: &mut sql::Connection<'_>) -> Result<(), sqlx::Error> {
        let generations: Vec<(Number, bool)> =
            sql::query("SELECT number, filter IS NOT NULL FROM idempotency_generations ORDER BY number")
                .try_map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
                .fetch_all(&mut *connection)
                .await?;
        // Nobody writes to the old table once there is a generation.
        let has_old_table = generations.is_empty() || has_old_table(connection).await?;
        let loaded = |number: Number| {
            let generations = self.read();
            let at = generations.known.binary_search_by_key(&number, |(number, _)| *number).ok()?;
            generations.known[at].1.clone()
        };
        let mut known = Vec::with_capacity(generations.len());
        for (number, has_filter) in generations {
            let filter = match loaded(number) {
                None if has_filter => load_filter(connection, number).await?.map(Arc::new),
                loaded => loaded,
            };
            known.push((number, filter));
        }
        let mut generations = self.write();
        generations.known = known;
        generations.newest = generations.newest.max(generations.last_known());
        generations.has_old_table = has_old_table;
        Ok(())
    }

    /// Takes note of the newest generation.
    pub(super) fn saw(&self, newest: Number) {
        if self.read().newest < newest {
            let mut generations = self.write();
            generations.newest = generations.newest.max(newest);
        }
    }

    /// Returns the look-ups that find the records of these keys in the generations up to `newest`.
    pub(super) fn probe(&self, ids: &[RecordId], newest: Number) -> Probes {
        self.read().probe(ids, newest)
    }

    /// Like [`Self::probe`], in a snapshot that is taken afterwards: the look-ups read what the newest generation is.
    pub(crate) fn probe_in_snapshot(&self, ids: &[RecordId]) -> Probes {
        let generations = self.read();
        Probes { newer_than: Some(generations.newest), ..generations.probe(ids, generations.newest) }
    }

    pub(crate) fn has_old_table(&self) -> bool {
        let generations = self.read();
        generations.has_old_table || generations.newest == NONE
    }

    fn read(&self) -> RwLockReadGuard<'_, Generations> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Generations> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns none if the generation is gone.
async fn load_filter(connection: &mut sql::Connection<'_>, number: Number) -> Result<Option<Filter>, sqlx::Error> {
    let read = sql::query_scalar("SELECT filter FROM idempotency_generations WHERE number = ? AND filter IS NOT NULL");
    let bytes: Option<Vec<u8>> = read.bind(number).fetch_optional(connection).await?;
    let Some(bytes) = bytes else { return Ok(None) };
    let filter = Filter::from_bytes(&bytes);
    if filter.is_none() {
        tracing::error!(
            number,
            "the filter of a generation of idempotency records is damaged; its records are read instead"
        );
    }
    Ok(filter)
}
