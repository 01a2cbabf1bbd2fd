//! The ways in which statements are run: on sqlx's thread or the caller's, over many rows, in a transaction, and bounded; and the
//! encoding of enumerations and ids.

pub(crate) mod bounded;
#[cfg(test)]
mod bounded_tests;
pub(crate) mod codes;
pub(crate) mod database_time;
pub(crate) mod multi_row;
pub(crate) mod row;
pub(crate) mod runner;
pub(crate) mod transaction;
pub(crate) mod uuids;
