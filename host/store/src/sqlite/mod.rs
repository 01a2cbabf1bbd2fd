//! Every statement that the store runs, and what SQLite alone has.
//!
//! - [`mod@open`] opens the database, with the files of `connection`;
//! - [`mod@backup`] copies the database while it is in use, and checks a copy;
//! - [`write_connection`] is the connection that writes, with its [`caches`]; [`write_backend`] is the writer's view of it;
//! - [`forget`] removes what names a user who is to be forgotten;
//! - [`group_commit`] is the event path's transaction;
//! - [`idempotency`] finds and keeps the records of idempotency keys;
//! - [`log_search`] is the index over event logs;
//! - [`outbox`] holds the deliveries of runs until they end;
//! - `tables` has a file for each table, with its reads and the operations that change it;
//! - [`event_columns`] names each column of a logged event once;
//! - `statements` has the ways in which statements are run.

mod backup;
mod caches;
mod connection;
mod error;
mod event_columns;
mod forget;
pub(crate) mod group_commit;
mod idempotency;
mod log_search;
mod open;
mod outbox;
pub(crate) mod read;
mod rehearsal;
mod statements;
mod tables;
mod write_backend;
mod write_connection;

pub(crate) use backup::{copy as copy_database, inspect as inspect_backup};
pub(crate) use connection::{
    migrations::{check_newest, newest_known as schema_version},
    pragmas::for_reading,
    readers::Readers,
    sealing,
};
pub(crate) use error::SqliteError;
pub(crate) use open::{Opened, key_check, open, open_with, reseal};
pub(crate) use statements::transaction;
pub(crate) use write_connection::{WriteConnection, WriterConnection};
