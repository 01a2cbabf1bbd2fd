//! Measures searches over many event logs: the time of rare and frequent values, and what the index costs.
//!
//! `cargo run --release -p inlet-store --example log_search [DIRECTORY [EVENTS]]`. The events are written by one SQL
//! statement, in the shape that the store gives them; the index is built by the store.

use std::{
    error::Error,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use inlet_core::{
    Uuid,
    log::{Outcome, Status},
};
use inlet_store::{
    Author, EventQuery, NewChange, NewSource, NewSourceEnvironment, RecipientFilter, SecretLocation, Store,
    StoreOptions, Vault, VaultError,
};
use sqlx::{Connection as _, SqliteConnection};

/// Later than every event.
const LATER: Uuid = Uuid::max();

/// Seals nothing, because the measurement has no secrets.
struct Open;

impl Vault for Open {
    fn seal(&self, _location: SecretLocation, secret: &str) -> Result<Vec<u8>, VaultError> {
        Ok(secret.into())
    }

    fn open(&self, _location: SecretLocation, sealed: &[u8]) -> Result<String, VaultError> {
        Ok(String::from_utf8_lossy(sealed).into_owned())
    }
}

/// One event in a million fails, one has a type of its own. Users have ten events each; a tenth of the events has an
/// action with a recipient of its own.
const EVENTS: &str = "
    WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < ?2)
    INSERT INTO event_logs (source_environment_id, id, outcome, event_type, user_id, received_at_ms, occurred_at_us,
        plugin_id, verification_status, idempotency_key, code, original_kind, original)
    SELECT ?1, unhex(printf('%012x7%03x8%015x', 1700000000000 + n / 10, n % 4096, n)),
        CASE WHEN n % 1000000 = 4711 THEN 3 WHEN n % 10 = 0 THEN 0 ELSE 2 END,
        CASE WHEN n % 1000000 = 5000 THEN 'track/Rare' ELSE 'track/Usual ' || (n % 7) END,
        'user-' || (n / 10), 0, 0, 1, 'verified', 'key-' || n,
        CASE WHEN n % 1000000 = 4711 THEN 'action_failed' END, 0, CAST(printf('{\"a\":\"%.*c\"}', 800, 'x') AS BLOB)
    FROM numbers";

const ACTIONS: &str = "
    INSERT INTO action_logs (event_id, ordinal, id, action_type, status, parameters, found_in, result, payload)
    SELECT id, 0, id, 'workflows_trigger', CASE outcome WHEN 3 THEN 2 ELSE 0 END, '{}', '{}',
        json_object('workflow_run_id', NULL, 'recipients', json_array(json_object('id', user_id)),
            'skipped_recipients', json_array()), '{}'
    FROM event_logs WHERE outcome IN (0, 3)";

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let parent = arguments.next().map_or_else(std::env::temp_dir, PathBuf::from);
    let events: i64 = arguments.next().map_or(Ok(1_000_000), |text| text.parse())?;
    let directory = tempfile::tempdir_in(parent)?;
    let store = open(&directory).await?;
    let source_environment = make_source(&store).await?;
    store.close().await?;
    // The lock of the directory is released with it.
    drop(store);
    let file = std::fs::read_dir(directory.path())?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|extension| extension == "db"))
        .ok_or("there is no database")?;
    let mut connection = SqliteConnection::connect(&format!("sqlite://{}", file.display())).await?;
    sqlx::query("INSERT INTO plugins (id, key, version, digest) VALUES (1, 'p', '1', 'd')")
        .execute(&mut connection)
        .await?;
    sqlx::query(EVENTS).bind(source_environment).bind(events).execute(&mut connection).await?;
    sqlx::query(ACTIONS).execute(&mut connection).await?;
    connection.close().await?;
    let before = std::fs::metadata(&file)?.len();

    let store = open(&directory).await?;
    println!("{events} events, {} MiB", before >> 20);
    search(&store, source_environment, events, "scanned").await?;
    let (mut reading, mut writing, mut segments, mut entries) = (Duration::ZERO, Duration::ZERO, 0, 0);
    loop {
        let started = Instant::now();
        let Some(segment) = store.unindexed_logs(source_environment, LATER).await? else { break };
        reading += started.elapsed();
        let started = Instant::now();
        let number = store.begin_log_segment(1).await?.ok_or("entries are left")?;
        for slice in segment.entries.chunks(4096) {
            store.add_log_entries(number, slice.to_vec()).await?;
        }
        store.finish_log_segment(number, &segment).await?;
        writing += started.elapsed();
        segments += 1;
        entries += segment.entries.len();
    }
    let per_event = |time: Duration| time.as_secs_f64() * 1e6 / events as f64;
    println!(
        "{segments} segments, {entries} entries: reading {:.2} µs and writing {:.2} µs an event",
        per_event(reading),
        per_event(writing)
    );
    search(&store, source_environment, events, "indexed").await?;
    store.close().await?;
    println!("the index takes {:.1} bytes an event", (std::fs::metadata(&file)?.len() - before) as f64 / events as f64);
    Ok(())
}

async fn open(directory: &tempfile::TempDir) -> Result<Arc<Store>, Box<dyn Error>> {
    let options = StoreOptions::new(directory.path().to_owned());
    Ok(Arc::new(Store::open(options, Arc::new(Open)).await?))
}

async fn search(store: &Store, source_environment: i64, events: i64, how: &str) -> Result<(), Box<dyn Error>> {
    let all = || EventQuery::newest(vec![source_environment], 50);
    let middle = events / 2;
    let user = format!("user-{}", middle / 10);
    let recipient = |id: &str| Some(RecipientFilter { collection: None, id: id.to_owned() });
    let searches = [
        ("a user", EventQuery { user_id: Some(user.clone()), ..all() }),
        ("a user who is not there", EventQuery { user_id: Some("nobody".to_owned()), ..all() }),
        ("a key", EventQuery { idempotency_key: Some(format!("key-{middle}")), ..all() }),
        ("a recipient", EventQuery { recipient: recipient(&user), ..all() }),
        ("failed", EventQuery { outcomes: vec![Outcome::Failed], ..all() }),
        ("a code", EventQuery { code: Some("action_failed".to_owned()), ..all() }),
        ("a rare type", EventQuery { event_types: vec!["track/Rare".to_owned()], ..all() }),
        ("an action that failed", EventQuery { action_status: Some(Status::Error), ..all() }),
        ("executed", EventQuery { outcomes: vec![Outcome::Executed], ..all() }),
        ("rejected, which none is", EventQuery { outcomes: vec![Outcome::Rejected], ..all() }),
    ];
    for (name, query) in searches {
        // Once for the page cache.
        store.events(&query).await?;
        let started = Instant::now();
        let found = store.events(&query).await?.items.len();
        println!("  {how}: {name:<26} {:>9.2?}  {found} found", started.elapsed());
    }
    Ok(())
}

async fn make_source(store: &Store) -> Result<i64, Box<dyn Error>> {
    let environment_id = store.environments().await?.first().ok_or("there is no environment")?.id;
    let environment = NewSourceEnvironment {
        environment_id,
        token: "token".to_owned(),
        settings: "{}".to_owned(),
        ..NewSourceEnvironment::default()
    };
    let new = NewSource {
        key: "measured".to_owned(),
        name: "Measured".to_owned(),
        description: None,
        custom_image_url: None,
        provider: "p".to_owned(),
        environments: vec![environment],
    };
    let log = NewChange {
        author: Author::named(Author::BOOTSTRAP),
        operation: "upsertSource",
        resource: "sources/measured".to_owned(),
        environment_id: None,
        before: None,
        after: None,
    };
    store.source_create(new, log).await?;
    let sources = store.sources().await?;
    let created = sources.first().and_then(|source| source.environments.first());
    Ok(created.ok_or("the source was not created")?.id)
}
