//! The ways to run the statements of the event path: on sqlx's thread, or on the caller's own.
//!
//! The writer runs them on its own thread. On PostgreSQL it sends the writes of a group together. Everything else, a
//! rehearsal's look-ups among it, takes the plain way. All write the same rows.

use sqlx::PgConnection;

use super::{multi_row::MultiRow, row::Row};
use crate::{
    sql,
    sqlite::{
        connection::direct::{DirectConnection, FoundColumns},
        error::SqliteError,
    },
};

/// Runs the statements of the event path on a connection.
pub(crate) enum StatementRunner<'c> {
    /// On sqlx's thread.
    Plain(sql::Connection<'c>),
    /// On the caller's thread.
    Direct(&'c mut DirectConnection),
    /// On sqlx's thread. Writes wait for each other and run as one statement, at the latest before the next query and in
    /// [`StatementRunner::flush`].
    Together(&'c mut PgConnection, sql::Together),
}

impl StatementRunner<'_> {
    /// Runs a statement without parameters.
    pub(crate) async fn run(&mut self, text: &'static str) -> Result<(), SqliteError> {
        match self {
            Self::Direct(connection) => connection.statement(text).await?.step(&[])?,
            other => _ = sql::query(text).execute(other.connection().await?).await?,
        }
        Ok(())
    }

    /// Runs the writes that wait.
    pub(crate) async fn flush(&mut self) -> Result<(), SqliteError> {
        if let Self::Together(connection, together) = self {
            together.run(connection).await?;
        }
        Ok(())
    }

    /// Runs a statement for every item.
    pub(crate) async fn write<'v, T>(
        &mut self,
        statement: &'static MultiRow,
        items: &'v [T],
        bind: impl Fn(&mut Row<'v>, &'v T),
    ) -> Result<(), SqliteError> {
        match self {
            _ if items.is_empty() => {}
            Self::Plain(connection) => statement.execute(connection, items, bind).await?,
            Self::Together(connection, together) => statement.add_to(together, connection, items, bind).await?,
            Self::Direct(connection) => {
                let statement = connection.statement(statement.single()).await?;
                let mut row = Row::default();
                for item in items {
                    row.clear();
                    bind(&mut row, item);
                    statement.step(row.values())?;
                }
            }
        }
        Ok(())
    }

    /// Runs a query for every item. `found` gets each row, and the index of the item from which the numbers of rows count.
    pub(crate) async fn find<'v, T>(
        &mut self,
        statement: &'static MultiRow,
        items: &'v [T],
        bind: impl Fn(&mut Row<'v>, &'v T),
        mut found: impl FnMut(usize, &FoundRow<'_>) -> Result<(), SqliteError>,
    ) -> Result<(), SqliteError> {
        match self {
            _ if items.is_empty() => {}
            Self::Direct(connection) => {
                let statement = connection.statement(statement.single()).await?;
                let mut row = Row::default();
                for (index, item) in items.iter().enumerate() {
                    row.clear();
                    bind(&mut row, item);
                    statement.query(row.values(), |columns| found(index, &FoundRow::Direct(columns)))?;
                }
            }
            other => {
                let mut rows = Vec::new();
                let mut offset = 0;
                let keep = |chunk: &[T], of_chunk: Vec<sql::Row>| {
                    rows.extend(of_chunk.into_iter().map(|row| (offset, row)));
                    offset += chunk.len();
                    Ok(())
                };
                statement.fetch(&mut other.connection().await?, items, bind, keep).await?;
                rows.iter().try_for_each(|(offset, row)| found(*offset, &FoundRow::Plain(row)))?;
            }
        }
        Ok(())
    }

    /// Runs a statement with these values, one for each parameter.
    pub(crate) async fn step(&mut self, text: &'static str, row: &Row<'_>) -> Result<(), SqliteError> {
        match self {
            Self::Direct(connection) => connection.statement(text).await?.step(row.values())?,
            other => {
                _ = sql::query_with(text, row.values().to_vec()).execute(other.connection().await?).await?;
            }
        }
        Ok(())
    }

    /// Runs a statement that changes rows and returns none; returns the number of rows that it changed.
    pub(crate) async fn change(&mut self, text: &'static str, row: &Row<'_>) -> Result<u64, SqliteError> {
        Ok(match self {
            Self::Direct(connection) => connection.statement(text).await?.change(row.values())?.unsigned_abs(),
            other => {
                let run = sql::query_with(text, row.values().to_vec()).execute(other.connection().await?);
                run.await?.rows_affected()
            }
        })
    }

    /// Runs a query with these values, one for each parameter, and passes every row to `found`.
    pub(crate) async fn query(
        &mut self,
        text: &'static str,
        row: &Row<'_>,
        mut found: impl FnMut(&FoundRow<'_>) -> Result<(), SqliteError>,
    ) -> Result<(), SqliteError> {
        match self {
            Self::Direct(connection) => {
                let statement = connection.statement(text).await?;
                statement.query(row.values(), |columns| found(&FoundRow::Direct(columns)))
            }
            other => {
                let query = sql::query_with(text, row.values().to_vec());
                let rows = query.fetch_all(other.connection().await?).await?;
                rows.iter().try_for_each(|row| found(&FoundRow::Plain(row)))
            }
        }
    }

    /// Returns true if statements run on the caller's thread.
    pub(crate) fn is_direct(&self) -> bool {
        matches!(self, Self::Direct(_))
    }

    /// Lends the connection for statements that are rare. Writes that wait run before.
    pub(crate) async fn connection(&mut self) -> Result<sql::Connection<'_>, SqliteError> {
        self.flush().await?;
        Ok(self.own_connection())
    }

    /// Lends the connection for statements that begin and end transactions.
    pub(crate) fn own_connection(&mut self) -> sql::Connection<'_> {
        match self {
            Self::Plain(connection) => connection.lend(),
            Self::Direct(connection) => connection.plain(),
            Self::Together(connection, _) => sql::Connection::Postgres(connection, None),
        }
    }
}

/// A row found by a query.
pub(crate) enum FoundRow<'r> {
    Plain(&'r sql::Row),
    Direct(FoundColumns<'r>),
}

impl FoundRow<'_> {
    pub(crate) fn int(&self, column: usize) -> Result<i64, SqliteError> {
        match self {
            Self::Plain(row) => Ok(row.try_get(column)?),
            Self::Direct(columns) => Ok(columns.int(column)),
        }
    }

    pub(crate) fn blob(&self, column: usize) -> Result<&[u8], SqliteError> {
        match self {
            Self::Plain(row) => Ok(row.try_get(column)?),
            Self::Direct(columns) => Ok(columns.blob(column)),
        }
    }

    pub(crate) fn optional_int(&self, column: usize) -> Result<Option<i64>, SqliteError> {
        match self {
            Self::Plain(row) => Ok(row.try_get(column)?),
            Self::Direct(columns) => Ok((!columns.is_null(column)).then(|| columns.int(column))),
        }
    }

    pub(crate) fn optional_blob(&self, column: usize) -> Result<Option<&[u8]>, SqliteError> {
        match self {
            Self::Plain(row) => Ok(row.try_get(column)?),
            Self::Direct(columns) => Ok((!columns.is_null(column)).then(|| columns.blob(column))),
        }
    }

    pub(crate) fn optional_text(&self, column: usize) -> Result<Option<&str>, SqliteError> {
        match self {
            Self::Plain(row) => Ok(row.try_get(column)?),
            Self::Direct(columns) => Ok(columns.optional_text(column)?),
        }
    }
}
