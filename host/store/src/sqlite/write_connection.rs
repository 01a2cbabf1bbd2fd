//! A connection that writes.

use std::sync::Arc;

use sqlx::{ConnectOptions as _, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::sync::Notify;

use super::{
    caches::Caches,
    connection::{checkpoint::Checkpoints, direct::DirectConnection, pragmas},
    error::SqliteError,
    statements::runner::StatementRunner,
};
use crate::{clock::StoreClock, postgres::PostgresWriter, records::Durability, sql, vault::Vault};

/// A connection that writes, and the values kept in memory so that they need not be queried.
pub(crate) struct WriteConnection {
    pub(crate) connection: WriterConnection,
    pub(crate) caches: Caches,
    /// The time of [`nonces::horizon_ms`](super::group_commit::nonces::horizon_ms); `None` if it must be read.
    pub(crate) nonce_horizon_ms: Option<i64>,
    /// The newest entry of the change log when the targets were read. Only where other nodes write too.
    pub(crate) version: Option<String>,
    /// Seals the secrets of sources.
    pub(super) vault: Arc<dyn Vault>,
    pub(crate) clock: Arc<StoreClock>,
    /// Told when deliveries may be due.
    pub(super) deliveries: Arc<Notify>,
    /// Tells everyone who waits that events were committed.
    pub(super) committed: Arc<Notify>,
}

/// The parts that all connections of one store share.
#[derive(Clone)]
pub(super) struct Shared {
    /// Seals the secrets of sources.
    pub(super) vault: Arc<dyn Vault>,
    pub(super) clock: Arc<StoreClock>,
    /// Told when deliveries may be due.
    pub(super) deliveries: Arc<Notify>,
    /// Tells everyone who waits that events were committed.
    pub(super) committed: Arc<Notify>,
}

/// A connection to one of the databases, with what it takes to open it again.
pub(crate) enum WriterConnection {
    Sqlite(Box<SqliteWriter>),
    Postgres(Box<PostgresWriter>),
}

/// A connection to a SQLite file.
pub(crate) struct SqliteWriter {
    pub(super) connection: DirectConnection,
    options: SqliteConnectOptions,
    size_limit: Option<u64>,
    checkpoints: Checkpoints,
}

impl SqliteWriter {
    pub(super) fn new(
        connection: SqliteConnection,
        options: SqliteConnectOptions,
        size_limit: Option<u64>,
        checkpoints: Checkpoints,
    ) -> Self {
        Self { connection: DirectConnection::new(connection), options, size_limit, checkpoints }
    }

    async fn reconnect(&mut self) -> Result<(), sqlx::Error> {
        let mut connection = self.options.connect().await?;
        if let Some(limit) = self.size_limit {
            pragmas::limit_size(&mut connection, limit).await?;
        }
        self.connection = DirectConnection::new(connection);
        Ok(())
    }
}

impl WriterConnection {
    /// Lends the connection for statements that are rare.
    pub(crate) fn plain(&mut self) -> sql::Connection<'_> {
        match self {
            Self::Sqlite(writer) => writer.connection.plain(),
            Self::Postgres(writer) => writer.plain(),
        }
    }

    /// Lends the connection for the statements of the event path.
    pub(crate) fn statements(&mut self) -> StatementRunner<'_> {
        match self {
            Self::Sqlite(writer) => StatementRunner::Direct(&mut writer.connection),
            Self::Postgres(writer) => StatementRunner::Plain(writer.plain()),
        }
    }

    /// Lends the connection for the statements of a group: writes run together where each is a round trip.
    pub(crate) fn statements_together(&mut self) -> StatementRunner<'_> {
        match self {
            Self::Sqlite(writer) => StatementRunner::Direct(&mut writer.connection),
            Self::Postgres(writer) => StatementRunner::Together(&mut writer.connection, sql::Together::default()),
        }
    }

    /// Returns true if the connection is gone, which never comes back by itself.
    async fn is_lost(&mut self) -> bool {
        match self {
            Self::Sqlite(writer) => writer.connection.is_lost().await,
            Self::Postgres(writer) => writer.is_lost().await,
        }
    }

    async fn reconnect(&mut self) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(writer) => writer.reconnect().await,
            Self::Postgres(writer) => writer.connect().await,
        }
    }

    /// Reads back how commits reach the disk.
    pub(super) async fn durability(&mut self) -> Result<Durability, SqliteError> {
        Ok(match self {
            Self::Sqlite(writer) => pragmas::durability(writer.connection.sqlite()).await?,
            // A commit waits for the disk unless the setting says that it does not.
            Self::Postgres(writer) => {
                let setting: String = sqlx::query_scalar("SELECT current_setting('synchronous_commit')")
                    .fetch_one(&mut writer.connection)
                    .await?;
                let synchronous = if setting == "off" { 0 } else { 2 };
                Durability { synchronous, journal_mode: "wal".to_owned() }
            }
        })
    }

    /// Proves that the database takes a write, and so many bytes.
    pub(super) async fn prove_writable(&mut self, bytes: usize) -> Result<(), SqliteError> {
        match self {
            Self::Sqlite(writer) => {
                pragmas::prove_writable(writer.connection.sqlite()).await?;
                if bytes > 0 {
                    pragmas::prove_room(writer.connection.sqlite(), bytes).await?;
                }
            }
            Self::Postgres(writer) => pragmas::prove_writable_in(&mut (&mut writer.connection).into()).await?,
        }
        Ok(())
    }

    /// Finishes and closes the connection.
    pub(super) async fn close(self) -> Result<(), SqliteError> {
        match self {
            Self::Sqlite(writer) => {
                // The checkpoints' connection goes first, so that the last one closes a database that nobody else uses.
                writer.checkpoints.stop().await;
                Ok(pragmas::close(writer.connection.into_plain().await?).await?)
            }
            Self::Postgres(writer) => Ok(writer.close().await?),
        }
    }
}

impl WriteConnection {
    pub(super) fn new(connection: WriterConnection, caches: Caches, shared: Shared) -> Self {
        let Shared { vault, clock, deliveries, committed } = shared;
        Self { connection, caches, nonce_horizon_ms: None, version: None, vault, clock, deliveries, committed }
    }

    /// Tells the dispatcher about deliveries that a committed transaction wrote.
    pub(super) fn announce_deliveries(&mut self) {
        if self.caches.targets.take_written() {
            self.deliveries.notify_one();
        }
    }

    /// Lets SQLite's write-ahead log be copied into the database file.
    pub(super) async fn checkpoint(&mut self) {
        if let WriterConnection::Sqlite(writer) = &mut self.connection {
            writer.checkpoints.after_commit(&mut StatementRunner::Direct(&mut writer.connection)).await;
        }
    }

    /// Replaces a lost connection, which never comes back by itself.
    pub(super) async fn reconnect_if_lost(&mut self) {
        if self.connection.is_lost().await
            && let Err(error) = self.connection.reconnect().await
        {
            tracing::error!(%error, "the database could not be opened again; it is tried at the next write");
        }
    }
}
