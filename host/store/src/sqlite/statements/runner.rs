//! Two ways to run the statements of the event path: on sqlx's thread, or on the caller's own.
//!
//! The writer runs them on its own thread. Everything else, a rehearsal's look-ups among it, takes the plain way. Both
//! write the same rows.

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
}

impl StatementRunner<'_> {
    /// Runs a statement without parameters.
    pub(crate) async fn run(&mut self, text: &'static str) -> Result<(), SqliteError> {
        match self {
            Self::Plain(connection) => _ = sql::query(text).execute(connection).await?,
            Self::Direct(connection) => connection.statement(text).await?.step(&[])?,
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
            Self::Plain(connection) => {
                let mut rows = Vec::new();
                let mut offset = 0;
                let keep = |chunk: &[T], of_chunk: Vec<sql::Row>| {
                    rows.extend(of_chunk.into_iter().map(|row| (offset, row)));
                    offset += chunk.len();
                    Ok(())
                };
                statement.fetch(connection, items, bind, keep).await?;
                rows.iter().try_for_each(|(offset, row)| found(*offset, &FoundRow::Plain(row)))?;
            }
            Self::Direct(connection) => {
                let statement = connection.statement(statement.single()).await?;
                let mut row = Row::default();
                for (index, item) in items.iter().enumerate() {
                    row.clear();
                    bind(&mut row, item);
                    statement.query(row.values(), |columns| found(index, &FoundRow::Direct(columns)))?;
                }
            }
        }
        Ok(())
    }

    /// Runs a statement with these values, one for each parameter.
    pub(crate) async fn step(&mut self, text: &'static str, row: &Row<'_>) -> Result<(), SqliteError> {
        match self {
            Self::Plain(connection) => _ = sql::query_with(text, row.values().to_vec()).execute(connection).await?,
            Self::Direct(connection) => connection.statement(text).await?.step(row.values())?,
        }
        Ok(())
    }

    /// Runs a statement that changes rows and returns none; returns the number of rows that it changed.
    pub(crate) async fn change(&mut self, text: &'static str, row: &Row<'_>) -> Result<u64, SqliteError> {
        Ok(match self {
            Self::Plain(connection) => {
                sql::query_with(text, row.values().to_vec()).execute(connection).await?.rows_affected()
            }
            Self::Direct(connection) => connection.statement(text).await?.change(row.values())?.unsigned_abs(),
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
            Self::Plain(connection) => {
                let rows = sql::query_with(text, row.values().to_vec()).fetch_all(connection).await?;
                rows.iter().try_for_each(|row| found(&FoundRow::Plain(row)))
            }
            Self::Direct(connection) => {
                let statement = connection.statement(text).await?;
                statement.query(row.values(), |columns| found(&FoundRow::Direct(columns)))
            }
        }
    }

    /// Returns true if statements run on the caller's thread.
    pub(crate) fn is_direct(&self) -> bool {
        matches!(self, Self::Direct(_))
    }

    /// Lends the connection for statements that are rare.
    pub(crate) fn connection(&mut self) -> sql::Connection<'_> {
        match self {
            Self::Plain(connection) => connection.lend(),
            Self::Direct(connection) => connection.plain(),
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
