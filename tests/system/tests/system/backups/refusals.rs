//! The refusals of `inlet backup` and `inlet restore`, as a transcript.

use std::{fs, os::unix::fs::PermissionsExt as _};

use inlet_system_tests::{Server, track};
use serde_json::json;
use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};

use super::{super::cli::Shell, directory_with_key};

/// Makes a backup into a file, and hides what differs from run to run.
fn back_up(shell: &mut Shell, arguments: &[&str]) {
    shell.run(arguments);
    let bytes = fs::read(shell.path("a.db")).unwrap();
    shell.hide(inlet_system_tests::digest(&bytes).trim_start_matches("sha256:"), "DIGEST");
    shell.hide(&format!("{} bytes", bytes.len()), "SIZE");
}

#[tokio::test]
async fn only_a_whole_backup_with_its_key_is_restored_and_nothing_is_overwritten() {
    let server = Server::start().await;
    let endpoint = server.source("shop", "segment", json!({}), json!([])).await;
    endpoint.expect(track("Order", "ana", "", json!({})), &["logged"]).await;
    let mut shell = Shell::of(&server);
    let record = |shell: &mut Shell, arguments: &[&str]| {
        let command = shell.bare(arguments);
        shell.record(arguments, command);
    };
    shell.run(&["backup", "missing/a.db"]);
    back_up(&mut shell, &["backup", "a.db"]);
    assert_eq!(fs::metadata(shell.path("a.db")).unwrap().permissions().mode() & 0o777, 0o600);
    shell.run(&["backup", "a.db"]);
    back_up(&mut shell, &["backup", "a.db", "--replace"]);
    shell.run(&["backup", "-", "--json"]);
    let reader = server.management_token(json!({"name": "CI", "scopes": ["operate"]})).await;
    let limited = json!({"name": "dev", "scopes": ["admin"], "environments": ["development"]});
    let limited = server.management_token(limited).await;
    for token in [reader, limited] {
        let mut command = shell.command(&["backup", "b.db"]);
        command.env("INLET_TOKEN", token);
        shell.record(&["backup", "b.db"], command);
    }
    let mut piped = shell.command(&["backup", "-"]);
    let output = piped.output().unwrap();
    fs::write(shell.path("piped.db"), &output.stdout).unwrap();

    record(&mut shell, &["restore", "missing.db", "--data-dir", "new"]);
    record(&mut shell, &["restore", "a.db", "--data-dir", "new"]);
    fs::write(shell.path("other-key"), "00".repeat(32)).unwrap();
    fs::set_permissions(shell.path("other-key"), fs::Permissions::from_mode(0o600)).unwrap();
    record(&mut shell, &["restore", "a.db", "--data-dir", "new", "--master-key-file", "other-key"]);
    assert!(!shell.path("new/inlet.db").exists());
    fs::write(shell.path("text.db"), "{\"type\":\"track\"}\n".repeat(1000)).unwrap();
    record(&mut shell, &["restore", "text.db", "--data-dir", "new"]);
    let whole = fs::read(shell.path("a.db")).unwrap();
    fs::write(shell.path("half.db"), &whole[..whole.len() / 2]).unwrap();
    record(&mut shell, &["restore", "half.db", "--data-dir", "new"]);
    fs::write(shell.path("newer.db"), &whole).unwrap();
    let options = SqliteConnectOptions::new().filename(shell.path("newer.db"));
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    let newer =
        "UPDATE _sqlx_migrations SET version = 9999 WHERE version = (SELECT max(version) FROM _sqlx_migrations)";
    sqlx::query(newer).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    record(&mut shell, &["restore", "newer.db", "--data-dir", "new"]);
    record(&mut shell, &["restore", "a.db", "--data-dir", server.data_dir().to_str().unwrap(), "--replace"]);
    shell.hide(server.data_dir().to_str().unwrap(), "RUNNING");
    let target = directory_with_key(shell.directory.path(), "ready", server.data_dir());
    record(&mut shell, &["restore", "piped.db", "--data-dir", "ready"]);
    record(&mut shell, &["restore", "a.db", "--data-dir", "ready"]);
    record(&mut shell, &["restore", "a.db", "--data-dir", "ready", "--replace"]);
    let aside = fs::read_dir(&target).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let aside: Vec<String> = aside.filter(|name| name.starts_with("replaced-")).collect();
    assert_eq!(aside.len(), 1);
    assert_eq!(fs::read(target.join(&aside[0]).join("inlet.db")).unwrap(), output.stdout);
    assert_eq!(fs::read(target.join("inlet.db")).unwrap(), fs::read(shell.path("a.db")).unwrap());
    shell.hide(&aside[0], "replaced-AT");
    shell.hide(&format!("{} bytes", output.stdout.len()), "SIZE");
    insta::assert_snapshot!(without_known_version(&shell.transcript()));
}

/// The newest schema differs from version to version of the server.
fn without_known_version(text: &str) -> String {
    let (before, after) = text.split_once("knows versions up to ").unwrap();
    let after = after.trim_start_matches(|character: char| character.is_ascii_digit());
    format!("{before}knows versions up to KNOWN{after}")
}
