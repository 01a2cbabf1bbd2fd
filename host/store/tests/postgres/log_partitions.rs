//! The partitions of event logs and action logs.

use inlet_core::mapping::Mapping;
use inlet_store::{EventQuery, StoredEvent};
use sqlx::{AssertSqlSafe, PgConnection};

use crate::suite::support::{Event, Fixture, mapping};

const DAY_MS: i64 = 86_400_000;

fn trigger() -> [Mapping; 1] {
    [mapping("order", "workflows_trigger", r#"{"key":"k","recipients":"data.to"}"#, 1)]
}

fn order(mappings: &[Mapping]) -> Event<'_> {
    Event::new("order", r#"{"userId":"u","data":{"to":"u"}}"#).mappings(mappings)
}

async fn run(connection: &mut PgConnection, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(connection).await.unwrap();
}

async fn number(connection: &mut PgConnection, sql: &str) -> i64 {
    sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(connection).await.unwrap()
}

async fn now_ms(connection: &mut PgConnection) -> i64 {
    number(connection, "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint").await
}

/// Replaces the partitions by those of a database that was made so many days ago, with a server that kept making them until
/// `made_until` days ago.
async fn made_days_ago(connection: &mut PgConnection, first: i64, made_until: i64) {
    let drop_all = "DO $$ DECLARE suffix TEXT; BEGIN
        FOR suffix IN DELETE FROM log_partitions RETURNING name LOOP
            EXECUTE format('DROP TABLE %I, %I', 'action_logs_until_' || suffix, 'event_logs_until_' || suffix);
        END LOOP; END $$";
    run(connection, drop_all).await;
    let now = now_ms(connection).await;
    for ago in (made_until..=first).rev() {
        run(connection, &format!("SELECT make_log_partitions({})", now - ago * DAY_MS)).await;
    }
}

/// Makes the event of a request, and its action, so many days older.
async fn age(connection: &mut PgConnection, event: inlet_core::Uuid, days: i64) {
    let (id, at) = (event.simple(), now_ms(connection).await - days * DAY_MS);
    let older = format!("overlay('\\x{id}'::bytea PLACING decode(lpad(to_hex({at}), 12, '0'), 'hex') FROM 1 FOR 6)");
    run(connection, &format!("UPDATE event_logs SET id = {older} WHERE id = '\\x{id}'")).await;
    run(connection, &format!("UPDATE action_logs SET event_id = {older} WHERE event_id = '\\x{id}'")).await;
}

async fn events(fixture: &Fixture) -> Vec<StoredEvent> {
    let query = EventQuery { include_actions: true, ..EventQuery::newest(vec![fixture.source_environment], 100) };
    fixture.store.events(&query).await.unwrap().items
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partition_is_dropped_with_all_that_is_past_the_longest_retention() {
    let (fixture, mappings) = (Fixture::new().await, trigger());
    let connection = &mut fixture.database.connect().await;
    made_days_ago(connection, 40, -3).await;
    for days in [39, 35, 32, 31, 29, 3, 0] {
        let event = fixture.commit(order(&mappings)).await.id;
        age(connection, event, days).await;
    }
    assert_eq!(events(&fixture).await.len(), 7);
    assert!(events(&fixture).await.iter().all(|event| event.actions.len() == 1), "each has its action");

    let cutoff = now_ms(connection).await - 30 * DAY_MS;
    let floor = fixture.store.keep_log_partitions(cutoff).await.unwrap().expect("the oldest partition is one of many");
    assert!(floor <= cutoff && floor > cutoff - DAY_MS, "within a day: {floor} {cutoff}");
    assert_eq!(number(connection, "SELECT min(from_ms) FROM log_partitions").await, floor);
    let left = events(&fixture).await;
    let times: Vec<i64> = left.iter().map(|event| (event.id.as_u128() >> 80) as i64).collect();
    assert!(times.iter().all(|time| *time >= floor), "{times:?} {floor}");
    assert_eq!(left.len(), 3 + times.iter().filter(|time| **time < cutoff).count(), "what is kept is there");
    assert_eq!(number(connection, "SELECT count(*) FROM action_logs").await, left.len() as i64);
    assert_eq!(fixture.store.keep_log_partitions(cutoff).await.unwrap(), Some(floor), "once more changes nothing");

    // Shorter retentions are pruned in slices.
    let pruned = fixture.store.prune(fixture.environment, now_ms(connection).await - 7 * DAY_MS, 100).await.unwrap();
    assert_eq!(pruned.events as usize, left.len() - 2);
    assert_eq!(events(&fixture).await.len(), 2);
    fixture.commit(order(&mappings)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_now_is_dropped_whatever_the_cutoff_says() {
    let (fixture, mappings) = (Fixture::new().await, trigger());
    fixture.commit(order(&mappings)).await;
    fixture.store.keep_log_partitions(i64::MAX / 2).await.unwrap();
    fixture.commit(order(&mappings)).await;
    assert_eq!(events(&fixture).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_partition_has_what_is_older_and_does_not_delay_its_retention() {
    let fixture = Fixture::new().await;
    assert_eq!(fixture.store.keep_log_partitions(0).await.unwrap(), None);
    let connection = &mut fixture.database.connect().await;
    let made = "SELECT (max(until_ms) - (extract(epoch FROM clock_timestamp()) * 1000)::bigint) / 86400000 FROM log_partitions";
    assert!(number(connection, made).await >= 3, "partitions are made days ahead");
    assert_eq!(number(connection, "SELECT count(*) FROM log_partitions WHERE from_ms IS NULL").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn partitions_are_made_by_a_group_that_finds_none_for_now() {
    let (fixture, mappings) = (Fixture::new().await, trigger());
    let connection = &mut fixture.database.connect().await;
    // No server ran for half a year.
    made_days_ago(connection, 190, 180).await;
    let before = number(connection, "SELECT count(*) FROM log_partitions").await;
    fixture.commit(order(&mappings)).await;
    assert_eq!(events(&fixture).await.len(), 1);
    let made = number(connection, "SELECT count(*) FROM log_partitions").await - before;
    assert!((1..=2).contains(&made), "the time without a server is one partition: {made}");
    // Groups of two servers at once make them once.
    made_days_ago(connection, 190, 180).await;
    let second = inlet_store::Store::open(fixture.database.options_of_node("second"), crate::suite::support::vault());
    let second = second.await.unwrap();
    let (one, two) = tokio::join!(
        fixture.store.commit(fixture.job(vec![order(&mappings).prepare(&fixture)])),
        second.commit(fixture.job(vec![order(&mappings).prepare(&fixture)])),
    );
    assert!(one.is_ok() && two.is_ok());
    assert_eq!(events(&fixture).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partition_that_is_read_is_dropped_later_and_events_go_on() {
    let (fixture, mappings) = (Fixture::new().await, trigger());
    let connection = &mut fixture.database.connect().await;
    made_days_ago(connection, 40, -3).await;
    let cutoff = now_ms(connection).await - 30 * DAY_MS;
    let partitions = "SELECT count(*) FROM log_partitions";
    let all = number(connection, partitions).await;
    run(connection, "BEGIN").await;
    number(connection, "SELECT count(*) FROM event_logs").await;
    let (kept, committed) = tokio::join!(
        fixture.store.keep_log_partitions(cutoff),
        fixture.store.commit(fixture.job(vec![order(&mappings).prepare(&fixture)]))
    );
    kept.unwrap();
    committed.unwrap();
    assert_eq!(number(connection, partitions).await, all);
    run(connection, "COMMIT").await;
    fixture.store.keep_log_partitions(cutoff).await.unwrap();
    assert!(number(connection, partitions).await < all);
}

#[tokio::test(flavor = "multi_thread")]
async fn their_length_follows_the_longest_retention() {
    let fixture = Fixture::new().await;
    let connection = &mut fixture.database.connect().await;
    assert_eq!(number(connection, "SELECT log_partition_ms()").await, DAY_MS);
    run(connection, "UPDATE environments SET retention_days = 365 WHERE id = (SELECT max(id) FROM environments)").await;
    assert_eq!(number(connection, "SELECT log_partition_ms()").await, 12 * DAY_MS);
    run(connection, "UPDATE environments SET retention_days = 1").await;
    assert_eq!(number(connection, "SELECT log_partition_ms()").await, DAY_MS);
}
