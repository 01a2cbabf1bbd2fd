//! Secrets are in the files sealed or as hashes, bound to their location. Keys are told apart and can be changed.

use std::{borrow::Cow, fs, path::Path, sync::Arc};

use inlet_core::variables::VariableType;
use inlet_store::{
    MasterKeyCheck, NewVariable, OpenError, ResealError, SecretLocation, Store, StoreOptions, Vault as _,
};
use sqlx::{Connection, SqliteConnection, migrate::Migrator};

use crate::suite::{
    secrets::signing_secrets,
    support::{Fixture, TestVault, log, vault},
};

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

async fn connect(directory: &Path) -> SqliteConnection {
    let url = format!("sqlite://{}?mode=rwc", directory.join("inlet.db").display());
    SqliteConnection::connect(&url).await.unwrap()
}

/// Runs statements on a database that no store has open.
async fn execute(directory: &Path, sql: &'static str) {
    let mut connection = connect(directory).await;
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

/// Returns the files of a directory, the log included, that hold some bytes.
fn files_with(directory: &Path, needle: &str) -> Vec<String> {
    fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| fs::read(path).unwrap().windows(needle.len()).any(|window| window == needle.as_bytes()))
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect()
}

/// Makes a directory as the first version leaves it when it is killed: secrets in clear text, some in freed pages.
async fn of_the_first_version(directory: &Path) -> SqliteConnection {
    let mut connection = connect(directory).await;
    sqlx::raw_sql("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0").execute(&mut connection).await.unwrap();
    let first = Migrator {
        migrations: Cow::Owned(MIGRATIONS.iter().filter(|migration| migration.version == 1).cloned().collect()),
        ..Migrator::DEFAULT
    };
    first.run(&mut connection).await.unwrap();
    sqlx::raw_sql(
        "INSERT INTO sources (id, key, name, provider, created_at_ms, updated_at_ms) VALUES (1, 'main', 'Main', 'http', 1, 1);
         INSERT INTO source_environments (id, source_id, environment_id, token, settings, signing_secret, version, updated_at_ms)
         VALUES (1, 1, 1, 'clear-token-1', '{}', NULL, 3, 5),
                (2, 1, 2, 'clear-token-2', '{\"pad\":\"' || hex(zeroblob(20000)) || '\"}', 'clear-old-secret', 4, 6);
         PRAGMA wal_checkpoint(TRUNCATE);
         UPDATE source_environments SET settings = '{}', signing_secret = 'clear-secret' WHERE id = 2;
         INSERT INTO mappings VALUES (zeroblob(16), 2, 'E', 'users_identify', '{}', 1, 1, 1);
         INSERT INTO event_types VALUES (2, 'E', 7, 1)",
    )
    .execute(&mut connection)
    .await
    .unwrap();
    connection
}

#[tokio::test]
async fn clear_text_of_the_first_version_is_sealed_and_gone_from_every_page() {
    let directory = tempfile::tempdir().unwrap();
    let connection = of_the_first_version(directory.path()).await;
    // While the connection is open nothing leaves the log, as after a kill.
    assert!(files_with(directory.path(), "clear-old-secret").contains(&"inlet.db".to_owned()));
    assert!(files_with(directory.path(), "clear-secret").contains(&"inlet.db-wal".to_owned()));
    let copy = tempfile::tempdir().unwrap();
    for file in ["inlet.db", "inlet.db-wal"] {
        fs::copy(directory.path().join(file), copy.path().join(file)).unwrap();
    }
    drop(connection);
    let directory = copy;

    let check = MasterKeyCheck::start(StoreOptions::new(directory.path())).await.unwrap();
    assert_eq!(check.sealed_value(), None, "nothing is sealed yet, so a key may be made");
    let store = check.open(vault()).await.unwrap();
    for clear in ["clear-token-1", "clear-token-2", "clear-secret", "clear-old-secret"] {
        assert_eq!(files_with(directory.path(), clear), [""; 0], "{clear}");
    }
    let source = store.sources().await.unwrap().remove(0);
    let [development, production] = &source.environments[..] else { panic!("two environments") };
    assert_eq!((development.token.as_str(), development.signing_secret.as_deref()), ("clear-token-1", None));
    assert_eq!(
        (production.token.as_str(), production.signing_secret.as_deref()),
        ("clear-token-2", Some("clear-secret"))
    );
    assert_eq!((production.version, production.updated_at_ms, production.mappings.len()), (4, 6, 1));
    assert_eq!(store.event_types(production.id).await.unwrap().len(), 1);
    store.close().await.unwrap();
    drop(store);

    let mut connection = connect(directory.path()).await;
    let broken: Vec<String> = sqlx::query_scalar("PRAGMA foreign_key_check").fetch_all(&mut connection).await.unwrap();
    assert_eq!(broken, [""; 0], "what referred to the old table refers to the new one");
    let due: i64 = sqlx::query_scalar("SELECT count(*) FROM meta WHERE key = 'erase_due'")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(due, 0);
}

#[tokio::test]
async fn a_kill_between_the_migration_and_the_sealing_loses_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let mut connection = of_the_first_version(directory.path()).await;
    sqlx::raw_sql("PRAGMA foreign_keys = OFF").execute(&mut connection).await.unwrap();
    MIGRATIONS.run(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let check = MasterKeyCheck::start(StoreOptions::new(directory.path())).await.unwrap();
    assert_eq!(check.sealed_value(), None);
    let store = check.open(vault()).await.unwrap();
    let source = store.sources().await.unwrap().remove(0);
    assert_eq!(source.environments[1].signing_secret.as_deref(), Some("clear-secret"));
    assert_eq!(files_with(directory.path(), "clear-"), [""; 0]);
}

/// A secret variable of the fixture's environment.
fn secret_variable(fixture: &Fixture) -> NewVariable {
    NewVariable {
        environment_id: fixture.environment,
        key: "token".to_owned(),
        variable_type: VariableType::Secret,
        value: Some("whsec-variable".to_owned()),
        description: None,
    }
}

/// Returns the directory of a closed store with secrets of every kind.
async fn with_secrets() -> tempfile::TempDir {
    let fixture = Fixture::new().await;
    let id = fixture.store.sources().await.unwrap()[0].id;
    fixture.store.source_update(signing_secrets(&fixture, id), log("upsertSource")).await.unwrap();
    fixture.store.variable_put(secret_variable(&fixture), log("upsertVariable")).await.unwrap();
    fixture.store.close().await.unwrap();
    fixture.database.into_directory()
}

async fn refusal(directory: &Path, vault: TestVault) -> String {
    let error = match Store::open(StoreOptions::new(directory), Arc::new(vault)).await {
        Ok(store) => store.sources().await.expect_err("a secret should not open").to_string(),
        Err(error) => error.to_string(),
    };
    error.replace(&directory.display().to_string(), "DIR")
}

#[tokio::test]
async fn another_key_opens_nothing() {
    let directory = with_secrets().await;
    insta::assert_snapshot!(refusal(directory.path(), TestVault("k2")).await, @"the secrets in DIR/inlet.db cannot be used: key_check was sealed with another key (k1) than the one in use (k2); give that key");
    execute(directory.path(), "DELETE FROM meta WHERE key = 'key_check'").await;
    let error = MasterKeyCheck::start(StoreOptions::new(directory.path())).await.unwrap_err();
    assert!(matches!(error, OpenError::NoKeyCheck { .. }));
    insta::assert_snapshot!(error.to_string().replace(&directory.path().display().to_string(), "DIR"), @"DIR/inlet.db holds sealed secrets, but the value is gone by which their key is known; restore it from a backup");
}

#[tokio::test]
async fn a_secret_in_another_place_is_refused() {
    let directory = with_secrets().await;
    execute(directory.path(), "UPDATE source_environments SET write_key = signing_secret").await;
    insta::assert_snapshot!(refusal(directory.path(), TestVault("k1")).await, @"the database could not be read: write_key/3 was damaged, or sealed for another place; restore the database from a backup");
    execute(directory.path(), "UPDATE source_environments SET signing_secret = previous_signing_secret").await;
    insta::assert_snapshot!(refusal(directory.path(), TestVault("k1")).await, @"the database could not be read: signing_secret/3 was damaged, or sealed for another place; restore the database from a backup");
    execute(directory.path(), "UPDATE source_environments SET previous_write_key_until_ms = 9999999999999").await;
    insta::assert_snapshot!(refusal(directory.path(), TestVault("k1")).await, @"the database could not be read: previous_write_key/3/9999999999999 was damaged, or sealed for another place; restore the database from a backup");
    execute(directory.path(), "UPDATE source_environments SET previous_signing_secret_until_ms = 9999999999999").await;
    insta::assert_snapshot!(refusal(directory.path(), TestVault("k1")).await, @"the database could not be read: previous_signing_secret/3/9999999999999 was damaged, or sealed for another place; restore the database from a backup");
    execute(directory.path(), "UPDATE endpoint_tokens SET hash = zeroblob(32)").await;
    insta::assert_snapshot!(refusal(directory.path(), TestVault("k1")).await, @"the database could not be read: endpoint_token/3 was damaged, or sealed for another place; restore the database from a backup");
}

#[tokio::test]
async fn a_new_key_seals_everything_and_the_old_one_opens_nothing_any_more() {
    let directory = with_secrets().await;
    let check = MasterKeyCheck::start(StoreOptions::new(directory.path())).await.unwrap();
    assert!(vault().open(SecretLocation::KeyCheck, check.sealed_value().unwrap()).is_ok());
    assert_eq!(check.reseal(&TestVault("k1"), &TestVault("k2")).await.unwrap(), 6);
    assert_eq!(files_with(directory.path(), "k1 "), [""; 0], "nothing is left that the old key opens");
    assert!(refusal(directory.path(), TestVault("k1")).await.contains("another key (k2)"));
    let store = Store::open(StoreOptions::new(directory.path()), Arc::new(TestVault("k2"))).await.unwrap();
    let environment = store.sources().await.unwrap().remove(0).environments.remove(0);
    assert_eq!(environment.signing_secret.as_deref(), Some("whsec-current"));
    assert_eq!(environment.previous_signing_secret.unwrap().secret, "whsec-previous");
    assert_eq!(environment.write_keys.current.as_deref(), Some("whsec-write-key"));
    assert_eq!(environment.write_keys.previous.unwrap().secret, "whsec-previous-key");
    assert!(environment.token.starts_with("token-main-"));
}

#[tokio::test]
async fn a_new_key_needs_the_old_one_and_something_to_seal() {
    let directory = with_secrets().await;
    let check = MasterKeyCheck::start(StoreOptions::new(directory.path())).await.unwrap();
    let error = check.reseal(&TestVault("k3"), &TestVault("k2")).await.unwrap_err();
    assert!(matches!(error, ResealError::Vault(_)), "{error}");
    Store::open(StoreOptions::new(directory.path()), vault()).await.unwrap().sources().await.unwrap();
    let empty = tempfile::tempdir().unwrap();
    let check = MasterKeyCheck::start(StoreOptions::new(empty.path())).await.unwrap();
    let error = check.reseal(&TestVault("k1"), &TestVault("k2")).await.unwrap_err();
    insta::assert_snapshot!(error, @"nothing is sealed here yet; the first start of `inlet serve` does it");
    assert!(!empty.path().join("inlet.db").exists());
}

#[tokio::test]
async fn nothing_in_the_files_is_in_clear_text() {
    let fixture = Fixture::new().await;
    let id = fixture.store.sources().await.unwrap()[0].id;
    fixture.store.source_update(signing_secrets(&fixture, id), log("upsertSource")).await.unwrap();
    fixture.store.variable_put(secret_variable(&fixture), log("upsertVariable")).await.unwrap();
    let variables = fixture.store.variables().await.unwrap();
    assert_eq!((&variables[0].value, variables[0].bytes, variables[0].version), (&None, 14, 1));
    for clear in ["whsec-", "token-main"] {
        assert_eq!(files_with(fixture.database.path(), clear), [""; 0], "{clear}");
    }
}
