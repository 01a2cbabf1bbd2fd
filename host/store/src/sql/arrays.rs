//! Statements over many rows on PostgreSQL: each column of the rows is one array.

use std::{
    borrow::Cow,
    fmt::Write as _,
    sync::{Arc, OnceLock},
};

use sqlx::{Arguments as _, AssertSqlSafe, PgConnection, postgres::PgArguments};

use super::{Row, Text, Value, without_nul};

/// A statement over rows that PostgreSQL reads from arrays.
pub(crate) struct ArrayStatement {
    /// The text before and after the query for the rows.
    head: Text,
    tail: Text,
    /// True if the first column is the row's number, from 0.
    is_numbered: bool,
    /// The text, once the types of the columns are known.
    text: OnceLock<Arc<str>>,
}

/// The values of a column.
pub(super) enum Array<'v> {
    Ints(Vec<Option<i64>>),
    Texts(Vec<Option<Cow<'v, str>>>),
    Bytes(Vec<Option<Cow<'v, [u8]>>>),
}

impl Array<'_> {
    fn type_name(&self) -> &'static str {
        match self {
            Self::Ints(_) => "bigint",
            Self::Texts(_) => "text",
            Self::Bytes(_) => "bytea",
        }
    }
}

impl ArrayStatement {
    pub(crate) fn new(head: impl Into<Text>, tail: impl Into<Text>, is_numbered: bool) -> Self {
        Self { head: head.into(), tail: tail.into(), is_numbered, text: OnceLock::new() }
    }

    /// Runs the statement over these rows, each of the same columns.
    pub(crate) async fn execute<'v>(
        &self,
        connection: &mut PgConnection,
        rows: impl Iterator<Item = Vec<Value<'v>>>,
    ) -> Result<(), sqlx::Error> {
        let (text, arguments) = self.with(rows)?;
        sqlx::query_with(AssertSqlSafe(text), arguments).execute(connection).await?;
        Ok(())
    }

    /// Runs the query over these rows.
    pub(crate) async fn fetch<'v>(
        &self,
        connection: &mut PgConnection,
        rows: impl Iterator<Item = Vec<Value<'v>>>,
    ) -> Result<Vec<Row>, sqlx::Error> {
        let (text, arguments) = self.with(rows)?;
        let rows = sqlx::query_with(AssertSqlSafe(text), arguments).fetch_all(connection).await?;
        Ok(rows.into_iter().map(Row::from).collect())
    }

    fn with<'v>(&self, rows: impl Iterator<Item = Vec<Value<'v>>>) -> Result<(Arc<str>, PgArguments), sqlx::Error> {
        let columns = columns(rows)?;
        let text = self.text.get_or_init(|| self.write(&columns, 0).into()).clone();
        let mut arguments = PgArguments::default();
        add_to(&mut arguments, columns)?;
        Ok((text, arguments))
    }

    /// Returns the two parts of the text, without the query for the rows.
    pub(super) fn texts(&self) -> [Arc<str>; 2] {
        [self.head.for_postgres(), self.tail.for_postgres()]
    }

    /// Returns the text for these columns, whose parameters come after so many others.
    pub(super) fn write(&self, columns: &[Array<'_>], parameters_before: usize) -> String {
        let mut names = (0..columns.len()).map(|at| format!("c{at}")).collect::<Vec<_>>().join(", ");
        let mut text = format!("{} SELECT ", self.head.for_postgres());
        if self.is_numbered {
            text.push_str("place - 1, ");
        }
        _ = write!(text, "{names} FROM unnest(");
        for (at, column) in columns.iter().enumerate() {
            let separator = if at > 0 { ", " } else { "" };
            // Writing to a string cannot fail.
            _ = write!(text, "{separator}${}::{}[]", parameters_before + at + 1, column.type_name());
        }
        names.push_str(if names.is_empty() { "place" } else { ", place" });
        _ = write!(text, ") WITH ORDINALITY AS given ({names}) {}", self.tail.for_postgres());
        text
    }
}

/// Adds columns to the arguments of a statement.
pub(super) fn add_to(arguments: &mut PgArguments, columns: Vec<Array<'_>>) -> Result<(), sqlx::Error> {
    for column in columns {
        let added = match column {
            Array::Ints(values) => arguments.add(values),
            Array::Texts(values) => arguments.add(values.iter().map(Option::as_deref).collect::<Vec<Option<&str>>>()),
            Array::Bytes(values) => arguments.add(values.iter().map(Option::as_deref).collect::<Vec<Option<&[u8]>>>()),
        };
        added.map_err(sqlx::Error::Encode)?;
    }
    Ok(())
}

/// Turns rows into columns. The first row has the types; a NULL has one too.
pub(super) fn columns<'v>(rows: impl Iterator<Item = Vec<Value<'v>>>) -> Result<Vec<Array<'v>>, sqlx::Error> {
    let mut columns: Vec<Array<'v>> = Vec::new();
    for (number, row) in rows.enumerate() {
        for (at, value) in row.into_iter().enumerate() {
            if number == 0 {
                columns.push(match value {
                    Value::Int(_) => Array::Ints(Vec::new()),
                    Value::Text(_) => Array::Texts(Vec::new()),
                    Value::Bytes(_) | Value::Uuid(_) => Array::Bytes(Vec::new()),
                });
            }
            match (columns.get_mut(at), value) {
                (Some(Array::Ints(values)), Value::Int(value)) => values.push(value),
                (Some(Array::Texts(values)), Value::Text(value)) => values.push(value.map(without_nul)),
                (Some(Array::Bytes(values)), Value::Bytes(value)) => values.push(value),
                (Some(Array::Bytes(values)), Value::Uuid(value)) => {
                    values.push(Some(Cow::Owned(value.as_bytes().to_vec())));
                }
                (_, value) => {
                    let message = format!("the rows of a statement differ in the type of column {at}: {value:?}");
                    return Err(sqlx::Error::Encode(message.into()));
                }
            }
        }
    }
    Ok(columns)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use uuid::Uuid;

    use super::*;

    #[test]
    fn rows_become_arrays_with_the_types_of_their_columns() {
        let statement = ArrayStatement::new("WITH wanted (number, a, b, c) AS (", ") SELECT 1 FROM wanted", true);
        let row = |text: Option<&'static str>| {
            vec![Value::Int(Some(1)), Value::Text(text.map(Cow::Borrowed)), Value::Uuid(Uuid::nil())]
        };
        let (text, _) = statement.with([row(None), row(Some("x"))].into_iter()).unwrap();
        assert_eq!(
            &*text,
            "WITH wanted (number, a, b, c) AS ( SELECT place - 1, c0, c1, c2 FROM unnest($1::bigint[], $2::text[], \
             $3::bytea[]) WITH ORDINALITY AS given (c0, c1, c2, place) ) SELECT 1 FROM wanted"
        );
        let mixed = [vec![Value::Int(None)], vec![Value::Text(None)]];
        assert!(statement.with(mixed.into_iter()).is_err());
    }
}
