//! Records in generations, where several nodes write: PostgreSQL.
//!
//! The table of records is ordered by the number of a *generation*, and then by the key's hash. All nodes write into the newest generation,
//! so the pages that they touch are those of so many records, however many there are in all: PostgreSQL logs a whole page when it is
//! touched first after a checkpoint.
//!
//! An operation begins the next generation when the newest one has enough records. It holds the lock of every environment, and a group
//! reads the number of the newest generation behind the locks of its environments. So no record is added to an earlier generation any
//! more, and a filter over it, which a background job makes, holds for good. A look-up asks the newest generation, those without a
//! filter, and those whose filter says that they may have the key: a node that has not loaded a filter yet reads once more, and finds the
//! same.
//!
//! A key that is in several generations has its newest record in the greatest. A generation is removed when most of its records have
//! expired; the rest moves to the newest one.
//!
//! Nodes of the version before know only the table that is ordered by the hash alone. While one of them is alive, all write there
//! (generation 0), and the first generation begins when none is left. A later group of such a node is refused by the database.

mod index;
mod prune;
mod records;
pub(crate) mod upkeep;

pub(crate) use self::index::GenerationIndex;
pub(super) use self::records::GenerationRecords;
use super::look_up::NEWEST_GENERATION;
use crate::sql;

/// The generation of a group whose records go into the table that is ordered by the hash alone.
const NONE: super::Number = 0;

/// Returns the number of the newest generation.
async fn newest(connection: &mut sql::Connection<'_>) -> Result<super::Number, sqlx::Error> {
    sql::query_scalar(NEWEST_GENERATION).fetch_one(connection).await
}
