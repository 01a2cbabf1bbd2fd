//! Opening: durability, the lock, and directories that cannot be used.

use std::{fs, path::Path, time::Duration};

use inlet_store::{JobLease, OpenError, Store, StoreOptions};
use sqlx::{Connection, SqliteConnection};

use crate::suite::support::{Fixture, vault};

#[tokio::test]
async fn commits_are_synced() {
    let fixture = Fixture::new().await;
    let durability = fixture.store.durability().await.unwrap();
    assert_eq!(durability.synchronous, 2, "FULL: the log is synced at every commit");
    assert_eq!(durability.journal_mode, "wal");
    assert!(fixture.database.path().join("inlet.db-wal").exists());
}

/// The lock of the data directory proves that no earlier owner runs any more. The fence still grows.
#[tokio::test]
async fn opening_frees_the_leases_of_the_process_before() {
    const LONG: Duration = Duration::from_secs(3600);
    let fixture = Fixture::new().await;
    let lease = fixture.store.job_lease_acquire("retention", "a", LONG).await;
    assert_eq!(lease, Ok(JobLease { is_held: true, epoch: 1 }));
    let fixture = fixture.reopen().await;
    let lease = fixture.store.job_lease_acquire("retention", "b", LONG).await;
    assert_eq!(lease, Ok(JobLease { is_held: true, epoch: 2 }));
}

#[tokio::test]
async fn a_new_store_has_its_environments_and_keeps_its_secret() {
    let fixture = Fixture::new().await;
    let slugs: Vec<String> =
        fixture.store.environments().await.unwrap().into_iter().map(|environment| environment.slug).collect();
    assert_eq!(slugs, ["development", "production"]);
    let secret = fixture.store.hash_key().0;
    assert_ne!(secret, [0; 16]);
    let fixture = fixture.reopen().await;
    assert_eq!(fixture.store.hash_key().0, secret);
    assert_eq!(fixture.store.environments().await.unwrap().len(), 2);
}

#[tokio::test]
async fn the_log_is_written_back_when_the_store_closes() {
    let fixture = Fixture::new().await;
    fixture.store.close().await.unwrap();
    let log = fixture.database.path().join("inlet.db-wal");
    assert!(fs::metadata(log).map_or(true, |log| log.len() == 0));
    fixture.store.close().await.unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn a_new_directory_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("a").join("data");
    let _store = Store::open(StoreOptions::new(&directory), vault()).await.unwrap();
    assert_eq!(fs::metadata(&directory).unwrap().permissions().mode() & 0o777, 0o700);
}

#[tokio::test]
async fn a_second_process_is_told_that_the_directory_is_in_use() {
    let fixture = Fixture::new().await;
    insta::assert_snapshot!(
        refusal(fixture.database.path()).await,
        @"the data directory DIR is in use by another process; stop it, or give this one another --data-dir"
    );
    // The system releases the lock with its holder.
    fixture.reopen().await;
}

#[tokio::test]
async fn a_file_in_place_of_the_directory() {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("data");
    fs::write(&path, "").unwrap();
    insta::assert_snapshot!(
        refusal(&path).await,
        @"the data directory DIR cannot be used: it is a file, not a directory; give a directory that the server may write to"
    );
}

#[tokio::test]
async fn a_database_that_cannot_be_written() {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("inlet.db")).unwrap();
    insta::assert_snapshot!(
        refusal(directory.path()).await,
        @"DIR/inlet.db cannot be written: error returned from database: (code: 14) unable to open database file; the data directory must be writable and its disk must have room"
    );
}

#[tokio::test]
async fn a_lock_file_that_cannot_be_written() {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("inlet.lock")).unwrap();
    insta::assert_snapshot!(
        refusal(directory.path()).await,
        @"DIR/inlet.lock cannot be written: Is a directory (os error 21); the data directory must be writable and its disk must have room"
    );
}

#[tokio::test]
async fn something_else_than_a_database() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("inlet.db"), "not a database, and longer than a header ".repeat(100)).unwrap();
    insta::assert_snapshot!(
        refusal(directory.path()).await,
        @"DIR/inlet.db is not a database that can be read: error returned from database: (code: 26) file is not a database; restore it from a backup, or move it away to start empty"
    );
}

#[tokio::test]
async fn a_schema_of_a_newer_server() {
    let fixture = Fixture::new().await;
    fixture.store.close().await.unwrap();
    let directory = fixture.database.into_directory();
    drop(fixture.store);
    let url = format!("sqlite://{}", directory.path().join("inlet.db").display());
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    sqlx::query(
        "INSERT INTO _sqlx_migrations
         SELECT later.column1, 'later', installed_on, success, checksum, 0
         FROM _sqlx_migrations, (VALUES (98), (99)) AS later WHERE version = 1",
    )
    .execute(&mut connection)
    .await
    .unwrap();
    connection.close().await.unwrap();
    let migrations = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/sqlite")).unwrap();
    let versions = migrations.map(|file| file.unwrap().file_name().to_str().unwrap()[..4].parse::<u32>().unwrap());
    let newest = versions.max().unwrap();
    let refusal = refusal(directory.path()).await;
    insta::assert_snapshot!(
        refusal.replace(&format!("up to {newest};"), "up to NEWEST;"),
        @"DIR/inlet.db has schema version 99, and this server knows versions up to NEWEST; start the newer server that wrote it, or restore an older backup"
    );
}

#[test]
fn what_would_not_be_durable_says_so() {
    let error = OpenError::NotDurable { synchronous: 1, journal_mode: "delete".to_owned() };
    insta::assert_snapshot!(
        error,
        @"the database does not commit durably: synchronous is 1 and journal_mode is delete; expected 2 (FULL) and wal, which need a local file system"
    );
}

/// Returns the error of opening this directory, without the directory's name.
async fn refusal(directory: &Path) -> String {
    let error =
        Store::open(StoreOptions::new(directory), vault()).await.err().expect("the directory should be refused");
    error.to_string().replace(&directory.display().to_string(), "DIR")
}
