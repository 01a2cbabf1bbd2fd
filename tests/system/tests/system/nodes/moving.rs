//! `inlet migrate-store`: from SQLite to PostgreSQL.

use std::process::{Command, Output};

use inlet_system_tests::{Postgres, Server, ServerOptions, binary, track};
use serde_json::{Value, json};

use super::{MASTER_KEY, joining};

fn migrate(arguments: &[&str]) -> Output {
    Command::new(binary()).arg("migrate-store").args(arguments).output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_moves_and_goes_on() {
    let mut server = Server::start_with(ServerOptions::default().env("INLET_MASTER_KEY", MASTER_KEY)).await;
    let mappings = json!([{"event_type": "E", "action_type": "workflows_trigger",
        "action_parameters": {"key": "k", "recipients": {"id": "user_id"}}}]);
    let settings = json!({"enforce_idempotency": true, "signing_secret": "s3cr3t", "enforce_verification": false});
    let endpoint = server.source("segment", "segment", settings, mappings).await;
    for number in 0..20 {
        endpoint.expect(track("E", "u", &format!("m-{number}"), json!({"n": number})), &["executed"]).await;
    }
    let before = server.all_logs("segment").await;
    let url_of_source = endpoint.path().to_owned();
    server.terminate();
    assert!(server.wait_for_exit().await);
    let (_directory, data_dir) = server.take_data_dir();
    let from = format!("sqlite:{}", data_dir.display());
    let postgres = Postgres::start();
    let moved = migrate(&["--from", &from, "--to", &postgres.url(), "--json"]);
    assert!(moved.status.success(), "{}", stderr(&moved));
    let told: Value = serde_json::from_slice(&moved.stdout).unwrap();
    let events = told["tables"].as_array().unwrap().iter().find(|table| table["table"] == "event_logs").unwrap();
    assert_eq!((&events["rows"], events["sha256"].as_str().unwrap().len()), (&json!(20), 64));

    let [a, b] = [
        Server::start_with(joining(&postgres.url(), "a")).await,
        Server::start_with(joining(&postgres.url(), "b")).await,
    ];
    assert_eq!(b.all_logs("segment").await, before);
    for server in [&a, &b] {
        let endpoint = inlet_system_tests::Endpoint::at(server, format!("{}{url_of_source}", server.base));
        endpoint.expect(track("E", "u", "m-7", json!({"n": 7})), &["replayed"]).await;
    }
    let again = migrate(&["--from", &from, "--to", &postgres.url()]);
    assert_eq!(again.status.code(), Some(2));
    insta::assert_snapshot!(stderr(&again).trim_end(), @"inlet: the PostgreSQL database holds something already; move into an empty one");
}

#[tokio::test]
async fn wrong_arguments_are_refused_in_a_sentence() {
    let nothing = migrate(&["--from", "sqlite:/no/such/directory", "--to", "postgres://inlet@127.0.0.1:1/inlet"]);
    insta::assert_snapshot!(stderr(&nothing).trim_end(), @"inlet: there is no database /no/such/directory/inlet.db; name the server's data directory");
    let other = migrate(&["--from", "sqlite:/no/such/directory", "--to", "mysql://inlet"]);
    assert_eq!((nothing.status.code(), other.status.code()), (Some(3), Some(2)));
    insta::assert_snapshot!(stderr(&other).trim_end(), @"inlet: --to is no URL of a PostgreSQL database; expected one such as postgres://user@host:5432/inlet");
}
