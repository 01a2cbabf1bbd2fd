//! Two ways to run the statements of the event path: on sqlx's thread, or on the caller's own.
//!
//! The writer runs them on its own thread. Everything else, a rehearsal's look-ups among it, takes the plain way. Both
//! write the same rows.

use sqlx::{AssertSqlSafe, Row as _, SqliteConnection, sqlite::SqliteRow};

use super::{multi_row::MultiRow, row::Row};
use crate::sqlite::{
    connection::direct::{DirectConnection, FoundColumns},
    error::SqliteError,
};

/// Runs the statements of the event path on a connection.
pub(crate) enum StatementRunner<'c> {
    /// On sqlx's thread.
    Plain(&'c mut SqliteConnection),
    /// On the caller's thread.
    Direct(&'c mut DirectConnection),
}

impl StatementRunner<'_> {
    /// Runs a statement without parameters.
    pub(crate) async fn run(&mut self, text: &'static str) -> Result<(), SqliteError> {
        match self {
            Self::Plain(connection) => _ = sqlx::query(AssertSqlSafe(text)).execute(&mut **connection).await?,
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
                let keep = |chunk: &[T], of_chunk: Vec<SqliteRow>| {
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

    /// Lends the connection for statements that are rare.
    pub(crate) fn connection(&mut self) -> &mut SqliteConnection {
        match self {
            Self::Plain(connection) => connection,
            Self::Direct(connection) => connection.plain(),
        }
    }
}

/// A row found by a query.
pub(crate) enum FoundRow<'r> {
    Plain(&'r SqliteRow),
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
