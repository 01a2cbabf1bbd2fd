//! Copying a table.

use futures_util::TryStreamExt as _;
use sqlx::{PgConnection, Row as _, SqliteConnection, sqlite::SqliteRow};

use super::{
    MigrationProgress,
    table::{ColumnType, Table, safe},
};
use crate::sql::without_nul;

/// The most rows and bytes that one statement writes.
const MOST_ROWS: usize = 1000;
const MOST_BYTES: usize = 4 << 20;

/// The values of a column, of all rows of a slice.
enum Values {
    Integers(Vec<Option<i64>>),
    Floats(Vec<Option<f64>>),
    Texts(Vec<Option<String>>),
    Bytes(Vec<Option<Vec<u8>>>),
}

impl Values {
    fn of(column: ColumnType) -> Self {
        match column {
            ColumnType::Integer => Self::Integers(Vec::new()),
            ColumnType::Float => Self::Floats(Vec::new()),
            ColumnType::Text => Self::Texts(Vec::new()),
            ColumnType::Bytes => Self::Bytes(Vec::new()),
        }
    }

    /// Adds the value of a row; returns its bytes.
    fn add(&mut self, row: &SqliteRow, at: usize) -> Result<usize, sqlx::Error> {
        Ok(match self {
            Self::Integers(values) => {
                values.push(row.try_get(at)?);
                8
            }
            Self::Floats(values) => {
                values.push(row.try_get(at)?);
                8
            }
            Self::Texts(values) => {
                let text: Option<String> = row.try_get(at)?;
                let bytes = text.as_ref().map_or(0, String::len);
                values.push(text.map(|text| without_nul(text.into()).into_owned()));
                bytes
            }
            Self::Bytes(values) => {
                let value: Option<Vec<u8>> = row.try_get(at)?;
                let bytes = value.as_ref().map_or(0, Vec::len);
                values.push(value);
                bytes
            }
        })
    }
}

/// Copies the rows that are not there yet.
pub(super) async fn copy(
    from: &mut SqliteConnection,
    to: &mut PgConnection,
    table: &Table,
    progress: &mut (dyn FnMut(MigrationProgress) + Send),
) -> Result<(), sqlx::Error> {
    let all: i64 = sqlx::query_scalar(safe(table.count(false))).fetch_one(&mut *from).await?;
    let there: i64 = sqlx::query_scalar(safe(table.count(true))).fetch_one(&mut *to).await?;
    let mut copied = there.unsigned_abs();
    let mut tell = |copied| {
        progress(MigrationProgress::Copied { table: table.name.clone(), rows: copied, of: all.unsigned_abs() });
    };
    tell(copied);
    let mut rows = sqlx::query(safe(table.select(false))).bind(there).fetch(from);
    loop {
        let mut values: Vec<Values> = table.columns.iter().map(|(_, column)| Values::of(*column)).collect();
        let (mut count, mut bytes) = (0, 0);
        while count < MOST_ROWS && bytes < MOST_BYTES {
            let Some(row) = rows.try_next().await? else { break };
            for (at, values) in values.iter_mut().enumerate() {
                bytes += values.add(&row, at)?;
            }
            count += 1;
        }
        if count == 0 {
            return Ok(());
        }
        let mut insert = sqlx::query(safe(table.insert()));
        for values in values {
            insert = match values {
                Values::Integers(values) => insert.bind(values),
                Values::Floats(values) => insert.bind(values),
                Values::Texts(values) => insert.bind(values),
                Values::Bytes(values) => insert.bind(values),
            };
        }
        insert.execute(&mut *to).await?;
        copied += count as u64;
        tell(copied);
    }
}

/// Lets the numbers that the database gives go on behind the greatest that was given, also to rows that are gone.
pub(super) async fn continue_numbers(from: &mut SqliteConnection, to: &mut PgConnection) -> Result<(), sqlx::Error> {
    let columns: Vec<(String, String)> = sqlx::query_as(
        "SELECT attrelid::regclass::text, attname::text FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
         WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition AND attnum > 0
             AND NOT attisdropped AND pg_get_serial_sequence(relname, attname) IS NOT NULL",
    )
    .fetch_all(&mut *to)
    .await?;
    let has_sequences: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence')")
            .fetch_one(&mut *from)
            .await?;
    for (table, column) in columns {
        let given: Option<i64> = match has_sequences {
            true => {
                sqlx::query_scalar("SELECT seq FROM sqlite_sequence WHERE name = ?")
                    .bind(&table)
                    .fetch_optional(&mut *from)
                    .await?
            }
            false => None,
        };
        let text = format!(
            "SELECT setval(pg_get_serial_sequence('{table}', '{column}'),
                 greatest(coalesce((SELECT max(\"{column}\") FROM {table}), 0), $1) + 1, false)"
        );
        let _: i64 = sqlx::query_scalar(safe(text)).bind(given.unwrap_or_default()).fetch_one(&mut *to).await?;
    }
    Ok(())
}
