//! Transactions as plain statements.
//!
//! sqlx's own are not used for writing: when SQLite has rolled back by itself, as it does on a full disk, sqlx keeps
//! counting the transaction as open and never begins another one.

use sqlx::SqliteConnection;

/// IMMEDIATE: a lock that cannot be had is noticed here, not at the first write.
pub(super) const BEGIN: &str = "BEGIN IMMEDIATE";
pub(super) const COMMIT: &str = "COMMIT";

/// Fails when SQLite has rolled back already, which is as good.
pub(super) async fn roll_back(connection: &mut SqliteConnection) {
    _ = sqlx::query("ROLLBACK").execute(connection).await;
}

/// Begins a transaction that writes.
pub(super) async fn begin(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let begun = sqlx::query(BEGIN).execute(&mut *connection).await;
    if begun.is_err() {
        // Should a transaction have been left open, the next one must not meet it too.
        roll_back(connection).await;
    }
    begun.map(|_| ())
}

/// Commits after success; otherwise, or when the commit itself fails, rolls back.
pub(super) async fn finish<T, E: From<sqlx::Error>>(
    connection: &mut SqliteConnection,
    result: Result<T, E>,
) -> Result<T, E> {
    let result = match result {
        Ok(done) => sqlx::query(COMMIT).execute(&mut *connection).await.map(|_| done).map_err(E::from),
        Err(error) => Err(error),
    };
    if result.is_err() {
        roll_back(connection).await;
    }
    result
}
