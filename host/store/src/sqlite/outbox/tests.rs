//! The plans by which SQLite finds deliveries among very many.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use sqlx::{AssertSqlSafe, Connection, Row, SqliteConnection};

use super::claim::{DUE, NEXT_DUE};
use crate::sqlite::connection::migrations::MIGRATIONS;

/// A database with 100,000 deliveries that wait, every second one with an order key.
async fn waiting() -> SqliteConnection {
    let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
    MIGRATIONS.run(&mut connection).await.unwrap();
    for sql in [
        "PRAGMA foreign_keys = OFF",
        "INSERT INTO targets (id, environment_id, key, kind, settings, routing, state, state_since_ms, version,
             created_at_ms, updated_at_ms)
         VALUES (1, 1, 'crm', 'webhook', '{}', '{\"chunk\":1}', 0, 0, 1, 0, 0)",
        "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 100000)
         INSERT INTO deliveries (environment_id, id, target_id, run_id, source_event, workflow, call, first_recipient,
             recipients, key, class, due_at_ms, order_key)
         SELECT 1, CAST(printf('%016d', n) AS BLOB), 1, CAST(printf('%016d', n) AS BLOB), x'', 'k', 0, 0, 1, x'',
             n % 3, CASE WHEN n % 2 OR n <= 100 THEN n END, CASE WHEN n % 2 = 0 THEN CAST(n % 100 AS BLOB) END
         FROM numbers",
    ] {
        sqlx::query(sql).execute(&mut connection).await.unwrap();
    }
    connection
}

async fn plan(connection: &mut SqliteConnection, sql: &str) -> Vec<String> {
    let explained = sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}")));
    let rows = explained.fetch_all(connection).await.unwrap();
    rows.iter().map(|row| row.get::<String, _>(3)).collect()
}

/// Returns the steps that SQLite takes for a statement.
async fn steps(connection: &mut SqliteConnection, sql: &'static str, values: &[i64]) -> usize {
    let steps = Arc::new(AtomicUsize::new(0));
    let counted = steps.clone();
    let count = move || {
        counted.fetch_add(1, Ordering::Relaxed);
        true
    };
    connection.lock_handle().await.unwrap().set_progress_handler(1, count);
    let query = values.iter().fold(sqlx::query(sql), |query, value| query.bind(value));
    query.fetch_all(&mut *connection).await.unwrap();
    connection.lock_handle().await.unwrap().remove_progress_handler();
    steps.load(Ordering::Relaxed)
}

#[tokio::test]
async fn the_work_of_a_claim_does_not_grow_with_what_waits() {
    let mut connection = waiting().await;
    // The target; of the first also the class, and ten at most.
    for (name, sql, values) in [("due", DUE, &[1, 0, 10][..]), ("next due", NEXT_DUE, &[1])] {
        let steps = steps(&mut connection, sql, values).await;
        assert!((10..1000).contains(&steps), "{name}: {steps} steps with 100,000 that wait");
    }
}

#[tokio::test]
async fn a_claim_reads_only_what_is_due() {
    let mut connection = waiting().await;
    // With statistics and without them.
    for statistics in [false, true] {
        if statistics {
            sqlx::query("ANALYZE").execute(&mut connection).await.unwrap();
        }
        let due = plan(&mut connection, DUE).await;
        assert!(due[0].contains("INDEX deliveries_due (target_id=? AND class=? AND due_at_ms<?)"), "{due:?}");
        for sql in [DUE, NEXT_DUE, super::order::LEAD.single()] {
            let steps = plan(&mut connection, sql).await;
            let is_slow =
                |step: &&String| step.contains("B-TREE") || step.starts_with("SCAN") && step.contains("deliver");
            assert_eq!(steps.iter().find(is_slow), None, "{steps:?}");
        }
        let lead = plan(&mut connection, super::order::LEAD.single()).await;
        for index in
            ["deliveries_behind (target_id=? AND order_key=?)", "deliveries_leading (target_id=? AND order_key=?)"]
        {
            assert!(lead.iter().any(|step| step.contains(index)), "{lead:?}");
        }
    }
}
