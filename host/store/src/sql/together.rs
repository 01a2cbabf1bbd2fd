//! Several statements over many rows as one, on PostgreSQL: each is a round trip less, and a round trip takes as long as the
//! statement.
//!
//! The statements of a `WITH` see the database as it was before all of them. So a statement is taken in only if it does not name
//! a table that one before it writes.

use sqlx::{AssertSqlSafe, PgConnection, postgres::PgArguments};

use super::{ArrayStatement, Value};

/// The words that stand before the table that a statement writes.
const WRITES: [&str; 3] = ["INSERT INTO", "UPDATE", "DELETE FROM"];

/// Statements that wait to be sent as one.
#[derive(Default)]
pub(crate) struct Together {
    texts: Vec<String>,
    tables: Vec<String>,
    arguments: PgArguments,
    parameters: usize,
}

impl Together {
    /// Returns true if a statement must wait for those that are here.
    pub(crate) fn must_precede(&self, statement: &ArrayStatement) -> bool {
        statement.texts().iter().any(|text| names(text).any(|name| self.tables.iter().any(|table| table == name)))
    }

    /// Takes a statement in, with its rows.
    pub(crate) fn add<'v>(
        &mut self,
        statement: &ArrayStatement,
        rows: impl Iterator<Item = Vec<Value<'v>>>,
    ) -> Result<(), sqlx::Error> {
        let columns = super::arrays::columns(rows)?;
        let text = statement.write(&columns, self.parameters);
        self.parameters += columns.len();
        self.tables.extend(written(&text).map(str::to_owned));
        self.texts.push(text);
        super::arrays::add_to(&mut self.arguments, columns)
    }

    /// Runs what is here.
    pub(crate) async fn run(&mut self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        let Self { mut texts, arguments, .. } = std::mem::take(self);
        let text = match texts.len() {
            0 => return Ok(()),
            1 => texts.remove(0),
            _ => {
                let parts: Vec<String> =
                    texts.iter().enumerate().map(|(at, text)| format!("part{at} AS ({text})")).collect();
                format!("WITH {} SELECT 1", parts.join(", "))
            }
        };
        sqlx::query_with(AssertSqlSafe(text), arguments).execute(connection).await?;
        Ok(())
    }
}

/// Returns the names in a text.
fn names(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character: char| !character.is_ascii_alphanumeric() && character != '_')
}

/// Returns the tables that a statement writes.
fn written(text: &str) -> impl Iterator<Item = &str> {
    WRITES.into_iter().flat_map(move |write| {
        text.match_indices(write).filter_map(move |(at, _)| names(text[at + write.len()..].trim_start()).next())
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn rows() -> impl Iterator<Item = Vec<Value<'static>>> {
        [vec![Value::Int(Some(1)), Value::Int(Some(2))]].into_iter()
    }

    #[test]
    fn statements_become_one_with_their_parameters_in_order() {
        let mut together = Together::default();
        let insert = ArrayStatement::new("INSERT INTO a (x, y)", "", false);
        let update = ArrayStatement::new("WITH new (x, y) AS (", ") UPDATE b SET x = new.x FROM new", false);
        for statement in [&insert, &update] {
            assert!(!together.must_precede(statement));
            together.add(statement, rows()).unwrap();
        }
        assert_eq!(together.tables, ["a", "b"]);
        assert!(together.texts[0].contains("$1::bigint[], $2::bigint[]"), "{}", together.texts[0]);
        assert!(together.texts[1].contains("$3::bigint[], $4::bigint[]"), "{}", together.texts[1]);
    }

    #[test]
    fn a_statement_that_names_a_written_table_waits() {
        let mut together = Together::default();
        together.add(&ArrayStatement::new("INSERT INTO recipients (x, y)", "", false), rows()).unwrap();
        for (head, tail, waits) in [
            ("INSERT INTO recipients (x, y)", "", true),
            ("DELETE FROM other USING (", ") AS gone JOIN recipients ON true", true),
            ("INSERT INTO workflow_run_recipients (x, y)", "", false),
        ] {
            assert_eq!(together.must_precede(&ArrayStatement::new(head, tail, false)), waits, "{head}{tail}");
        }
    }
}
