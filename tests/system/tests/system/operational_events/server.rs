//! Events about the whole server.

use std::time::{SystemTime, UNIX_EPOCH};

use inlet_system_tests::{Receiver, Server, read_json};
use reqwest::Method;
use serde_json::{Value, json};

use super::{list, options, restart_changed, wait_for};

#[tokio::test]
async fn a_disk_with_less_room_than_the_operator_wants() {
    let operations = Receiver::start();
    let limit = (1_u64 << 50).to_string();
    let server = Server::start_with(options(&operations).env("INLET_DISK_LOW_BYTES", &limit)).await;
    let event = wait_for(&operations, "disk.low").await;
    let data = &event["data"];
    assert_eq!(data["environment"], Value::Null);
    assert!(data["free_bytes"].as_u64().unwrap() < 1 << 50);
    assert!(data["reason"].as_str().unwrap().ends_with(&format!("less than disk_low_bytes ({limit})")), "{event}");
    // A token that is limited to an environment does not see what is about the whole server.
    assert_eq!(list(&server, "").await.len(), 1);
    assert_eq!(list(&server, "&environment=development").await, Vec::<Value>::new());
    let token = json!({"name": "reader", "scopes": ["read"], "environments": ["development"]});
    let created = server.manage(Method::POST, "/v1/management_tokens").json(&token).send().await.unwrap();
    assert_eq!(created.status(), 201);
    let token = read_json(created).await["token"].as_str().unwrap().to_owned();
    let seen = server.request_with(&token, Method::GET, "/v1/operational_events").send().await.unwrap();
    assert_eq!(read_json(seen).await["entries"], json!([]));
}

#[tokio::test]
async fn retention_that_waits_because_the_server_was_off() {
    let operations = Receiver::start();
    let server = Server::start_with(options(&operations)).await;
    // As if the last process had stopped two hours ago.
    let now_ms = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    let off = format!("UPDATE meta SET value = x'{:016x}' WHERE key = 'store_time'", now_ms - 7_200_000);
    let (_directory, server) = restart_changed(server, options(&operations), &[off]).await;
    let event = wait_for(&operations, "retention.paused").await;
    assert!(event["data"]["behind_seconds"].as_i64().unwrap() >= 7000, "{event}");
    assert!(event["data"]["what_to_do"].as_str().unwrap().contains("POST /v1/clock/accept"), "{event}");
    assert_eq!(list(&server, "").await.len(), 1);
}
