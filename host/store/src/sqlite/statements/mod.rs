//! The ways in which statements are run: many rows at once, several in one trip, and in a transaction; and the encoding
//! of enumerations and ids.

pub(crate) mod codes;
pub(crate) mod multi_row;
pub(crate) mod script;
pub(crate) mod transaction;
pub(crate) mod uuids;
