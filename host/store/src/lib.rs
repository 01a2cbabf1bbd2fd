//! Makes events durable, and keeps the configuration. sqlx is used in this crate only.
//!
//! [`Store`] is the single entry. Behind it:
//!
//! - `records`: the plain records and queries of the interface;
//! - `operations`: every change besides events, as a named operation;
//! - the group-commit `writer`: all changes go through its queue and its one connection. It gathers the jobs that are
//!   waiting, settles and writes them in one transaction, and answers all of them after the commit;
//! - `backend`: the seam between the writer and a database, and `database`, which chooses one;
//! - `job_fence`: keeps a node from changing what another one works on by now;
//! - `restore`: the way of a backup into a data directory;
//! - `migrate`: the way of a data directory into a PostgreSQL database;
//! - `clock`: the store's own time, by which data is kept and windows are counted;
//! - `sql`: statements, values, rows and connections of either database;
//! - `sqlite`: all statements, and what SQLite alone has: its file, its checkpoints and its C interface;
//! - `postgres`: opening a database on a PostgreSQL server, which takes the same statements.
//!
//! The migrations are in `migrations/sqlite` and `migrations/postgres`. A change of the schema is one of each.
//!
//! Invariants:
//!
//! - Whatever [`Store::commit`] answered is on the disk. `synchronous` is read back at every start, and any value but
//!   `FULL` refuses to start.
//! - A bad job never fails its neighbours.
//! - Nothing is queried per event that could be loaded for the whole group or kept in memory.
//! - No error or log line holds a body, a secret or a token.
//! - Secrets and tokens are stored sealed by a [`Vault`] or as hashes, never in clear text.

mod backend;
mod clock;
mod data_dir;
mod database;
mod error;
mod job_fence;
mod master_key_check;
mod migrate;
mod observer;
mod operations;
mod options;
mod postgres;
mod records;
mod resend;
mod restore;
mod restored_database;
mod sql;
mod sqlite;
mod store;
mod vault;
mod writer;

pub use clock::{ClockState, RealClock, StoreClock, SystemClock};
pub use data_dir::FileSizes;
pub use error::{BackupError, ChangeError, CommitError, OpenError, Overload, ReadError, ResealError, RestoreError};
pub use job_fence::{JobFence, fenced, inherit_fence};
pub use master_key_check::MasterKeyCheck;
pub use migrate::{MigratedTable, MigrationError, MigrationProgress, StoreMigration};
pub use observer::{GroupReport, Stats, WriterObserver};
pub use options::StoreOptions;
pub use records::*;
pub use restore::{PresentDatabase, Restore, inspect_backup};
pub use store::{Backup, Store};
pub use vault::{SecretLocation, Vault, VaultError};
pub use writer::writer_cost;
