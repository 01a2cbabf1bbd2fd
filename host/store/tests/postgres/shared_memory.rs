//! State that servers keep in memory and tell each other: quarantines, and requests that led to no endpoint.

use inlet_store::{QuarantineRecord, Store, UnroutedRecord};

use crate::suite::support::{Fixture, vault};

async fn second(fixture: &Fixture) -> Store {
    Store::open(fixture.database.options_of_node("second"), vault()).await.unwrap()
}

async fn quarantines(store: &Store) -> Vec<QuarantineRecord> {
    store.shared_version().await.unwrap().quarantines
}

#[tokio::test]
async fn a_quarantine_is_known_to_the_others_until_it_ends() {
    let fixture = Fixture::new().await;
    let second = second(&fixture).await;
    let record = |digest: &str, since_ms: i64| QuarantineRecord {
        source_environment_id: fixture.source_environment,
        digest: format!("sha256:{digest}"),
        since_ms,
        faults: 20,
        calls: 25,
    };
    assert_eq!(quarantines(&second).await, []);
    fixture.store.begin_quarantine(record("00", 1000)).await.unwrap();
    assert_eq!(quarantines(&second).await, [record("00", 1000)]);
    second.begin_quarantine(record("00", 2000)).await.unwrap();
    assert_eq!(quarantines(&second).await, [record("00", 1000)], "the first begin counts");
    second.begin_quarantine(record("01", 3000)).await.unwrap();
    fixture.store.end_quarantine(fixture.source_environment, "sha256:00".to_owned()).await.unwrap();
    assert_eq!(quarantines(&second).await, [record("01", 3000)]);
}

#[tokio::test]
async fn requests_that_led_nowhere_are_counted_for_all_servers() {
    let fixture = Fixture::new().await;
    let second = second(&fixture).await;
    let now_ms = fixture.store.clock().state().system_ms;
    let counted = |cause: &str, count: u64, last_ms: i64| UnroutedRecord {
        cause: cause.to_owned(),
        message: "the URL has no token".to_owned(),
        count,
        last_ms,
    };
    fixture.store.count_unrouted(counted("no_token", 3, now_ms)).await.unwrap();
    second.count_unrouted(counted("no_token", 4, now_ms - 10)).await.unwrap();
    assert_eq!(second.unrouted().await.unwrap(), [counted("no_token", 7, now_ms)]);
    assert_eq!(second.dismiss_unrouted("no_token".to_owned()).await.unwrap(), Some(7));
    assert_eq!(fixture.store.dismiss_unrouted("no_token".to_owned()).await.unwrap(), None);

    let month_ms = 30 * 24 * 60 * 60 * 1000;
    second.count_unrouted(counted("capitals", 1, now_ms - month_ms - 1000)).await.unwrap();
    second.count_unrouted(counted("no_token", 1, now_ms)).await.unwrap();
    assert_eq!(fixture.store.unrouted().await.unwrap(), [counted("no_token", 1, now_ms)], "not for ever");
}
