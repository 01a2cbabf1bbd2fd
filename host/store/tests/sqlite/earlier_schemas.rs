//! Databases that an earlier version wrote.

use std::{fs, path::Path, sync::Arc};

use inlet_core::{Uuid, issues::IssueChange, log::Outcome};
use inlet_store::{Dismissal, EventQuery, Store};
use sqlx::{Connection as _, SqliteConnection, migrate::Migrator, sqlite::SqliteConnectOptions};

use crate::{
    backend::TestDatabase,
    suite::support::{Event, Fixture, log, vault},
};

/// Creates a database with the schema of a version, and carries out these statements.
async fn database_of(version: u32, statements: &[&'static str]) -> TestDatabase {
    let (database, earlier) = (TestDatabase::new(), tempfile::tempdir().unwrap());
    let migrations = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/sqlite"));
    for file in fs::read_dir(migrations).unwrap() {
        let (path, name) = file.map(|file| (file.path(), file.file_name())).unwrap();
        if name.to_str().unwrap()[..4].parse::<u32>().unwrap() <= version {
            fs::copy(path, earlier.path().join(name)).unwrap();
        }
    }
    let options = SqliteConnectOptions::new().filename(database.path().join("inlet.db")).create_if_missing(true);
    let mut connection = SqliteConnection::connect_with(&options.foreign_keys(false)).await.unwrap();
    Migrator::new(earlier.path()).await.unwrap().run(&mut connection).await.unwrap();
    for statement in statements {
        sqlx::query(*statement).execute(&mut connection).await.unwrap();
    }
    connection.close().await.unwrap();
    database
}

/// Two items that could not be read and one whose action failed, of which one was repaired since, and a refused request.
const FAILURES: [&str; 5] = [
    "INSERT INTO sources (id, key, name, provider, created_at_ms, updated_at_ms) VALUES (7, 'main', 'Main', 'http', 0, 0)",
    "INSERT INTO source_environments (id, source_id, environment_id, settings, version, updated_at_ms)
     VALUES (9, 7, 1, '{}', 1, 0)",
    "INSERT INTO plugins (id, key, version, digest) VALUES (1, 'http', '0.1.0', 'sha256:00')",
    "WITH failures (n, outcome, code, open) AS (VALUES
         (1, 4, 'not_json', 1), (2, 4, 'not_json', 0), (3, 3, 'action_failed', 1), (4, 4, 'not_json', 1))
     INSERT INTO event_logs (source_environment_id, id, outcome, event_type, received_at_ms, occurred_at_us, plugin_id,
         verification_status, code, original_kind, original)
     SELECT 9, unhex(printf('0190000000007000800000000000%04x', n)), outcome, 'E', 0, 0, 1, 'verified', code, 0, x'7b7d'
     FROM failures",
    "INSERT INTO refused_requests (source_environment_id, id, received_at_ms, cause, size, digest)
     VALUES (9, unhex('01900000000070008000000000000005'), 0, 'missing', 0, x'')",
];
const ATTENTION: &str = "
    INSERT INTO attention (source_environment_id, event_id, open, outcome, code, item, items, retries)
    SELECT source_environment_id, id, id <> unhex('01900000000070008000000000000002'), outcome, code, 0, 1, 3 FROM event_logs";

/// Returns the open entries by cause, sorted.
async fn attention(fixture: &Fixture) -> Vec<(String, i64)> {
    let counts = fixture.store.attention_counts(fixture.source_environment).await.unwrap();
    let mut counts: Vec<_> = counts.into_iter().map(|found| (found.code, found.count)).collect();
    counts.sort();
    counts
}

fn causes(expected: &[(&str, i64)]) -> Vec<(String, i64)> {
    expected.iter().map(|(code, count)| ((*code).to_owned(), *count)).collect()
}

#[tokio::test]
async fn failures_of_before_there_were_issues_stay_open_and_no_issue_counts_them() {
    let statements = [&FAILURES[..], &[ATTENTION]].concat();
    let database = database_of(40, &statements).await;
    let store = Store::open(database.options(), vault()).await.unwrap();
    let (environment, source_environment) = (1, 9);
    let fixture = Fixture { store: Arc::new(store), database, environment, source_environment };
    let issues = async || fixture.store.issues(&[environment]).await.unwrap();

    assert_eq!(attention(&fixture).await, causes(&[("action_failed", 1), ("missing", 1), ("not_json", 2)]));
    assert!(issues().await.is_empty(), "what is to blame is not known of them");
    let open = EventQuery { needs_attention: true, ..EventQuery::newest(vec![source_environment], 10) };
    assert_eq!(fixture.store.events(&open).await.unwrap().items.len(), 3);

    // The next failure with the same cause begins an issue, which counts from there.
    let rejected = async || {
        let mut item = Event::new("", r#"{"a":1}"#).prepare(&fixture);
        item.plan = None;
        (item.log.outcome, item.log.code) = (Outcome::Rejected, Some("not_json".to_owned()));
        let id = item.log.id;
        fixture.store.commit(fixture.job(vec![item])).await.unwrap();
        id
    };
    let first: Uuid = rejected().await;
    let found = issues().await;
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].code.as_str(), found[0].issue.count, found[0].first_entry), ("not_json", 1, first));
    assert_eq!(attention(&fixture).await, causes(&[("action_failed", 1), ("missing", 1), ("not_json", 3)]));

    // Whoever knows of the issue has not seen the failures of before, which are dismissed by their cause.
    let changed = fixture.store.issue_change(found[0].id, IssueChange::Acknowledge, log("acknowledgeIssue")).await;
    changed.unwrap().unwrap();
    while fixture.store.has_known_issues().await.unwrap() {
        fixture.store.clear_known_issues(10).await.unwrap();
    }
    assert_eq!(attention(&fixture).await, causes(&[("action_failed", 1), ("missing", 1), ("not_json", 2)]));
    let cause = Dismissal::Cause { outcome: Some(Outcome::Rejected), code: Some("not_json".to_owned()) };
    assert_eq!(fixture.store.dismiss(source_environment, cause, log("dismissAttention")).await, Ok(2));
    assert_eq!(attention(&fixture).await, causes(&[("action_failed", 1), ("missing", 1)]));

    // And over the next start.
    let fixture = fixture.reopen().await;
    assert_eq!(attention(&fixture).await, causes(&[("action_failed", 1), ("missing", 1)]));
    assert_eq!(fixture.store.issues(&[environment]).await.unwrap()[0].issue.count, 1);
}
