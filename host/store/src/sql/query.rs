//! Statements with their values.

use std::marker::PhantomData;

use futures_util::{StreamExt as _, TryStreamExt as _, stream::BoxStream};
use sqlx::{AssertSqlSafe, Postgres, Sqlite, postgres::PgArguments, sqlite::SqliteArguments};

use super::{Bind, Column, FromRow, Row, Text, Value, connection::Executor};

/// A statement and the values of its parameters, in order.
pub(crate) struct Query<'q> {
    text: Text,
    values: Vec<Value<'q>>,
}

/// The changes of a statement.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Done {
    rows: u64,
}

impl Done {
    /// The number of rows that were inserted, updated or deleted.
    pub(crate) fn rows_affected(self) -> u64 {
        self.rows
    }
}

/// Returns a statement.
pub(crate) fn query<'q>(text: impl Into<Text>) -> Query<'q> {
    Query { text: text.into(), values: Vec::new() }
}

/// Returns a statement with its values.
pub(crate) fn query_with(text: impl Into<Text>, values: Vec<Value<'_>>) -> Query<'_> {
    Query { text: text.into(), values }
}

/// Runs one of the two forms of a statement, whatever it runs on.
macro_rules! on {
    ($query:expr, $executor:expr, |$statement:ident, $on:ident| $run:expr) => {
        match $executor.into() {
            Executor::Sqlite($on) => {
                let $statement = $query.for_sqlite()?;
                $run
            }
            Executor::SqlitePool($on) => {
                let $statement = $query.for_sqlite()?;
                $run
            }
            Executor::Postgres($on) => {
                let $statement = $query.for_postgres()?;
                $run
            }
            Executor::PgPool($on) => {
                let $statement = $query.for_postgres()?;
                $run
            }
        }
    };
}

type SqliteQuery = sqlx::query::Query<'static, Sqlite, SqliteArguments>;
type PostgresQuery = sqlx::query::Query<'static, Postgres, PgArguments>;

impl<'q> Query<'q> {
    /// Adds the value of the next parameter.
    pub(crate) fn bind(mut self, value: impl Bind<'q>) -> Self {
        self.values.push(value.into_value());
        self
    }

    fn for_sqlite(self) -> Result<SqliteQuery, sqlx::Error> {
        let mut arguments = SqliteArguments::default();
        for value in self.values {
            value.add_to_sqlite(&mut arguments)?;
        }
        Ok(match self.text.for_sqlite() {
            Ok(text) => sqlx::query_with(AssertSqlSafe(text), arguments),
            Err(text) => sqlx::query_with(AssertSqlSafe(text), arguments),
        })
    }

    fn for_postgres(self) -> Result<PostgresQuery, sqlx::Error> {
        let mut arguments = PgArguments::default();
        for value in self.values {
            value.add_to_postgres(&mut arguments)?;
        }
        Ok(sqlx::query_with(AssertSqlSafe(self.text.for_postgres()), arguments))
    }

    /// Runs the statement.
    pub(crate) async fn execute<'e>(self, executor: impl Into<Executor<'e>>) -> Result<Done, sqlx::Error> {
        let rows = on!(self, executor, |statement, on| statement.execute(on).await?.rows_affected());
        Ok(Done { rows })
    }

    /// Returns all rows.
    pub(crate) async fn fetch_all<'e>(self, executor: impl Into<Executor<'e>>) -> Result<Vec<Row>, sqlx::Error> {
        Ok(on!(self, executor, |statement, on| rows(statement.fetch_all(on).await?)))
    }

    /// Returns the only row.
    pub(crate) async fn fetch_one<'e>(self, executor: impl Into<Executor<'e>>) -> Result<Row, sqlx::Error> {
        Ok(on!(self, executor, |statement, on| Row::from(statement.fetch_one(on).await?)))
    }

    /// Returns the first row, if there is one.
    pub(crate) async fn fetch_optional<'e>(
        self,
        executor: impl Into<Executor<'e>>,
    ) -> Result<Option<Row>, sqlx::Error> {
        Ok(on!(self, executor, |statement, on| statement.fetch_optional(on).await?.map(Row::from)))
    }

    /// Returns the rows one after another.
    pub(crate) fn fetch<'e>(
        self,
        executor: impl Into<Executor<'e>>,
    ) -> Result<BoxStream<'e, Result<Row, sqlx::Error>>, sqlx::Error> {
        Ok(on!(self, executor, |statement, on| statement.fetch(on).map_ok(Row::from).boxed()))
    }
}

/// A query whose rows are read by a function.
pub(crate) struct QueryMap<'q, F> {
    query: Query<'q>,
    read: F,
}

impl<'q> Query<'q> {
    /// Reads each row by a function.
    pub(crate) fn try_map<T, F: FnMut(&Row) -> Result<T, sqlx::Error>>(self, read: F) -> QueryMap<'q, F> {
        QueryMap { query: self, read }
    }
}

impl<F> QueryMap<'_, F> {
    pub(crate) async fn fetch_all<'e, T>(self, executor: impl Into<Executor<'e>>) -> Result<Vec<T>, sqlx::Error>
    where
        F: FnMut(&Row) -> Result<T, sqlx::Error>,
    {
        self.query.fetch_all(executor).await?.iter().map(self.read).collect()
    }
}

fn rows<R>(rows: Vec<R>) -> Vec<Row>
where
    Row: From<R>,
{
    rows.into_iter().map(Row::from).collect()
}

/// A query whose rows have one column that matters.
pub(crate) struct QueryScalar<'q, T> {
    query: Query<'q>,
    column: PhantomData<T>,
}

/// Returns a query for the first column of its rows.
pub(crate) fn query_scalar<'q, T>(text: impl Into<Text>) -> QueryScalar<'q, T>
where
    T: for<'r> Column<'r>,
{
    QueryScalar { query: query(text), column: PhantomData }
}

impl<'q, T> QueryScalar<'q, T>
where
    T: for<'r> Column<'r>,
{
    /// Adds the value of the next parameter.
    pub(crate) fn bind(self, value: impl Bind<'q>) -> Self {
        Self { query: self.query.bind(value), ..self }
    }

    pub(crate) async fn fetch_all<'e>(self, executor: impl Into<Executor<'e>>) -> Result<Vec<T>, sqlx::Error> {
        self.query.fetch_all(executor).await?.iter().map(|row| row.try_get(0)).collect()
    }

    pub(crate) async fn fetch_one<'e>(self, executor: impl Into<Executor<'e>>) -> Result<T, sqlx::Error> {
        self.query.fetch_one(executor).await?.try_get(0)
    }

    pub(crate) async fn fetch_optional<'e>(self, executor: impl Into<Executor<'e>>) -> Result<Option<T>, sqlx::Error> {
        self.query.fetch_optional(executor).await?.map(|row| row.try_get(0)).transpose()
    }
}

/// A query whose rows are read as a type.
pub(crate) struct QueryAs<'q, T> {
    query: Query<'q>,
    row: PhantomData<T>,
}

/// Returns a query whose rows are read as a type.
pub(crate) fn query_as<'q, T: FromRow>(text: impl Into<Text>) -> QueryAs<'q, T> {
    QueryAs { query: query(text), row: PhantomData }
}

impl<'q, T: FromRow> QueryAs<'q, T> {
    /// Adds the value of the next parameter.
    pub(crate) fn bind(self, value: impl Bind<'q>) -> Self {
        Self { query: self.query.bind(value), ..self }
    }

    pub(crate) async fn fetch_all<'e>(self, executor: impl Into<Executor<'e>>) -> Result<Vec<T>, sqlx::Error> {
        self.query.fetch_all(executor).await?.iter().map(T::from_row).collect()
    }

    pub(crate) async fn fetch_one<'e>(self, executor: impl Into<Executor<'e>>) -> Result<T, sqlx::Error> {
        T::from_row(&self.query.fetch_one(executor).await?)
    }

    pub(crate) async fn fetch_optional<'e>(self, executor: impl Into<Executor<'e>>) -> Result<Option<T>, sqlx::Error> {
        self.query.fetch_optional(executor).await?.as_ref().map(T::from_row).transpose()
    }
}
