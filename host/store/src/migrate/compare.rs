//! Comparing a table of both databases: the number of its rows, and a digest of all values.

use futures_util::TryStreamExt as _;
use sha2::{Digest as _, Sha256};
use sqlx::{ColumnIndex, Database, Decode, PgConnection, Row, SqliteConnection, Type};

use super::{
    MigratedTable, MigrationError,
    table::{ColumnType, Table, safe},
};
use crate::sql::without_nul;

/// The digest of the rows so far, and their number.
#[derive(Default)]
struct Rows {
    digest: Sha256,
    count: u64,
}

impl Rows {
    fn add<R>(&mut self, row: &R, table: &Table) -> Result<(), sqlx::Error>
    where
        R: Row,
        usize: ColumnIndex<R>,
        for<'r> i64: Decode<'r, R::Database> + Type<R::Database>,
        for<'r> f64: Decode<'r, R::Database> + Type<R::Database>,
        for<'r> String: Decode<'r, R::Database> + Type<R::Database>,
        for<'r> Vec<u8>: Decode<'r, R::Database> + Type<R::Database>,
        R::Database: Database,
    {
        self.count += 1;
        for (at, (_, column)) in table.columns.iter().enumerate() {
            let value: Option<Vec<u8>> = match column {
                ColumnType::Integer => row.try_get::<Option<i64>, _>(at)?.map(|value| value.to_be_bytes().into()),
                ColumnType::Float => row.try_get::<Option<f64>, _>(at)?.map(|value| value.to_be_bytes().into()),
                ColumnType::Text => {
                    row.try_get::<Option<String>, _>(at)?.map(|text| without_nul(text.into()).into_owned().into_bytes())
                }
                ColumnType::Bytes => row.try_get(at)?,
            };
            // A length tells where a value ends, and that there is one.
            let length = value.as_ref().map_or(u64::MAX, |value| value.len() as u64);
            self.digest.update(length.to_be_bytes());
            self.digest.update(value.unwrap_or_default());
        }
        Ok(())
    }
}

/// Reads a table of both databases.
pub(super) async fn compare(
    from: &mut SqliteConnection,
    to: &mut PgConnection,
    table: &Table,
) -> Result<MigratedTable, MigrationError> {
    let (mut first, mut second) = (Rows::default(), Rows::default());
    let mut rows = sqlx::query(safe(table.select(false))).bind(0_i64).fetch(from);
    while let Some(row) = rows.try_next().await? {
        first.add(&row, table)?;
    }
    let mut rows = sqlx::query(safe(table.select(true))).bind(0_i64).fetch(to);
    while let Some(row) = rows.try_next().await? {
        second.add(&row, table)?;
    }
    let (count, digest) = (first.count, <[u8; 32]>::from(first.digest.finalize()));
    if (count, digest) != (second.count, second.digest.finalize().into()) {
        return Err(MigrationError::Differs { table: table.name.to_string(), from: count, to: second.count });
    }
    Ok(MigratedTable { table: table.name.to_string(), rows: count, digest })
}
