//! Connections, pools and snapshots of either database.

use sqlx::{
    Acquire as _, Connection as _, PgConnection, PgPool, Postgres, Sqlite, SqliteConnection, SqlitePool, Transaction,
    pool::PoolConnection,
};

use crate::job_fence::JobFence;

/// Begins a snapshot: every query of it sees the same moment.
const BEGIN_SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// A connection that is lent for some statements.
pub(crate) enum Connection<'c> {
    Sqlite(&'c mut SqliteConnection),
    /// With the fence of the transactions that are begun on it.
    Postgres(&'c mut PgConnection, Option<&'c JobFence>),
}

impl Connection<'_> {
    /// Returns true if the database is PostgreSQL.
    pub(crate) fn is_postgres(&self) -> bool {
        matches!(self, Self::Postgres(..))
    }

    /// Lends the connection on.
    pub(crate) fn lend(&mut self) -> Connection<'_> {
        match self {
            Self::Sqlite(connection) => Connection::Sqlite(connection),
            Self::Postgres(connection, fence) => Connection::Postgres(connection, *fence),
        }
    }
}

impl<'c> From<&'c mut SqliteConnection> for Connection<'c> {
    fn from(connection: &'c mut SqliteConnection) -> Self {
        Self::Sqlite(connection)
    }
}

impl<'c> From<&'c mut PgConnection> for Connection<'c> {
    fn from(connection: &'c mut PgConnection) -> Self {
        Self::Postgres(connection, None)
    }
}

impl<'c> From<&'c mut Connection<'_>> for Connection<'c> {
    fn from(connection: &'c mut Connection<'_>) -> Self {
        connection.lend()
    }
}

/// Connections that are shared.
#[derive(Debug, Clone)]
pub(crate) enum Pool {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

impl Pool {
    /// Returns true if the database is PostgreSQL.
    pub(crate) fn is_postgres(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    /// Waits for a connection.
    pub(crate) async fn acquire(&self) -> Result<PooledConnection, sqlx::Error> {
        Ok(match self {
            Self::Sqlite(pool) => PooledConnection::Sqlite(pool.acquire().await?),
            Self::Postgres(pool) => PooledConnection::Postgres(pool.acquire().await?),
        })
    }

    /// Waits until every connection was given back, and closes them.
    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite(pool) => pool.close().await,
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

/// A connection of a pool, which gets it back when it is dropped.
pub(crate) enum PooledConnection {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(PoolConnection<Postgres>),
}

impl PooledConnection {
    pub(crate) fn connection(&mut self) -> Connection<'_> {
        match self {
            Self::Sqlite(connection) => Connection::Sqlite(connection),
            Self::Postgres(connection) => Connection::Postgres(connection, None),
        }
    }

    /// Begins a transaction that reads, and sees the same moment in all of its queries.
    pub(crate) async fn begin(&mut self) -> Result<Snapshot<'_>, sqlx::Error> {
        Ok(match self {
            Self::Sqlite(connection) => Snapshot::Sqlite(connection.begin().await?),
            Self::Postgres(connection) => Snapshot::Postgres((**connection).begin_with(BEGIN_SNAPSHOT).await?),
        })
    }
}

/// A transaction that reads. It ends when it is dropped.
pub(crate) enum Snapshot<'c> {
    Sqlite(Transaction<'c, Sqlite>),
    Postgres(Transaction<'c, Postgres>),
}

impl Snapshot<'_> {
    pub(crate) fn connection(&mut self) -> Connection<'_> {
        match self {
            Self::Sqlite(transaction) => Connection::Sqlite(transaction),
            Self::Postgres(transaction) => Connection::Postgres(transaction, None),
        }
    }
}

/// A connection or a pool on which a statement runs.
pub(crate) enum Executor<'e> {
    Sqlite(&'e mut SqliteConnection),
    Postgres(&'e mut PgConnection),
    SqlitePool(&'e SqlitePool),
    PgPool(&'e PgPool),
}

impl<'e> From<&'e mut Connection<'_>> for Executor<'e> {
    fn from(connection: &'e mut Connection<'_>) -> Self {
        match connection {
            Connection::Sqlite(connection) => Self::Sqlite(connection),
            Connection::Postgres(connection, _) => Self::Postgres(connection),
        }
    }
}

impl<'e> From<Connection<'e>> for Executor<'e> {
    fn from(connection: Connection<'e>) -> Self {
        match connection {
            Connection::Sqlite(connection) => Self::Sqlite(connection),
            Connection::Postgres(connection, _) => Self::Postgres(connection),
        }
    }
}

impl<'e> From<&'e mut PooledConnection> for Executor<'e> {
    fn from(connection: &'e mut PooledConnection) -> Self {
        match connection {
            PooledConnection::Sqlite(connection) => Self::Sqlite(connection),
            PooledConnection::Postgres(connection) => Self::Postgres(connection),
        }
    }
}

impl<'e> From<&'e mut Snapshot<'_>> for Executor<'e> {
    fn from(snapshot: &'e mut Snapshot<'_>) -> Self {
        match snapshot {
            Snapshot::Sqlite(transaction) => Self::Sqlite(transaction),
            Snapshot::Postgres(transaction) => Self::Postgres(transaction),
        }
    }
}

impl<'e> From<&'e Pool> for Executor<'e> {
    fn from(pool: &'e Pool) -> Self {
        match pool {
            Pool::Sqlite(pool) => Self::SqlitePool(pool),
            Pool::Postgres(pool) => Self::PgPool(pool),
        }
    }
}

impl<'e> From<&'e mut SqliteConnection> for Executor<'e> {
    fn from(connection: &'e mut SqliteConnection) -> Self {
        Self::Sqlite(connection)
    }
}
