//! Moving a store from SQLite to PostgreSQL.

use std::{path::Path, sync::Arc};

use inlet_core::{delivery::TargetRouting, log::Outcome, mapping::Mapping};
use inlet_store::{
    EventQuery, MigrationError, MigrationProgress, OpenError, Store, StoreMigration, StoreOptions, StoredEvent,
};
use tempfile::TempDir;

use crate::{
    backend::TestDatabase,
    suite::support::{Event, Fixture, log, mapping, source, vault},
};

const EVENTS: usize = 2500;

/// A store on SQLite with something in many tables, and the database that it moves into.
async fn filled(directory: &Path) -> (Fixture, [Mapping; 1]) {
    let store = Store::open(StoreOptions::new(directory), vault()).await.unwrap();
    let environment = store.environments().await.unwrap()[0].id;
    store.source_create(source("main", &[environment]), log("upsertSource")).await.unwrap();
    let source_environment = store.sources().await.unwrap()[0].environments[0].id;
    let fixture = Fixture { store: Arc::new(store), database: TestDatabase::new(), environment, source_environment };
    fixture.target("crm", TargetRouting::of_chunks(1)).await;
    let parameters = r#"{"key":"k","recipients":"data.to","unidentified":"wait"}"#;
    let mappings = [mapping("order", "workflows_trigger", parameters, 1)];
    let keys: Vec<String> = (0..EVENTS).map(|number| format!("key-{number}")).collect();
    let item = |number: usize| {
        let text = if number.is_multiple_of(7) { "nul \\u0000 and ü" } else { "plain" };
        format!(r#"{{"userId":"u{number}","data":{{"to":["waits",{{"id":"a{number}"}}],"text":"{text}"}}}}"#)
    };
    for chunk in (0..EVENTS).collect::<Vec<_>>().chunks(500) {
        let events = chunk.iter().map(|number| {
            let event = Event::new("order", &item(*number)).mappings(&mappings).key(&keys[*number]);
            Event { identifies: true, ..event }
        });
        fixture.commit_all(events.collect()).await;
    }
    // A source that is gone: its number is not given again.
    fixture.store.source_create(source("gone", &[environment]), log("upsertSource")).await.unwrap();
    let gone = fixture.store.sources().await.unwrap().iter().find(|source| source.key == "gone").unwrap().id;
    fixture.store.source_delete(gone, log("deleteSource")).await.unwrap();
    (fixture, mappings)
}

async fn events(fixture: &Fixture) -> Vec<StoredEvent> {
    fixture.store.events(&EventQuery::newest(vec![fixture.source_environment], 1000)).await.unwrap().items
}

fn ids(events: &[StoredEvent]) -> Vec<(inlet_core::Uuid, Outcome)> {
    events.iter().map(|event| (event.id, event.outcome)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_moves_and_goes_on_there() {
    let directory = TempDir::new().unwrap();
    let (fixture, mappings) = filled(directory.path()).await;
    let before = events(&fixture).await;
    let first = before[0].clone();
    fixture.store.close().await.unwrap();
    let Fixture { store, database, environment, source_environment } = fixture;
    drop(store);
    let url = database.options().database_url.unwrap();

    // It is broken off after some tables, and in the middle of one.
    let migration = StoreMigration::start(directory.path(), &url).await.unwrap();
    let (broken, mut at) = tokio::sync::mpsc::unbounded_channel();
    let running = tokio::spawn(async move {
        let mut tell = move |progress: MigrationProgress| {
            if matches!(&progress, MigrationProgress::Copied { table, rows, .. } if &**table == "event_logs" && *rows > 0)
            {
                broken.send(()).unwrap();
            }
        };
        migration.run(&mut tell).await
    });
    at.recv().await.unwrap();
    running.abort();
    assert!(running.await.unwrap_err().is_cancelled());
    let refused = Store::open(database.options(), vault()).await.err().unwrap();
    assert!(matches!(&refused, OpenError::Other { problem, .. } if problem.contains("not completed")), "{refused}");

    let migration = StoreMigration::start(directory.path(), &url).await.unwrap();
    let tables = migration.run(&mut |_| {}).await.unwrap();
    let rows = |name: &str| tables.iter().find(|table| table.table == name).unwrap().rows;
    assert_eq!((rows("event_logs"), rows("idempotency"), rows("deliveries")), (2500, 2500, 2500));
    assert!(tables.len() > 50, "{}", tables.len());

    let store = Arc::new(Store::open(database.options(), vault()).await.unwrap());
    let moved = Fixture { store, database, environment, source_environment };
    assert_eq!(ids(&events(&moved).await), ids(&before));
    assert_eq!(moved.event(first.id).await.data, first.data);
    // A key that was carried out there is not carried out here.
    let again = Event::new("order", r#"{"userId":"u1","data":{}}"#).mappings(&mappings).key("key-1");
    assert_eq!(moved.commit(again).await.outcome, Outcome::Replayed);
    // Who waited there is released here, for as many triggers as may be at once.
    let identify = Event { identifies: true, ..Event::new("identify", r#"{"userId":"waits","data":{}}"#) };
    let released = moved.commit(identify).await;
    assert_eq!(released.outcome, Outcome::Executed);
    moved.store.source_create(source("next", &[environment]), log("upsertSource")).await.unwrap();
    let sources = moved.store.sources().await.unwrap();
    let id = |key: &str| sources.iter().find(|source| source.key == key).unwrap().id;
    assert_eq!(id("next"), id("main") + 2, "the number of the source that is gone is not given again");

    let refused = StoreMigration::start(directory.path(), &url).await.err().unwrap();
    assert!(matches!(refused, MigrationError::NotEmpty), "{refused}");
}

#[tokio::test]
async fn what_cannot_be_moved_is_refused() {
    let directory = TempDir::new().unwrap();
    let database = TestDatabase::new();
    let url = database.options().database_url.unwrap();
    let missing = StoreMigration::start(&directory.path().join("nothing"), &url).await.err().unwrap();
    assert!(matches!(missing, MigrationError::Missing { .. }), "{missing}");
    assert!(!directory.path().join("nothing").exists());
    let store = Store::open(StoreOptions::new(directory.path()), vault()).await.unwrap();
    let used = StoreMigration::start(directory.path(), &url).await.err().unwrap();
    assert!(matches!(used, MigrationError::Open(OpenError::InUse { .. })), "{used}");
    drop(store);
}
