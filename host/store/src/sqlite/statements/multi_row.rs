//! Statements over many rows at once.
//!
//! 64 rows in one statement are several times as fast as 64 statements. Statements are prepared once and cached by their
//! text, so only a few sizes exist: the powers of two up to 64. A remainder takes the next larger size. Its unbound
//! parameters are NULL: a look-up never matches them, and an insert never reaches them because it is told the number of
//! rows.

use std::sync::Arc;

use sqlx::{
    Arguments, AssertSqlSafe, Sqlite, SqliteConnection,
    sqlite::{SqliteArguments, SqliteRow},
};
use uuid::Uuid;

/// Sizes of statements, as powers of two: 2⁶ = 64 rows at most.
const SIZES: usize = 7;

/// The number of rows that a statement has room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size(usize);

impl Size {
    /// Returns the smallest size with room for so many rows, or the largest size.
    pub(crate) fn of(rows: usize) -> Self {
        Self((0..SIZES - 1).find(|size| 1 << size >= rows).unwrap_or(SIZES - 1))
    }

    pub(crate) fn rows(self) -> usize {
        1 << self.0
    }
}

/// A statement with one group of parameters for each row.
pub(crate) struct MultiRow {
    /// Number of placeholders in a row.
    columns: usize,
    /// True if the first placeholder takes the number of rows.
    counted: bool,
    /// One text for each size.
    texts: [Arc<str>; SIZES],
}

impl MultiRow {
    /// Returns a query of `head`, one `row` for each row, and `tail`. A `#` in `row` becomes the row's number. A row of
    /// NULLs must find nothing.
    pub(crate) fn query(head: &str, row: &str, tail: &str) -> Self {
        Self::new(head, row, tail, false)
    }

    /// Returns an insert of these columns, with its conflict clause.
    pub(crate) fn insert(table: &str, columns: &str, on_conflict: &str) -> Self {
        let head = format!("WITH given (rows) AS (VALUES (?)) INSERT INTO {table} ({columns}) SELECT * FROM (VALUES");
        let row = format!("({})", vec!["?"; columns.split(',').count()].join(", "));
        // Without WHERE the parser would take ON CONFLICT for a join's condition.
        Self::new(&head, &row, &format!(") WHERE true LIMIT (SELECT rows FROM given) {on_conflict}"), true)
    }

    /// The placeholders are plain `?`, because sqlx looks up the name of every other kind, which halves the speed.
    fn new(head: &str, row: &str, tail: &str, counted: bool) -> Self {
        let text = |size: usize| {
            let rows: Vec<String> = (0..1_usize << size).map(|number| row.replace('#', &number.to_string())).collect();
            format!("{head} {} {tail}", rows.join(", ")).into()
        };
        Self { columns: row.matches('?').count(), counted, texts: std::array::from_fn(text) }
    }

    /// Runs the statement over all items.
    pub(crate) async fn execute<T>(
        &self,
        connection: &mut SqliteConnection,
        items: &[T],
        bind: impl Fn(&mut Row, &T),
    ) -> Result<(), sqlx::Error> {
        for (text, chunk) in self.chunks(items) {
            let arguments = self.arguments(chunk, &bind)?;
            sqlx::query_with::<Sqlite, _>(AssertSqlSafe(text), arguments).execute(&mut *connection).await?;
        }
        Ok(())
    }

    /// Runs the query over all items and passes each chunk with its rows to `found`.
    pub(crate) async fn fetch<T>(
        &self,
        connection: &mut SqliteConnection,
        items: &[T],
        bind: impl Fn(&mut Row, &T),
        mut found: impl FnMut(&[T], Vec<SqliteRow>) -> Result<(), sqlx::Error>,
    ) -> Result<(), sqlx::Error> {
        for (text, chunk) in self.chunks(items) {
            let arguments = self.arguments(chunk, &bind)?;
            let rows =
                sqlx::query_with::<Sqlite, _>(AssertSqlSafe(text), arguments).fetch_all(&mut *connection).await?;
            found(chunk, rows)?;
        }
        Ok(())
    }

    fn chunks<'a, T>(&self, items: &'a [T]) -> impl Iterator<Item = (Arc<str>, &'a [T])> + use<'_, 'a, T> {
        items.chunks(1 << (SIZES - 1)).map(|chunk| (self.texts[Size::of(chunk.len()).0].clone(), chunk))
    }

    fn arguments<T>(&self, chunk: &[T], bind: &impl Fn(&mut Row, &T)) -> Result<SqliteArguments, sqlx::Error> {
        let mut row = Row::default();
        self.bind(&mut row, Size::of(chunk.len()), chunk, bind);
        row.into_arguments()
    }

    /// Returns the statement with room for so many rows.
    pub(crate) fn text(&self, size: Size) -> &str {
        &self.texts[size.0]
    }

    /// Binds the rows of a chunk after the values that are bound already; returns the number of values that a statement of
    /// this size leaves unbound.
    pub(crate) fn bind<T>(&self, row: &mut Row, size: Size, chunk: &[T], bind: &impl Fn(&mut Row, &T)) -> usize {
        let before = row.arguments.len();
        let expected = chunk.len() * self.columns + usize::from(self.counted);
        row.arguments.reserve(expected, 0);
        if self.counted {
            row.int(chunk.len() as i64);
        }
        for item in chunk {
            bind(row, item);
        }
        debug_assert_eq!(row.arguments.len() - before, expected, "a row binds every column");
        size.rows().saturating_sub(chunk.len()) * self.columns
    }
}

/// The values of rows, in the order of their columns.
#[derive(Default)]
pub(crate) struct Row {
    arguments: SqliteArguments,
    error: Option<sqlx::error::BoxDynError>,
}

impl Row {
    pub(crate) fn into_arguments(self) -> Result<SqliteArguments, sqlx::Error> {
        match self.error {
            None => Ok(self.arguments),
            Some(error) => Err(sqlx::Error::Encode(error)),
        }
    }

    /// Binds NULL `count` times.
    pub(crate) fn nulls(&mut self, count: usize) {
        self.arguments.reserve(count, 0);
        (0..count).for_each(|_| _ = self.optional_int(None));
    }

    fn add<'v>(&mut self, value: impl sqlx::Encode<'v, Sqlite> + sqlx::Type<Sqlite>) -> &mut Self {
        if let Err(error) = self.arguments.add(value) {
            self.error.get_or_insert(error);
        }
        self
    }

    pub(crate) fn int(&mut self, value: i64) -> &mut Self {
        self.add(value)
    }

    pub(crate) fn optional_int(&mut self, value: Option<i64>) -> &mut Self {
        self.add(value)
    }

    // A plain `&str` would be copied into a `String` inside an `Arc`: two allocations.
    pub(crate) fn text(&mut self, value: &str) -> &mut Self {
        self.add(Arc::<str>::from(value))
    }

    pub(crate) fn optional_text(&mut self, value: Option<&str>) -> &mut Self {
        self.add(value.map(Arc::<str>::from))
    }

    /// Binds a text that many rows share, without copying it.
    pub(crate) fn shared(&mut self, value: &Arc<str>) -> &mut Self {
        self.add(value.clone())
    }

    pub(crate) fn optional_shared(&mut self, value: Option<&Arc<str>>) -> &mut Self {
        self.add(value.cloned())
    }

    pub(crate) fn blob(&mut self, value: &[u8]) -> &mut Self {
        self.add(value)
    }

    pub(crate) fn owned_blob(&mut self, value: Vec<u8>) -> &mut Self {
        self.add(value)
    }

    pub(crate) fn optional_uuid(&mut self, value: Option<Uuid>) -> &mut Self {
        self.optional_blob(value.as_ref().map(|id| id.as_bytes().as_slice()))
    }

    pub(crate) fn optional_blob(&mut self, value: Option<&[u8]>) -> &mut Self {
        self.add(value)
    }
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
    }

    #[test]
    fn an_insert_knows_how_many_rows_it_has() {
        let statement = MultiRow::insert("t", "a, b", "ON CONFLICT DO NOTHING");
        assert_eq!(
            &*statement.texts[1],
            "WITH given (rows) AS (VALUES (?)) INSERT INTO t (a, b) SELECT * FROM (VALUES (?, ?), (?, ?) ) \
             WHERE true LIMIT (SELECT rows FROM given) ON CONFLICT DO NOTHING"
        );
    }
}
