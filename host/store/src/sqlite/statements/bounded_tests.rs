//! Lists among very many entries: what is found, how far a page looks, and by which indexes.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use inlet_core::delivery::DeliveryStatus;
use sqlx::sqlite::SqlitePoolOptions;
use uuid::Uuid;

use super::bounded::{BoundedList, IndexRange, LOOKED_AT};
use crate::{
    records::{
        BoundedPage, ChangeQuery, Cursor, DeliveryFilter, DeliveryQuery, ListedDelivery, Page, ReadMemory, RunQuery,
        SelectedDeliveries,
    },
    sql,
    sqlite::{
        connection::migrations::MIGRATIONS,
        outbox::select,
        statements::uuids,
        tables::{change_log, deliveries, runs},
    },
};

/// The deliveries, runs and changes of the database.
const ENTRIES: usize = 100_000;

struct Unlimited;

impl ReadMemory for Unlimited {
    fn reserve(&self, _: u64) -> bool {
        true
    }
}

/// A database with one connection that counts its steps.
struct Database {
    pool: sql::Pool,
    steps: Arc<AtomicUsize>,
}

/// Returns the id of the delivery, run or event with a number.
fn id(number: usize) -> Uuid {
    Uuid::from_u128(number as u128)
}

/// A database in which the three oldest entries are of a quiet target, workflow, event, operation and environment each.
async fn database() -> Database {
    let pool = SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await.unwrap();
    MIGRATIONS.run(&pool).await.unwrap();
    for sql in [
        "PRAGMA foreign_keys = OFF",
        "CREATE TEMP TABLE numbers AS
             WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?1)
             SELECT n, unhex(printf('%032x', n)) AS id, n <= 3 AS is_quiet FROM numbers",
        "INSERT INTO deliveries (environment_id, id, target_id, run_id, source_event, workflow, call, first_recipient,
             recipients, key, status)
         SELECT 1, id, 1 + is_quiet, id, CASE WHEN is_quiet THEN unhex(printf('%032x', 1)) ELSE id END,
             CASE WHEN is_quiet THEN 'quiet' ELSE 'busy' END, 0, 0, 1, id, CASE WHEN is_quiet THEN 3 ELSE 2 END
         FROM numbers WHERE n <= ?1",
        "INSERT INTO workflow_runs (environment_id, id, workflow, source_event, recipients_count, data)
         SELECT 1, id, CASE WHEN is_quiet THEN 'quiet' ELSE 'busy' END,
             CASE WHEN is_quiet THEN unhex(printf('%032x', 1)) ELSE id END, 0, '{}' FROM numbers WHERE n <= ?1",
        "INSERT INTO changes (id, name, operation, resource, environment_id)
         SELECT id, 'CI', CASE WHEN is_quiet THEN 'quiet' ELSE 'busy' END, 'x', 1 + is_quiet FROM numbers WHERE n <= ?1",
    ] {
        sqlx::query(sql).bind(ENTRIES as i64).execute(&pool).await.unwrap();
    }
    let steps = Arc::new(AtomicUsize::new(0));
    let counted = steps.clone();
    let count = move || {
        counted.fetch_add(1, Ordering::Relaxed);
        true
    };
    pool.acquire().await.unwrap().lock_handle().await.unwrap().set_progress_handler(1, count);
    Database { pool: sql::Pool::Sqlite(pool), steps }
}

impl Database {
    fn steps(&self) -> usize {
        self.steps.swap(0, Ordering::Relaxed)
    }

    async fn deliveries(&self, query: DeliveryQuery) -> BoundedPage<ListedDelivery> {
        deliveries::page(&self.pool, &query, &Unlimited).await.unwrap().unwrap()
    }

    async fn plan(&self, sql: &str) -> Vec<String> {
        let explained = sql::query(format!("EXPLAIN QUERY PLAN {sql}"));
        let rows = explained.fetch_all(&self.pool).await.unwrap();
        rows.iter().map(|row| row.try_get(3).unwrap()).collect()
    }
}

fn all_deliveries() -> DeliveryQuery {
    let filter = DeliveryFilter::default();
    DeliveryQuery { environment_id: 1, cursor: Cursor::Start, limit: 50, filter, run: None, source_event: None }
}

fn all_runs() -> RunQuery {
    RunQuery { environment_id: 1, cursor: Cursor::Start, limit: 50, workflow: None, source_event: None }
}

fn all_changes() -> ChangeQuery {
    ChangeQuery {
        environment_ids: None,
        resource: None,
        operation: None,
        author: None,
        cursor: Cursor::Start,
        limit: 50,
    }
}

#[tokio::test]
async fn what_an_index_has_is_found_without_reading_anything_else() {
    let database = database().await;
    let of_target = DeliveryFilter { target_id: Some(2), ..DeliveryFilter::default() };
    let dead = DeliveryFilter { status: Some(DeliveryStatus::Dead), ..DeliveryFilter::default() };
    let both = DeliveryFilter { status: Some(DeliveryStatus::Dead), ..of_target.clone() };
    for (name, query) in [
        ("target", DeliveryQuery { filter: of_target.clone(), ..all_deliveries() }),
        ("status", DeliveryQuery { filter: dead, ..all_deliveries() }),
        ("target and status", DeliveryQuery { filter: both.clone(), ..all_deliveries() }),
        ("event", DeliveryQuery { source_event: Some(id(1)), ..all_deliveries() }),
        (
            "event, newer",
            DeliveryQuery { source_event: Some(id(1)), cursor: Cursor::Before(id(0)), ..all_deliveries() },
        ),
    ] {
        database.steps();
        let page = database.deliveries(query).await;
        let ids: Vec<Uuid> = page.items.iter().map(|listed| listed.delivery.id).collect();
        assert_eq!(ids, [id(3), id(2), id(1)], "{name}");
        assert_eq!(page.looked, None, "{name}");
        let steps = database.steps();
        assert!(steps < 3000, "{name}: {steps} steps among {ENTRIES} deliveries");
    }
    let counts = deliveries::counts(&database.pool, 1, &both).await.unwrap();
    assert_eq!((counts.dead, counts.delivered), (3, 0));
    assert!(database.steps() < 3000);
    let of_event = RunQuery { source_event: Some(id(1)), ..all_runs() };
    let page = runs::page(&database.pool, &of_event, &Unlimited).await.unwrap().unwrap();
    assert_eq!(page.items.iter().map(|run| run.id).collect::<Vec<_>>(), [id(3), id(2), id(1)]);
    let steps = database.steps();
    assert!(steps < 3000, "{steps} steps among {ENTRIES} runs");
    let of_environment = ChangeQuery { environment_ids: Some(vec![2]), ..all_changes() };
    let page = change_log::page(&database.pool, &of_environment, &Unlimited).await.unwrap().unwrap();
    assert_eq!(page.items.len(), 3);
    let steps = database.steps();
    assert!(steps < 3000, "{steps} steps among {ENTRIES} changes");
    // A slice that is sent again, or discarded, holds up the writer.
    let mut pooled = database.pool.acquire().await.unwrap();
    let mut connection = pooled.connection();
    let selected = SelectedDeliveries::Matching(of_target);
    for statuses in [&[DeliveryStatus::Dead][..], &[DeliveryStatus::Pending, DeliveryStatus::Retrying]] {
        let found = select::find(&mut connection, 1, &selected, statuses, "owner IS NULL", (None, 1000)).await.unwrap();
        assert_eq!(found.len(), if statuses.len() == 1 { 3 } else { 0 });
    }
    let steps = database.steps();
    assert!(steps < 3000, "{steps} steps among {ENTRIES} deliveries");
}

#[tokio::test]
async fn what_no_index_has_is_looked_for_among_so_many_and_the_cursors_go_on_from_there() {
    let database = database().await;
    let quiet = || Some("quiet".to_owned());
    let filter = DeliveryFilter { workflow: quiet(), ..DeliveryFilter::default() };
    let mut query = DeliveryQuery { filter: filter.clone(), ..all_deliveries() };
    let mut pages = 0;
    let (found, last) = loop {
        database.steps();
        let page = database.deliveries(query.clone()).await;
        // A scan takes at least ten steps for a row.
        let steps = database.steps();
        assert!(steps < 20 * LOOKED_AT, "{steps} steps for page {pages}");
        pages += 1;
        let looked = page.looked.unwrap();
        match looked.older {
            Some(older) => {
                assert_eq!((page.items.len(), looked.entries), (0, LOOKED_AT as u64));
                query.cursor = Cursor::After(older);
            }
            None => break (page.items.len(), looked),
        }
    };
    assert_eq!((pages, found), (ENTRIES / LOOKED_AT, 3));
    // The other way again.
    let back = DeliveryQuery { cursor: Cursor::Before(last.newer.unwrap()), ..query };
    let looked = database.deliveries(back).await.looked.unwrap();
    assert_eq!(looked.newer, Some(id(ENTRIES - 3 * LOOKED_AT)));
    assert_eq!(looked.older, Some(id(ENTRIES - 4 * LOOKED_AT + 1)));

    // Many targets and statuses share the number.
    let of_target = DeliveryFilter { target_id: Some(1), ..filter };
    let page = database.deliveries(DeliveryQuery { filter: of_target, ..all_deliveries() }).await;
    let share = LOOKED_AT / DeliveryStatus::ALL.len();
    assert_eq!(page.looked.map(|looked| looked.entries), Some(share as u64));

    database.steps();
    let query = RunQuery { workflow: quiet(), ..all_runs() };
    let page = runs::page(&database.pool, &query, &Unlimited).await.unwrap().unwrap();
    let looked = page.looked.unwrap();
    assert_eq!((page.items.len(), looked.entries), (0, LOOKED_AT as u64));
    assert!(database.steps() < 20 * LOOKED_AT);
    let oldest = RunQuery { cursor: Cursor::After(id(10)), ..query };
    let page = runs::page(&database.pool, &oldest, &Unlimited).await.unwrap().unwrap();
    assert_eq!((page.items.len(), page.looked.map(|looked| looked.entries)), (3, Some(9)));

    let query = ChangeQuery { operation: quiet(), ..all_changes() };
    let page = change_log::page(&database.pool, &query, &Unlimited).await.unwrap().unwrap();
    assert_eq!((page.items.len(), page.looked.map(|looked| looked.entries)), (0, Some(LOOKED_AT as u64)));
    assert!(database.steps() < 20 * LOOKED_AT);
    // Whoever may not see an environment does not learn how many changes it has.
    let query = ChangeQuery { environment_ids: Some(vec![2]), ..query };
    let page = change_log::page(&database.pool, &query, &Unlimited).await.unwrap().unwrap();
    let looked = page.looked.unwrap();
    assert_eq!((page.items.len(), looked.entries, looked.older), (3, 3, None));
}

#[tokio::test]
async fn a_full_page_says_at_how_many_it_looked() {
    let database = database().await;
    let query = RunQuery { workflow: Some("busy".to_owned()), limit: 10, ..all_runs() };
    let page = runs::page(&database.pool, &query, &Unlimited).await.unwrap().unwrap();
    let looked = page.looked.unwrap();
    assert_eq!((page.items.len(), looked.entries, looked.older), (10, 10, Some(id(ENTRIES - 9))));
    let newer = RunQuery { cursor: Cursor::Before(id(50)), ..query };
    let page = runs::page(&database.pool, &newer, &Unlimited).await.unwrap().unwrap();
    let looked = page.looked.unwrap();
    assert_eq!(page.items.iter().map(|run| run.id).collect::<Vec<_>>(), (51..=60).rev().map(id).collect::<Vec<_>>());
    assert_eq!((looked.entries, looked.older, looked.newer), (10, Some(id(51)), Some(id(60))));
}

/// Pages of every size and number of looked-at entries lead through all that match, in both directions, and miss nothing.
#[tokio::test]
async fn pages_of_merged_ranges_lead_through_everything_that_matches() {
    let pool = SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await.unwrap();
    sqlx::query("CREATE TABLE entries (part INTEGER, id BLOB, is_wanted INTEGER)").execute(&pool).await.unwrap();
    for number in 1..=60_usize {
        sqlx::query("INSERT INTO entries VALUES (?, ?, ?)")
            .bind((number * 7 % 3) as i64)
            .bind(id(number).as_bytes().to_vec())
            .bind(number * 5 % 11 < 3)
            .execute(&pool)
            .await
            .unwrap();
    }
    let expected: Vec<Uuid> = (1..=60).rev().filter(|number| number * 5 % 11 < 3).map(id).collect();
    let range = |part| IndexRange { from: "entries WHERE part = ?1 AND ?2 IS NOT NULL", keys: [part, 0] };
    let ranges = [range(0), range(1), range(2)];
    for (limit, most) in [(1, 3), (2, 3), (3, 9), (5, 20), (7, 1000), (100, 1000), (100, 4)] {
        for is_newer in [false, true] {
            let mut cursor = if is_newer { Cursor::Before(id(0)) } else { Cursor::Start };
            let (mut found, mut looked_at) = (Vec::new(), 0);
            loop {
                let ids = uuids::Range::of(&cursor);
                let filter = Some("is_wanted AND ?6 IS NULL");
                let list = BoundedList { ranges: &ranges, filter, ids, cursor: &cursor, limit, most };
                let mut pooled = pool.acquire().await.unwrap();
                let mut connection = sql::Connection::from(&mut *pooled);
                let read = list.find(&mut connection, |sql| sql.bind(None::<i64>)).await.unwrap();
                let Page { items, has_before, has_after } = read.page.clone();
                assert!(items.len() <= limit);
                let ids = items.iter().map(|row| row.id).collect();
                let page = Page { items: ids, has_before, has_after };
                let page = list.complete(&mut connection, &read, page, |id| *id).await.unwrap();
                let looked = page.looked.unwrap();
                assert!(looked.entries <= most as u64, "{} of {most}", looked.entries);
                looked_at += looked.entries;
                if is_newer {
                    found.extend(page.items.into_iter().rev());
                } else {
                    found.extend(page.items);
                }
                match if is_newer { looked.newer } else { looked.older } {
                    Some(id) => cursor = if is_newer { Cursor::Before(id) } else { Cursor::After(id) },
                    None => break,
                }
            }
            if is_newer {
                found.reverse();
            }
            assert_eq!(found, expected, "{limit} of {most}, newer: {is_newer}");
            assert_eq!(looked_at, 60, "{limit} of {most}, newer: {is_newer}");
        }
    }
}

#[tokio::test]
async fn every_list_is_read_in_the_order_of_an_index() {
    let database = database().await;
    for statistics in [false, true] {
        if statistics {
            sql::query("ANALYZE").execute(&database.pool).await.unwrap();
        }
        for (from, index) in [
            (deliveries::BY_ID, "deliveries_by_id (environment_id=? AND id>? AND id<?)"),
            (deliveries::BY_STATUS, "deliveries_by_status (environment_id=? AND status=? AND id>? AND id<?)"),
            (deliveries::OF_TARGET, "deliveries_of_target (target_id=? AND status=? AND id>? AND id<?)"),
            (runs::BY_ID.from, "sqlite_autoindex_workflow_runs_1 (environment_id=? AND id>? AND id<?)"),
            (change_log::ALL, "sqlite_autoindex_changes_1 (id>? AND id<?)"),
            (change_log::OF_ENVIRONMENT, "changes_of_environment (environment_id=? AND id>? AND id<?)"),
        ] {
            for order in ["ASC", "DESC"] {
                let number = IndexRange { from, keys: [0, 0] }.number();
                let list =
                    format!("SELECT id, {number} FROM {from} AND id >= ?3 AND id < ?4 ORDER BY id {order} LIMIT ?5");
                let plan = database.plan(&list).await;
                assert!(plan.len() == 1 && plan[0].contains("COVERING INDEX") && plan[0].ends_with(index), "{plan:?}");
            }
        }
    }
}
