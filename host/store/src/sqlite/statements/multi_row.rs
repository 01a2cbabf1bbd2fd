//! Statements over many rows.
//!
//! On sqlx's thread, 64 rows in one statement are several times as fast as 64 statements, because each statement is a
//! trip there and back. Statements are prepared once and cached by their text, so only a few sizes exist: the powers of
//! two up to 64. A remainder takes the next larger size. Its unbound parameters are NULL: a look-up never matches them,
//! and an insert never reaches them because it is told the number of rows. On the caller's own thread a statement for a
//! single row is the fastest.

use std::sync::Arc;

use sqlx::PgConnection;

use super::row::Row;
use crate::sql::{self, ArrayStatement};

/// Sizes of statements, as powers of two: 2⁶ = 64 rows at most.
const SIZES: usize = 7;

/// Returns the index of the smallest size with room for so many rows, or of the largest size.
fn size_of(rows: usize) -> usize {
    (0..SIZES - 1).find(|size| 1 << size >= rows).unwrap_or(SIZES - 1)
}

/// A statement with one group of parameters for each row.
pub(crate) struct MultiRow {
    /// True if the first placeholder takes the number of rows.
    counted: bool,
    /// One text for each size.
    texts: [Arc<str>; SIZES],
    /// The text for a single row, without a number of rows.
    single: Box<str>,
    /// The statement for PostgreSQL.
    arrays: ArrayStatement,
}

impl MultiRow {
    /// Returns a query of `head`, one `row` for each row, and `tail`. A `#` in `row` becomes the row's number. A row of
    /// NULLs must find nothing.
    pub(crate) fn query(head: &str, row: &str, tail: &str) -> Self {
        Self::query_each(head, row, tail, tail)
    }

    /// Like [`MultiRow::query`], with a tail for each database.
    pub(crate) fn query_each(head: &str, row: &str, tail: &str, postgres_tail: &str) -> Self {
        let texts = texts(head, row, tail);
        let before = head.trim_end().trim_end_matches("VALUES").to_owned();
        let arrays = ArrayStatement::new(before, postgres_tail.to_owned(), row.contains('#'));
        Self { counted: false, single: Box::from(&*texts[0]), texts, arrays }
    }

    /// Returns an insert of these columns, with its conflict clause.
    pub(crate) fn insert(table: &str, columns: &str, on_conflict: &str) -> Self {
        let head = format!("WITH given (rows) AS (VALUES (?)) INSERT INTO {table} ({columns}) SELECT * FROM (VALUES");
        let row = format!("({})", vec!["?"; columns.split(',').count()].join(", "));
        // Without WHERE the parser would take ON CONFLICT for a join's condition.
        let tail = format!(") WHERE true LIMIT (SELECT rows FROM given) {on_conflict}");
        let single = format!("INSERT INTO {table} ({columns}) VALUES {row} {on_conflict}");
        let arrays = ArrayStatement::new(format!("INSERT INTO {table} ({columns})"), on_conflict.to_owned(), false);
        Self { counted: true, single: single.into(), texts: texts(&head, &row, &tail), arrays }
    }

    /// The text of the statement for a single row.
    pub(crate) fn single(&self) -> &str {
        &self.single
    }

    /// Runs the statement over all items, on sqlx's thread.
    pub(crate) async fn execute<'v, T>(
        &self,
        connection: &mut sql::Connection<'_>,
        items: &'v [T],
        bind: impl Fn(&mut Row<'v>, &'v T),
    ) -> Result<(), sqlx::Error> {
        if let sql::Connection::Postgres(connection, _) = connection {
            return match items {
                [] => Ok(()),
                _ => self.arrays.execute(connection, values(items, &bind)).await,
            };
        }
        for (text, chunk) in self.chunks(items) {
            sql::query_with(text, self.row(chunk, &bind).into_values()).execute(&mut *connection).await?;
        }
        Ok(())
    }

    /// Takes the statement in among those that run together; those that must precede it run now.
    pub(crate) async fn add_to<'v, T>(
        &self,
        together: &mut sql::Together,
        connection: &mut PgConnection,
        items: &'v [T],
        bind: impl Fn(&mut Row<'v>, &'v T),
    ) -> Result<(), sqlx::Error> {
        if together.must_precede(&self.arrays) {
            together.run(connection).await?;
        }
        together.add(&self.arrays, values(items, &bind))
    }

    /// Runs the query over all items, on sqlx's thread, and passes each chunk with its rows to `found`.
    pub(crate) async fn fetch<'v, T>(
        &self,
        connection: &mut sql::Connection<'_>,
        items: &'v [T],
        bind: impl Fn(&mut Row<'v>, &'v T),
        mut found: impl FnMut(&'v [T], Vec<sql::Row>) -> Result<(), sqlx::Error>,
    ) -> Result<(), sqlx::Error> {
        if let sql::Connection::Postgres(connection, _) = connection {
            return match items {
                [] => Ok(()),
                _ => found(items, self.arrays.fetch(connection, values(items, &bind)).await?),
            };
        }
        for (text, chunk) in self.chunks(items) {
            let rows = sql::query_with(text, self.row(chunk, &bind).into_values()).fetch_all(&mut *connection).await?;
            found(chunk, rows)?;
        }
        Ok(())
    }

    fn chunks<'s, 'v, T>(&'s self, items: &'v [T]) -> impl Iterator<Item = (Arc<str>, &'v [T])> + use<'s, 'v, T> {
        items.chunks(1 << (SIZES - 1)).map(|chunk| (self.texts[size_of(chunk.len())].clone(), chunk))
    }

    /// Returns the values of a chunk.
    fn row<'v, T>(&self, chunk: &'v [T], bind: &impl Fn(&mut Row<'v>, &'v T)) -> Row<'v> {
        let mut row = Row::default();
        if self.counted {
            row.int(chunk.len() as i64);
        }
        for item in chunk {
            bind(&mut row, item);
        }
        row
    }
}

/// Returns the values of each item.
fn values<'v, T>(items: &'v [T], bind: &impl Fn(&mut Row<'v>, &'v T)) -> impl Iterator<Item = Vec<sql::Value<'v>>> {
    items.iter().map(|item| {
        let mut row = Row::default();
        bind(&mut row, item);
        row.into_values()
    })
}

/// The placeholders are plain `?`, because sqlx looks up the name of every other kind, which halves the speed.
fn texts(head: &str, row: &str, tail: &str) -> [Arc<str>; SIZES] {
    let text = |size: usize| {
        let rows: Vec<String> = (0..1_usize << size).map(|number| row.replace('#', &number.to_string())).collect();
        format!("{head} {} {tail}", rows.join(", ")).into()
    };
    std::array::from_fn(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_of_rows_is_covered_by_a_few_sizes() {
        let statement = MultiRow::query("VALUES", "(#, ?)", "");
        let items: Vec<usize> = (0..201).collect();
        let chunks: Vec<usize> = statement.chunks(&items).map(|(_, chunk)| chunk.len()).collect();
        assert_eq!(chunks, [64, 64, 64, 9]);
        let rows: Vec<usize> = statement.chunks(&items).map(|(text, _)| text.matches('?').count()).collect();
        assert_eq!(rows, [64, 64, 64, 16]);
        assert_eq!(statement.chunks::<usize>(&[]).count(), 0);
    }

    #[test]
    fn rows_can_carry_their_number() {
        let statement = MultiRow::query("VALUES", "(#, ?)", "ORDER BY 1");
        assert_eq!(&*statement.texts[1], "VALUES (0, ?), (1, ?) ORDER BY 1");
        assert_eq!(statement.single(), "VALUES (0, ?) ORDER BY 1");
    }

    #[test]
    fn an_insert_knows_how_many_rows_it_has() {
        let statement = MultiRow::insert("t", "a, b", "ON CONFLICT DO NOTHING");
        assert_eq!(
            &*statement.texts[1],
            "WITH given (rows) AS (VALUES (?)) INSERT INTO t (a, b) SELECT * FROM (VALUES (?, ?), (?, ?) ) \
             WHERE true LIMIT (SELECT rows FROM given) ON CONFLICT DO NOTHING"
        );
        assert_eq!(statement.single(), "INSERT INTO t (a, b) VALUES (?, ?) ON CONFLICT DO NOTHING");
    }
}
