//! Transactions as plain statements.
//!
//! sqlx's own are not used for writing: when SQLite has rolled back by itself, as it does on a full disk, sqlx keeps
//! counting the transaction as open and never begins another one.

use sqlx::SqliteConnection;

/// Begins a transaction that writes. IMMEDIATE: a lock that cannot be had is noticed here, not at the first write.
pub(super) async fn begin(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let begun = sqlx::query("BEGIN IMMEDIATE").execute(&mut *connection).await;
    if begun.is_err() {
        // Should a transaction have been left open, the next one must not meet it too.
        _ = sqlx::query("ROLLBACK").execute(connection).await;
    }
    begun.map(|_| ())
}

/// Commits after success; otherwise, or when the commit itself fails, rolls back.
pub(super) async fn finish<T, E: From<sqlx::Error>>(
    connection: &mut SqliteConnection,
    result: Result<T, E>,
) -> Result<T, E> {
    let result = match result {
        Ok(done) => sqlx::query("COMMIT").execute(&mut *connection).await.map(|_| done).map_err(E::from),
        Err(error) => Err(error),
    };
    if result.is_err() {
        // Fails when SQLite has rolled back already, which is as good.
        _ = sqlx::query("ROLLBACK").execute(connection).await;
    }
    result
}
