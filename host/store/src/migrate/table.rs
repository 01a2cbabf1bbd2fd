//! The tables that are moved, as PostgreSQL describes them.

use std::sync::Arc;

use sqlx::{AssertSqlSafe, PgConnection, Row as _};

/// The tables that belong to the servers of one database, and are not moved.
const OWN: [&str; 10] = [
    "_sqlx_migrations",
    "writers",
    "nodes",
    "job_leases",
    "parked_totals",
    "log_partitions",
    "quarantines",
    "unrouted_requests",
    // Records are moved into the table of earlier versions, which is read too.
    "idempotency_generations",
    "idempotency_records",
];

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ColumnType {
    Integer,
    Float,
    Text,
    Bytes,
}

/// A table.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: Arc<str>,
    pub(super) columns: Vec<(String, ColumnType)>,
    /// The columns by which its rows are read in one order in both databases.
    order: Vec<String>,
}

impl Table {
    fn names(&self) -> String {
        self.columns.iter().map(|(name, _)| quoted(name)).collect::<Vec<_>>().join(", ")
    }

    /// Returns the query for all rows in order, whose parameter is the number of rows to leave out.
    pub(super) fn select(&self, is_postgres: bool) -> String {
        let (names, order) = (self.names(), self.order.join(", "));
        let (rows, limit) = match (&*self.name, is_postgres) {
            ("meta", true) => ("meta WHERE key NOT IN ('write_lock', 'moved_from')".to_owned(), "OFFSET $1"),
            (name, true) => (name.to_owned(), "OFFSET $1"),
            // SQLite keeps the newest ones elsewhere, of which the one with the greatest number counts.
            ("idempotency", false) => (
                "(SELECT hash, expires_at_ms, value FROM (SELECT hash, expires_at_ms, value, max(number)
                      FROM idempotency_records GROUP BY hash)
                  UNION ALL SELECT hash, expires_at_ms, value FROM idempotency
                      WHERE hash NOT IN (SELECT hash FROM idempotency_records))"
                    .to_owned(),
                "LIMIT -1 OFFSET ?",
            ),
            (name, false) => (name.to_owned(), "LIMIT -1 OFFSET ?"),
        };
        format!("SELECT {names} FROM {rows} ORDER BY {order} {limit}")
    }

    /// Returns the statement that inserts rows given as an array for each column.
    pub(super) fn insert(&self) -> String {
        let arrays: Vec<String> = self
            .columns
            .iter()
            .enumerate()
            .map(|(at, (_, column))| {
                let array = match column {
                    ColumnType::Integer => "bigint[]",
                    ColumnType::Float => "double precision[]",
                    ColumnType::Text => "text[]",
                    ColumnType::Bytes => "bytea[]",
                };
                format!("${}::{array}", at + 1)
            })
            .collect();
        let (name, names, arrays) = (&self.name, self.names(), arrays.join(", "));
        format!("INSERT INTO {name} ({names}) OVERRIDING SYSTEM VALUE SELECT * FROM UNNEST({arrays})")
    }

    /// Returns the query for the number of rows.
    pub(super) fn count(&self, is_postgres: bool) -> String {
        format!("SELECT count(*) FROM ({}) AS rows", self.select(is_postgres).replace("$1", "0").replace('?', "0"))
    }
}

fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

/// Returns all tables, those first that others refer to.
pub(super) async fn all(connection: &mut PgConnection) -> Result<Vec<Table>, sqlx::Error> {
    let names: Vec<String> = sqlx::query_scalar(
        "SELECT relname::text FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace
             AND NOT relispartition ORDER BY relname",
    )
    .fetch_all(&mut *connection)
    .await?;
    let references: Vec<(String, String)> = sqlx::query_as(
        "SELECT conrelid::regclass::text, confrelid::regclass::text FROM pg_constraint WHERE contype = 'f'",
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut left: Vec<String> = names.into_iter().filter(|name| !OWN.contains(&name.as_str())).collect();
    let mut tables = Vec::new();
    while !left.is_empty() {
        let waits = |name: &String| references.iter().any(|(from, to)| from == name && to != name && left.contains(to));
        let (later, next): (Vec<String>, Vec<String>) = left.iter().cloned().partition(waits);
        // Tables that refer to each other would wait for ever, and there are none.
        let next = if next.is_empty() { later.clone() } else { next };
        left.retain(|name| !next.contains(name));
        for name in next {
            tables.push(one(connection, name).await?);
        }
    }
    Ok(tables)
}

async fn one(connection: &mut PgConnection, name: String) -> Result<Table, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT attname::text, format_type(atttypid, NULL), coalesce(array_position(indkey::int2[], attnum), 0)::bigint
         FROM pg_attribute LEFT JOIN pg_index ON indrelid = attrelid AND indisprimary
         WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
    )
    .bind(&name)
    .fetch_all(connection)
    .await?;
    let (mut columns, mut key) = (Vec::new(), Vec::new());
    for row in rows {
        let (column, of_type, place): (String, String, i64) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let column_type = match of_type.as_str() {
            "bigint" => ColumnType::Integer,
            "double precision" => ColumnType::Float,
            "bytea" => ColumnType::Bytes,
            _ => ColumnType::Text,
        };
        if place > 0 {
            key.push((place, quoted(&column)));
        }
        columns.push((column, column_type));
    }
    key.sort();
    let order = match key.is_empty() {
        true => columns.iter().map(|(name, _)| quoted(name)).collect(),
        false => key.into_iter().map(|(_, name)| name).collect(),
    };
    Ok(Table { name: name.into(), columns, order })
}

/// Returns a statement for sqlx. It is put together of names that the schema has, and of nothing that was sent.
pub(super) fn safe(text: String) -> AssertSqlSafe<String> {
    AssertSqlSafe(text)
}
