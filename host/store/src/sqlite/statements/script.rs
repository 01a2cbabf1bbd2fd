//! Several statements in one trip to the connection's thread.
//!
//! sqlx runs SQLite on a thread of its own. Handing a statement over and its result back wakes two threads, which costs
//! more than writing a row. A group commit has up to nine statements, so they travel together, their texts joined by
//! semicolons. sqlx runs such a text with one list of arguments in order, but on SQLite only, and advises against it for
//! that reason; this backend is for SQLite only.
//!
//! Prepared statements are cached by their text. All multi-row statements of a script have the same size, so that there
//! are few texts.

use futures_util::TryStreamExt as _;
use sqlx::{AssertSqlSafe, Either, Executor as _, Sqlite, SqliteConnection, sqlite::SqliteRow};

use super::multi_row::{MultiRow, Row, Size};

/// Statements that wait for their trip.
pub(crate) struct Script<'c> {
    connection: &'c mut SqliteConnection,
    size: Size,
    text: String,
    arguments: Row,
    /// For each statement: the call of [`Script::rows`] that it belongs to, and the number of that call's earlier items.
    parts: Vec<(usize, usize)>,
    calls: usize,
    /// The number of unbound values at the end of the last statement. They are NULL without being bound, unless values of
    /// another statement follow.
    missing: usize,
    found: Vec<Found>,
}

/// A row found by a query.
pub(crate) struct Found {
    /// The call of [`Script::rows`], from 0.
    pub(crate) call: usize,
    /// The number of that call's items that earlier statements looked for.
    pub(crate) offset: usize,
    pub(crate) row: SqliteRow,
}

impl<'c> Script<'c> {
    /// Returns a script without statements.
    pub(crate) fn new(connection: &'c mut SqliteConnection) -> Self {
        Self {
            connection,
            size: Size::of(usize::MAX),
            text: String::new(),
            arguments: Row::default(),
            parts: Vec::new(),
            calls: 0,
            missing: 0,
            found: Vec::new(),
        }
    }

    /// Sets the size of the multi-row statements that follow, for lists of at most `longest` items.
    pub(crate) fn fit(&mut self, longest: usize) {
        self.size = Size::of(longest);
    }

    /// Adds a statement without arguments.
    pub(crate) fn statement(&mut self, text: &str) {
        self.push(text, (usize::MAX, 0));
    }

    /// Adds a statement over all these items. If they need several statements, all but the last run at once.
    pub(crate) async fn rows<T>(
        &mut self,
        statement: &MultiRow,
        items: &[T],
        bind: impl Fn(&mut Row, &T),
    ) -> Result<(), sqlx::Error> {
        let call = self.calls;
        self.calls += 1;
        let mut offset = 0;
        for chunk in items.chunks(self.size.rows()) {
            if offset > 0 {
                self.run().await?;
            }
            self.push(statement.text(self.size), (call, offset));
            self.arguments.nulls(self.missing);
            self.missing = statement.bind(&mut self.arguments, self.size, chunk, &bind);
            offset += chunk.len();
        }
        Ok(())
    }

    /// Runs the waiting statements. If one fails, those after it are not run.
    pub(crate) async fn run(&mut self) -> Result<(), sqlx::Error> {
        self.run_and(|| {}).await
    }

    /// Runs the waiting statements; calls `before_last` when only the last one is left.
    pub(crate) async fn run_and(&mut self, before_last: impl FnOnce()) -> Result<(), sqlx::Error> {
        if self.parts.is_empty() {
            return Ok(());
        }
        self.missing = 0;
        let parts = std::mem::take(&mut self.parts);
        let arguments = std::mem::take(&mut self.arguments).into_arguments()?;
        let query = sqlx::query_with::<Sqlite, _>(AssertSqlSafe(std::mem::take(&mut self.text)), arguments);
        let mut steps = self.connection.fetch_many(query);
        let mut before_last = Some(before_last);
        let mut done = 0;
        loop {
            if done + 1 == parts.len()
                && let Some(before_last) = before_last.take()
            {
                before_last();
            }
            match steps.try_next().await? {
                Some(Either::Left(_)) => done += 1,
                Some(Either::Right(row)) => {
                    let (call, offset) = parts.get(done).copied().unwrap_or_default();
                    self.found.push(Found { call, offset, row });
                }
                None => return Ok(()),
            }
        }
    }

    /// Takes the rows found so far, in the order of the calls.
    pub(crate) fn take_found(&mut self) -> Vec<Found> {
        std::mem::take(&mut self.found)
    }

    /// Runs the waiting statements, then lends the connection for a statement whose result is needed in between.
    pub(crate) async fn connection(&mut self) -> Result<&mut SqliteConnection, sqlx::Error> {
        self.run().await?;
        Ok(self.connection)
    }

    fn push(&mut self, text: &str, part: (usize, usize)) {
        if !self.text.is_empty() {
            self.text.push_str(";\n");
        }
        self.text.push_str(text);
        self.parts.push(part);
    }
}

#[cfg(test)]
mod tests {
    use sqlx::{Connection as _, Row as _};

    use super::*;

    async fn counts(connection: &mut SqliteConnection) -> (i64, i64, i64) {
        let row =
            sqlx::query("SELECT (SELECT count(*) FROM a), (SELECT count(DISTINCT x) FROM b), (SELECT sum(y) FROM b)")
                .fetch_one(connection)
                .await
                .unwrap();
        (row.get(0), row.get(1), row.get(2))
    }

    #[tokio::test]
    async fn lists_of_any_lengths_travel_together() {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        sqlx::query("CREATE TABLE a (x INTEGER)").execute(&mut connection).await.unwrap();
        sqlx::query("CREATE TABLE b (x INTEGER, y INTEGER)").execute(&mut connection).await.unwrap();
        let (into_a, into_b) = (MultiRow::insert("a", "x", ""), MultiRow::insert("b", "x, y", ""));
        let find = MultiRow::query("SELECT x, y FROM b WHERE x IN (", "?", ") ORDER BY x");
        for (of_a, of_b) in [(0, 1), (1, 0), (3, 17), (64, 1), (1, 64), (65, 3), (3, 200), (130, 129)] {
            let (a, b): (Vec<i64>, Vec<i64>) = ((0..of_a).collect(), (0..of_b).collect());
            let mut script = Script::new(&mut connection);
            script.fit(a.len().max(b.len()));
            script.statement("BEGIN");
            script.rows(&into_a, &a, |row, x| _ = row.int(*x)).await.unwrap();
            script.rows(&into_b, &b, |row, x| _ = row.int(*x).int(7)).await.unwrap();
            script.rows(&find, &b, |row, x| _ = row.int(*x)).await.unwrap();
            script.statement("COMMIT");
            let mut only_commit_is_left = false;
            script.run_and(|| only_commit_is_left = true).await.unwrap();
            let found = script.take_found();
            assert!(only_commit_is_left);
            assert_eq!(counts(&mut connection).await, (of_a, of_b, 7 * of_b), "{of_a} and {of_b}");
            assert_eq!(found.len(), b.len());
            for (at, Found { call, offset, row }) in found.iter().enumerate() {
                assert_eq!((*call, *offset), (2, at / 64 * 64));
                assert_eq!((row.get::<i64, _>(0), row.get::<i64, _>(1)), (at as i64, 7));
            }
            sqlx::raw_sql("DELETE FROM a; DELETE FROM b").execute(&mut connection).await.unwrap();
        }
    }

    #[tokio::test]
    async fn what_follows_a_failure_is_not_run() {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        sqlx::raw_sql("CREATE TABLE a (x INTEGER UNIQUE); CREATE TABLE b (x INTEGER, y INTEGER)")
            .execute(&mut connection)
            .await
            .unwrap();
        let mut script = Script::new(&mut connection);
        script.fit(2);
        script.statement("BEGIN");
        script.rows(&MultiRow::insert("b", "x, y", ""), &[1, 2], |row, x| _ = row.int(*x).int(7)).await.unwrap();
        script.rows(&MultiRow::insert("a", "x", ""), &[1, 1], |row, x| _ = row.int(*x)).await.unwrap();
        script.statement("COMMIT");
        assert!(script.run().await.is_err());
        sqlx::query("ROLLBACK").execute(&mut connection).await.expect("the transaction is still open");
        assert_eq!(counts(&mut connection).await.1, 0);
    }
}
