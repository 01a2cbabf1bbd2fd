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
pub(crate) trait StatementRunner {
    /// Runs a statement without parameters.
    async fn run(&mut self, text: &'static str) -> Result<(), SqliteError>;

    /// Runs a statement for every item.
    async fn write<'v, T>(
        &mut self,
        statement: &'static MultiRow,
        items: &'v [T],
        bind: impl Fn(&mut Row<'v>, &'v T),
    ) -> Result<(), SqliteError>;

    /// Runs a query for every item. `found` gets each row, and the index of the item from which the numbers of rows count.
    async fn find<'v, T>(
        &mut self,
        statement: &'static MultiRow,
        items: &'v [T],
        bind: impl Fn(&mut Row<'v>, &'v T),
        found: impl FnMut(usize, &FoundRow<'_>) -> Result<(), SqliteError>,
    ) -> Result<(), SqliteError>;

    /// Lends the connection for statements that are rare.
    fn connection(&mut self) -> &mut SqliteConnection;
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

    pub(crate) fn optional_text(&self, column: usize) -> Result<Option<&str>, SqliteError> {
        match self {
            Self::Plain(row) => Ok(row.try_get(column)?),
            Self::Direct(columns) => Ok(columns.optional_text(column)?),
        }
    }
}

/// Runs statements on sqlx's thread.
pub(crate) struct PlainRunner<'c>(pub(crate) &'c mut SqliteConnection);

impl StatementRunner for PlainRunner<'_> {
    async fn run(&mut self, text: &'static str) -> Result<(), SqliteError> {
        sqlx::query(AssertSqlSafe(text)).execute(&mut *self.0).await?;
        Ok(())
    }

    async fn write<'v, T>(
        &mut self,
        statement: &'static MultiRow,
        items: &'v [T],
        bind: impl Fn(&mut Row<'v>, &'v T),
    ) -> Result<(), SqliteError> {
        Ok(statement.execute(self.0, items, bind).await?)
    }

    async fn find<'v, T>(
        &mut self,
        statement: &'static MultiRow,
        items: &'v [T],
        bind: impl Fn(&mut Row<'v>, &'v T),
        mut found: impl FnMut(usize, &FoundRow<'_>) -> Result<(), SqliteError>,
    ) -> Result<(), SqliteError> {
        let mut rows = Vec::new();
        let mut offset = 0;
        statement
            .fetch(self.0, items, bind, |chunk, of_chunk| {
                rows.extend(of_chunk.into_iter().map(|row| (offset, row)));
                offset += chunk.len();
                Ok(())
            })
            .await?;
        rows.iter().try_for_each(|(offset, row)| found(*offset, &FoundRow::Plain(row)))
    }

    fn connection(&mut self) -> &mut SqliteConnection {
        self.0
    }
}

impl StatementRunner for DirectConnection {
    async fn run(&mut self, text: &'static str) -> Result<(), SqliteError> {
        Ok(self.statement(text).await?.step(&[])?)
    }

    async fn write<'v, T>(
        &mut self,
        statement: &'static MultiRow,
        items: &'v [T],
        bind: impl Fn(&mut Row<'v>, &'v T),
    ) -> Result<(), SqliteError> {
        if items.is_empty() {
            return Ok(());
        }
        let statement = self.statement(statement.single()).await?;
        let mut row = Row::default();
        for item in items {
            row.clear();
            bind(&mut row, item);
            statement.step(row.values())?;
        }
        Ok(())
    }

    async fn find<'v, T>(
        &mut self,
        statement: &'static MultiRow,
        items: &'v [T],
        bind: impl Fn(&mut Row<'v>, &'v T),
        mut found: impl FnMut(usize, &FoundRow<'_>) -> Result<(), SqliteError>,
    ) -> Result<(), SqliteError> {
        if items.is_empty() {
            return Ok(());
        }
        let statement = self.statement(statement.single()).await?;
        let mut row = Row::default();
        for (index, item) in items.iter().enumerate() {
            row.clear();
            bind(&mut row, item);
            statement.query(row.values(), |columns| found(index, &FoundRow::Direct(columns)))?;
        }
        Ok(())
    }

    fn connection(&mut self) -> &mut SqliteConnection {
        self.plain()
    }
}
