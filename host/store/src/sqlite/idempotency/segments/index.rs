//! The index in memory: the tail by hash, and the segments' filters.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use inlet_core::idempotency::RecordId;

use super::segment::Segment;
use crate::sqlite::idempotency::{Number, look_up::Probes};

/// A record of the tail.
#[derive(Debug, Clone, Copy)]
pub(super) struct TailEntry {
    pub(super) number: Number,
    /// The time at which the record ceases to count, in milliseconds since 1970.
    pub(super) expires_at_ms: i64,
}

pub(super) type Tail = HashMap<RecordId, TailEntry, BuildHasherDefault<RecordHasher>>;

/// The places of all committed records.
#[derive(Debug, Default)]
pub(super) struct RecordIndex {
    /// The records after the last segment.
    pub(super) tail: Tail,
    /// In the order of their records.
    pub(super) segments: Vec<Segment>,
    /// True if the table of earlier versions holds records.
    pub(super) has_old_table: bool,
}

impl RecordIndex {
    /// Returns the look-ups that find the records of these keys.
    fn probe(&self, ids: &[RecordId]) -> Probes {
        let mut probes = Probes { search_old_table: self.has_old_table, ..Probes::default() };
        for id in ids {
            probes.numbers.extend(self.tail.get(id).map(|entry| entry.number));
            probes.buckets.extend(self.segments.iter().filter_map(|segment| segment.probe(id)));
        }
        probes
    }
}

/// An index that the writer changes at each commit and rehearsals read.
#[derive(Clone, Default)]
pub(crate) struct SegmentIndex(Arc<RwLock<RecordIndex>>);

impl SegmentIndex {
    /// Returns the look-ups that find the records of these keys. A snapshot of the database that is taken afterwards holds
    /// all that they name.
    pub(crate) fn probe(&self, ids: &[RecordId]) -> Probes {
        self.read().probe(ids)
    }

    pub(super) fn read(&self) -> RwLockReadGuard<'_, RecordIndex> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn write(&self) -> RwLockWriteGuard<'_, RecordIndex> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes eight bytes of a record's id, which is a keyed hash already.
#[derive(Default)]
pub(super) struct RecordHasher(u64);

impl Hasher for RecordHasher {
    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk() {
            self.0 = u64::from_le_bytes(*first);
        }
    }

    fn write_usize(&mut self, _length: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}
