//! The way of everything that is stored from SQLite to PostgreSQL: `inlet migrate-store`.
//!
//! Both databases have the same tables. Each is read in the order of its primary key and written in slices, so what is
//! there already tells where a move goes on that was broken off. In the end both are read once more, and their numbers of rows
//! and digests are compared. Until then no server opens the new database.

mod compare;
mod copy;
mod table;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use sqlx::{ConnectOptions as _, Connection as _, PgConnection, SqliteConnection};

use self::table::Table;
use crate::{
    data_dir::DataDir,
    error::OpenError,
    postgres,
    sqlite::{check_newest, for_reading},
};

/// The key in `meta` under which a move that is not completed notes where it comes from.
pub(crate) const UNDER_WAY: &str = "moved_from";

/// The progress of a move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MigrationProgress {
    /// Rows of a table are being copied: so many of all.
    Copied {
        /// The table.
        table: Arc<str>,
        /// Rows that are copied.
        rows: u64,
        /// All rows.
        of: u64,
    },
    /// Both databases are being read, and compared: so many tables of all.
    Compared {
        /// Tables that are equal.
        tables: usize,
        /// All tables.
        of: usize,
    },
}

/// A table that is equal in both databases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigratedTable {
    /// Its name.
    pub table: String,
    /// The number of its rows.
    pub rows: u64,
    /// SHA-256 of all rows.
    pub digest: [u8; 32],
}

/// The reason why a store was not moved.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    /// One of the databases cannot be used.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// There is no database to move.
    #[error("there is no database {}; name the server's data directory", .path.display())]
    Missing {
        /// The file that is not there.
        path: PathBuf,
    },
    /// Another version wrote the database.
    #[error("{} has schema version {found}, and this program moves {known}; start this version on it once", .path.display())]
    OtherSchema {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The version that is moved.
        known: i64,
    },
    /// The new database is in use.
    #[error("the PostgreSQL database holds something already; move into an empty one")]
    NotEmpty,
    /// The two databases differ in the end.
    #[error(
        "the table {table} differs: {from} rows in SQLite and {to} in PostgreSQL, or other ones; something else wrote to one of \
         them; begin anew with an empty database"
    )]
    Differs {
        /// The table.
        table: String,
        /// Its rows in SQLite.
        from: u64,
        /// Its rows in PostgreSQL.
        to: u64,
    },
    /// A statement failed.
    #[error("the store was not moved: {0}; run the command again, and it goes on where it was")]
    Statement(#[from] sqlx::Error),
}

/// A data directory, and the PostgreSQL database that it moves into.
pub struct StoreMigration {
    from: SqliteConnection,
    to: PgConnection,
    tables: Vec<Table>,
    /// No server uses it meanwhile.
    _data_dir: DataDir,
}

impl StoreMigration {
    /// Opens both databases, and creates the tables of the new one. A server that uses the data directory must be
    /// stopped.
    pub async fn start(data_dir: &Path, url: &str) -> Result<Self, MigrationError> {
        // Opening would create the directory, which must not happen for a mistyped one.
        let file = data_dir.join("inlet.db");
        if !file.is_file() {
            return Err(MigrationError::Missing { path: file });
        }
        let data_dir = DataDir::open(data_dir)?;
        // Sorting millions of idempotency records is not for memory.
        let mut from = for_reading(&file).pragma("temp_store", "file").connect().await?;
        if let Some((found, known)) = check_newest(&mut from).await? {
            return Err(MigrationError::OtherSchema { path: file, found, known });
        }
        let mut to = postgres::connect_migrated(url).await?;
        let key: Vec<u8> = sqlx::query_scalar("SELECT value FROM meta WHERE key = 'idempotency_hash_key'")
            .fetch_one(&mut from)
            .await?;
        begin(&mut to, &key).await?;
        let tables = table::all(&mut to).await?;
        Ok(Self { from, to, tables, _data_dir: data_dir })
    }

    /// Copies what is not copied yet, and compares. Tells how far it is.
    pub async fn run(
        mut self,
        progress: &mut (dyn FnMut(MigrationProgress) + Send),
    ) -> Result<Vec<MigratedTable>, MigrationError> {
        for table in &self.tables {
            copy::copy(&mut self.from, &mut self.to, table, progress).await?;
        }
        let mut equal = Vec::new();
        for table in &self.tables {
            equal.push(compare::compare(&mut self.from, &mut self.to, table).await?);
            progress(MigrationProgress::Compared { tables: equal.len(), of: self.tables.len() });
        }
        copy::continue_numbers(&mut self.from, &mut self.to).await?;
        sqlx::query("DELETE FROM meta WHERE key = $1").bind(UNDER_WAY).execute(&mut self.to).await?;
        self.to.close().await?;
        self.from.close().await?;
        Ok(equal)
    }
}

/// Empties a database that was just created, and notes that a move into it has begun; or finds that this one has begun.
async fn begin(to: &mut PgConnection, key: &[u8]) -> Result<(), MigrationError> {
    let begun: Option<Vec<u8>> =
        sqlx::query_scalar("SELECT value FROM meta WHERE key = $1").bind(UNDER_WAY).fetch_optional(&mut *to).await?;
    if let Some(begun) = begun {
        return if begun == key { Ok(()) } else { Err(MigrationError::NotEmpty) };
    }
    let is_new: bool = sqlx::query_scalar(
        "SELECT NOT EXISTS (SELECT 1 FROM changes) AND NOT EXISTS (SELECT 1 FROM event_logs)
             AND NOT EXISTS (SELECT 1 FROM sources WHERE key <> '$api') AND NOT EXISTS (SELECT 1 FROM recipients)",
    )
    .fetch_one(&mut *to)
    .await?;
    if !is_new {
        return Err(MigrationError::NotEmpty);
    }
    let mut transaction = to.begin().await?;
    let empty =
        "DELETE FROM source_environments; DELETE FROM sources; DELETE FROM environments; DELETE FROM nonce_horizon;
        DELETE FROM meta WHERE key <> 'write_lock'";
    sqlx::raw_sql(empty).execute(&mut *transaction).await?;
    sqlx::query("INSERT INTO meta (key, value) VALUES ($1, $2)")
        .bind(UNDER_WAY)
        .bind(key)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(())
}
