//! What an operator reads when a database cannot be used.

use std::process::Command;

use inlet_system_tests::{Postgres, Server, binary};
use tempfile::TempDir;

use super::{MASTER_KEY, joining};
use crate::{clients::clients, toolchains::skipped};

/// Runs `inlet serve` on a database until it fails, and returns the last line of stderr.
fn fails(url: &str) -> String {
    let work = TempDir::new().unwrap();
    let output = Command::new(binary())
        .args(["serve", "--listen", "127.0.0.1:0", "--database-url", url])
        .env("INLET_MASTER_KEY", MASTER_KEY)
        .current_dir(work.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(!stderr.contains("panicked"), "{stderr}");
    stderr.lines().rfind(|line| line.starts_with("inlet: ")).unwrap_or_else(|| panic!("{stderr}")).to_owned()
}

#[tokio::test]
async fn a_database_that_cannot_be_used_is_refused_in_a_sentence() {
    let postgres = Postgres::start();
    let at = |database: &str| format!("postgres://inlet@127.0.0.1:{}/{database}", postgres.port);
    let shown = |url: &str| fails(url).replace(&postgres.port.to_string(), "PORT");
    postgres.sql("postgres", "CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'");
    postgres.sql("postgres", "CREATE DATABASE fixed");
    postgres.sql("postgres", "ALTER DATABASE fixed SET default_transaction_read_only = on");
    postgres.sql("postgres", "CREATE DATABASE careless");
    postgres.sql("postgres", "ALTER DATABASE careless SET synchronous_commit = off");
    postgres.sql("postgres", "CREATE DATABASE newer");
    let sentences = [
        fails("mysql://inlet@localhost/inlet"),
        fails("postgres://inlet@127.0.0.1:1/inlet"),
        fails("postgres://inlet@no-such-host.invalid/inlet"),
        shown(&at("nothing")),
        shown(&format!("postgres://nobody:secret@127.0.0.1:{}/inlet", postgres.port)),
        shown(&at("latin")),
        shown(&at("fixed")),
        shown(&at("careless")),
    ];
    assert!(sentences.iter().all(|sentence| !sentence.contains("secret")));
    insta::assert_snapshot!(sentences.join("\n"));

    let mut server = Server::start_with(joining(&at("newer"), "a")).await;
    // The versions of PostgreSQL's schema are counted apart from those of SQLite's.
    let schema = postgres.sql("newer", "SELECT max(version) FROM _sqlx_migrations");
    let said = format!(r#""database":"postgresql","schema":{schema},"#);
    assert!(server.log().contains(&said), "{said} is not in {}", server.log());
    assert_eq!(server.get("/v1/system").await["schema"].to_string(), schema);
    server.terminate();
    assert!(server.wait_for_exit().await);
    for later in [9998, 9999] {
        let migration = format!("INSERT INTO _sqlx_migrations VALUES ({later}, 'later', now(), true, ''::bytea, 0)");
        postgres.sql("newer", &migration);
    }
    let known = format!("knows versions up to {schema};");
    let sentence = shown(&at("newer"));
    assert!(sentence.contains(&known), "{sentence}");
    insta::assert_snapshot!(sentence.replace(&known, "knows versions up to SCHEMA;"));
}

#[tokio::test]
async fn a_version_that_is_too_old_is_refused() {
    let installed = clients().join("engines/node_modules/postgres-14/native");
    if !installed.is_dir() {
        return skipped(
            "an old version of PostgreSQL",
            "the packages of tests/system/clients/engines are not all there",
        );
    }
    let postgres = Postgres::start_version(&installed);
    insta::assert_snapshot!(fails(&postgres.url()).replace(&postgres.port.to_string(), "PORT"), @"inlet: the database postgres://inlet@127.0.0.1:PORT/inlet could not be opened: it is PostgreSQL 14.23; 15 or later is needed");
}

#[tokio::test]
async fn a_partition_that_somebody_else_made_is_told_of() {
    let postgres = Postgres::start();
    let url = format!("postgres://inlet@127.0.0.1:{}/inlet", postgres.port);
    let mut server = Server::start_with(joining(&url, "a")).await;
    assert!(!server.log().contains("was not made by Inlet"));
    server.terminate();
    assert!(server.wait_for_exit().await);
    postgres.sql("inlet", "CREATE TABLE of_an_operator (LIKE event_logs)");
    postgres.sql("inlet", "ALTER TABLE event_logs ATTACH PARTITION of_an_operator DEFAULT");
    let server = Server::start_with(joining(&url, "a")).await;
    server.wait_for_log("a partition of the logs was not made by Inlet").await;
    assert!(server.log().contains("of_an_operator"));
}

#[tokio::test]
async fn a_password_that_is_wrong_is_refused() {
    let postgres = Postgres::start();
    postgres.sql("postgres", "CREATE ROLE guarded LOGIN PASSWORD 'right'");
    postgres.require_passwords();
    let error = fails(&format!("postgres://guarded:wrong@127.0.0.1:{}/inlet", postgres.port));
    insta::assert_snapshot!(error.replace(&postgres.port.to_string(), "PORT"));
}

#[tokio::test]
async fn another_master_key_is_refused() {
    let postgres = Postgres::start();
    let _first = Server::start_with(joining(&postgres.url(), "a")).await;
    let other = joining(&postgres.url(), "b").env("INLET_MASTER_KEY", MASTER_KEY.replace("6b", "6c"));
    let Err(log) = Server::try_start(other).await else { panic!("it started with another key") };
    let error = log.lines().rfind(|line| line.starts_with("inlet: ")).unwrap_or_else(|| panic!("{log}"));
    assert!(error.contains("master key"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_that_start_at_once_on_an_empty_database_all_start() {
    let postgres = Postgres::start();
    let start = async |name: &str| Server::try_start(joining(&postgres.url(), name)).await;
    let (a, b, c) = tokio::join!(start("a"), start("b"), start("c"));
    for server in [a, b, c] {
        server.unwrap_or_else(|log| panic!("{log}"));
    }
}

/// A server that is killed while it creates the tables leaves nothing, and the next one starts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_migration_that_is_killed_is_begun_anew() {
    let postgres = Postgres::start();
    for round in 0..6_u64 {
        let directory = TempDir::new().unwrap();
        let mut child = Command::new(binary())
            .args(["serve", "--listen", "127.0.0.1:0", "--database-url", &postgres.url()])
            .env("INLET_MASTER_KEY", MASTER_KEY)
            .current_dir(directory.path())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(20 + 35 * round)).await;
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let server = Server::start_with(joining(&postgres.url(), "a")).await;
    server.source("crm", "segment", serde_json::json!({}), serde_json::json!([])).await;
}
