//! Idempotency records: few pages are written for each of them, however many there are.
//!
//! A key's hash is at a random place of a tree. A table that is ordered by it alone costs every event a page of its own, as soon
//! as it is larger than what is written between two checkpoints. So records are written where the newest ones are, and sets
//! of older ones, which do not grow any more, each have a [filter](filter): two bytes a record in memory, which answer nearly every look-up
//! of an unknown key without a read.
//!
//! - [`segments`]: where nobody else writes (SQLite), the newest records are found through a map in memory;
//! - [`generations`]: where several servers write (PostgreSQL), they are found through a small tree in the database;
//! - [`look_up`]: finding the records of keys in all these places;
//! - [`forget`]: removing the text of a key.

mod filter;
mod forget;
mod generations;
mod look_up;
mod records;
mod segments;

pub(crate) use self::{
    forget::remove_key,
    generations::{GenerationIndex, upkeep},
    look_up::Probes,
    records::{IdempotencyRecords, RecordPlaces},
};

/// The place of a record: of two records of one key, the newer one has the greater number. In segments it is the place in the order of
/// writing, else the number of the generation.
type Number = i64;

/// The part of the records that must have expired before a set of them is removed: all but one in so many.
const FEW: usize = 8;

/// Returns the time at which most records have expired; 0 if there are none.
fn mostly_until_ms(mut expiries: Vec<i64>) -> i64 {
    let late = expiries.len() - expiries.len().div_ceil(FEW).min(expiries.len());
    match expiries.is_empty() {
        true => 0,
        false => *expiries.select_nth_unstable(late).1,
    }
}
