//! Forgetting a user.
//!
//! A request is a row. A background job walks the tables in the order of their ids: it reads the next slice on a connection
//! that cannot write ([`find`]), and the writer changes what names the user and moves the walk's position in one transaction
//! ([`apply`]). A process that is killed continues at the positions. What was deleted is overwritten: the content of changed
//! rows by SQLite itself, and at the end the free pages and the write-ahead log ([`erase`]).

mod apply;
mod apply_triggers;
#[cfg(test)]
mod decisions;
mod deliveries;
mod erase;
pub(crate) mod find;
mod find_bulk_operations;
mod find_triggers;
pub(crate) mod requests;
pub(crate) mod waits;
