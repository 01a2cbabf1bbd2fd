//! Segments: ranges of records with an index.

use inlet_core::idempotency::RecordId;

use super::index::TailEntry;
use crate::sqlite::idempotency::{Number, filter::Filter, mostly_until_ms};

/// The bits of a bucket's id below the segment's.
const BUCKET_BITS: u32 = 16;
/// The entries of a bucket, on average: an index row fits into a page.
const BUCKET_ENTRIES: usize = 512;
const ENTRY_BYTES: usize = 8;

/// A sealed segment, as it is kept in memory.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) id: i64,
    pub(super) first: Number,
    pub(super) last: Number,
    pub(super) buckets: u32,
    /// The time at which most records have expired, in milliseconds since 1970.
    pub(super) mostly_until_ms: i64,
    pub(super) filter: Filter,
}

/// A look-up in a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BucketProbe {
    /// The id of the bucket's row.
    pub(crate) row: i64,
    prefix: u32,
    first: Number,
}

impl Segment {
    /// Returns a segment of these records, and the entries of its buckets.
    pub(super) fn of(id: i64, tail: &[(RecordId, TailEntry)]) -> (Self, Vec<Vec<u8>>) {
        let numbers = || tail.iter().map(|(_, entry)| entry.number);
        let (first, last) = (numbers().min().unwrap_or_default(), numbers().max().unwrap_or_default());
        let buckets = tail.len().div_ceil(BUCKET_ENTRIES).clamp(1, 1 << BUCKET_BITS) as u32;
        let mut entries = vec![Vec::new(); buckets as usize];
        for (hash, entry) in tail {
            let prefix = prefix(hash);
            // The numbers of a tail lie close together; a tail is far shorter than 2³².
            let offset = (entry.number - first) as u32;
            let bucket: &mut Vec<u8> = &mut entries[bucket_of(prefix, buckets) as usize];
            bucket.extend_from_slice(&prefix.to_le_bytes());
            bucket.extend_from_slice(&offset.to_le_bytes());
        }
        let mostly_until_ms = mostly_until_ms(tail.iter().map(|(_, entry)| entry.expires_at_ms).collect());
        let filter = Filter::of(tail.iter().map(|(hash, _)| hash).collect::<Vec<_>>().into_iter());
        (Self { id, first, last, buckets, mostly_until_ms, filter }, entries)
    }

    /// Returns the look-up of a hash; none if the segment does not hold it.
    pub(super) fn probe(&self, hash: &RecordId) -> Option<BucketProbe> {
        let prefix = prefix(hash);
        let row = self.row_of(bucket_of(prefix, self.buckets));
        self.filter.may_hold(hash).then_some(BucketProbe { row, prefix, first: self.first })
    }

    /// Returns the id of a bucket's row.
    pub(super) fn row_of(&self, bucket: u32) -> i64 {
        (self.id << BUCKET_BITS) | i64::from(bucket)
    }
}

impl BucketProbe {
    /// Returns the numbers of the records in a bucket that may have the hash.
    pub(crate) fn numbers(self, entries: &[u8]) -> impl Iterator<Item = Number> {
        let (entries, _) = entries.as_chunks::<ENTRY_BYTES>();
        entries.iter().filter_map(move |&[a, b, c, d, e, f, g, h]| {
            let offset = u32::from_le_bytes([e, f, g, h]);
            (u32::from_le_bytes([a, b, c, d]) == self.prefix).then_some(self.first + i64::from(offset))
        })
    }
}

fn prefix(RecordId([a, b, c, d, ..]): &RecordId) -> u32 {
    u32::from_le_bytes([*a, *b, *c, *d])
}

fn bucket_of(prefix: u32, buckets: u32) -> u32 {
    ((u64::from(prefix) * u64::from(buckets)) >> 32) as u32
}
