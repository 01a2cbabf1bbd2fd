//! Transactions as plain statements.
//!
//! sqlx's own transactions are not used for writing: when SQLite has rolled back by itself, as it does on a full disk,
//! sqlx keeps counting the transaction as open and never begins another one.

use super::runner::StatementRunner;
use crate::{postgres, sql, sqlite::error::SqliteError};

/// IMMEDIATE takes the write lock here, so that a lock held by somebody else is noticed before the first write.
pub(crate) const BEGIN: &str = "BEGIN IMMEDIATE";
pub(crate) const COMMIT: &str = "COMMIT";

/// Begins the transaction of an operation by the statements of the event path. Where other nodes write too, it waits until
/// no other operation and no group is under way.
pub(crate) async fn begin(statements: &mut StatementRunner<'_>) -> Result<(), SqliteError> {
    if statements.is_direct() {
        return statements.run(BEGIN).await;
    }
    begin_on(&mut statements.own_connection()).await
}

/// Begins the transaction of an operation on rows that nothing else reads or writes. Unlike [`begin`], it neither waits for groups on other
/// connections nor holds them up.
pub(crate) async fn begin_beside_groups(statements: &mut StatementRunner<'_>) -> Result<(), SqliteError> {
    if statements.is_direct() {
        return statements.run(BEGIN).await;
    }
    let connection = &mut statements.own_connection();
    sql::query(BEGIN).execute(&mut *connection).await?;
    match connection {
        sql::Connection::Sqlite(_) => Ok(()),
        sql::Connection::Postgres(server, fence) => postgres::hold_fence(server, *fence).await,
    }
}

async fn begin_on(connection: &mut sql::Connection<'_>) -> Result<(), SqliteError> {
    match connection {
        sql::Connection::Sqlite(_) => _ = sql::query(BEGIN).execute(connection).await?,
        sql::Connection::Postgres(server, fence) => {
            sqlx::raw_sql(postgres::BEGIN_OPERATION).execute(&mut **server).await?;
            postgres::hold_fence(server, *fence).await?;
        }
    }
    Ok(())
}

/// Commits what [`begin`] began.
pub(crate) async fn commit(statements: &mut StatementRunner<'_>) -> Result<(), SqliteError> {
    if statements.is_direct() {
        return statements.run(COMMIT).await;
    }
    Ok(commit_on(&mut statements.own_connection()).await?)
}

async fn commit_on(connection: &mut sql::Connection<'_>) -> Result<(), sqlx::Error> {
    match connection {
        sql::Connection::Sqlite(_) => sql::query(COMMIT).execute(connection).await.map(|_| ()),
        sql::Connection::Postgres(server, _) => {
            sqlx::raw_sql(postgres::COMMIT).execute(&mut **server).await.map(|_| ())
        }
    }
}

/// Runs `body` in a transaction: commits after success, otherwise rolls back.
pub(crate) async fn run<'c, T>(
    connection: impl Into<sql::Connection<'c>>,
    body: impl AsyncFnOnce(&mut sql::Connection<'_>) -> Result<T, SqliteError>,
) -> Result<T, SqliteError> {
    let connection = &mut connection.into();
    let begun = begin_on(connection).await;
    if let Err(error) = begun {
        // If an earlier transaction was left open, the next one must not meet it too.
        roll_back(connection).await;
        return Err(error);
    }
    let result = match body(connection).await {
        Ok(done) => commit_on(connection).await.map(|()| done).map_err(SqliteError::from),
        Err(error) => Err(error),
    };
    if result.is_err() {
        roll_back(connection).await;
    }
    result
}

/// Rolls back. The statement fails if SQLite has rolled back already, which is as good.
pub(crate) async fn roll_back(connection: &mut sql::Connection<'_>) {
    _ = sql::query("ROLLBACK").execute(connection).await;
}
