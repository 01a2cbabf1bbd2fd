//! Records in the order of writing, where nobody else writes: SQLite.
//!
//! A hash is at a random place of a tree, so a table ordered by it costs every keyed event a page of its own: 8 KiB in the
//! log, and again in the database file. Here records stand in the order of their numbers. The newest, the *tail*, are found
//! through a map in memory. When the tail is long it becomes a *segment*: an index of 8 bytes a record in the database, and a
//! [filter](super::filter) of two bytes a record in memory, which answers nearly every look-up of an unknown key without a read.
//!
//! A key that is in several places has its newest record at the greatest number. Segments are removed as a whole when most of
//! their records have expired; the rest moves to the tail.

mod index;
mod prune;
mod segment;
#[cfg(test)]
mod tests;
mod writing;

pub(super) use self::{index::SegmentIndex, segment::BucketProbe, writing::SegmentRecords};
