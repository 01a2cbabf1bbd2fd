//! Automatic retries of requests on which a plugin failed.

use std::time::Duration;

use inlet_system_tests::{Server, ServerOptions, track};
use serde_json::{Value, json};

use super::{attention, counts, entry, replay, trigger};

/// Starts a server with this memory limit for plugins, on a data directory.
async fn with_memory(memory: usize, delays: &str, data_dir: Option<std::path::PathBuf>) -> Server {
    let options = ServerOptions { data_dir, ..ServerOptions::default() };
    let options = options.env("INLET_MAX_SANDBOX_MEMORY", memory.to_string());
    Server::start_with(options.env("INLET_RETRY_DELAYS_SECONDS", delays)).await
}

fn big() -> String {
    track("E", "u", "m", json!({"n": 1, "pad": "p".repeat(6 << 20)}))
}

#[tokio::test]
async fn what_a_plugin_failed_on_is_tried_again_by_the_server_as_often_as_it_is_told() {
    let server = with_memory(4 << 20, "[0.1, 0.1, 0.1]", None).await;
    let endpoint = server.source("segment", "segment", json!({}), json!([])).await;
    endpoint.expect(big(), &["failed"]).await;
    let log = server.last_log("segment").await;
    assert_eq!((&log["code"], &log["needs_attention"]), (&json!("memory"), &json!(true)));
    let mut tried = 0;
    for _ in 0..300 {
        tried = server.log().matches("a retry failed").count();
        if entry(&server, "segment", &log["id"]).await["retry_at"].is_null() && tried == 3 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(tried, 3);
    let log = entry(&server, "segment", &log["id"]).await;
    assert_eq!((&log["retry_at"], &log["needs_attention"]), (&json!(null), &json!(true)), "it stays for somebody");
    assert_eq!(server.logs("segment").await.len(), 1, "what failed again is no new event");
    assert_eq!(attention(&server, "segment").await, counts([("failed:memory", 1)]));
}

#[tokio::test]
async fn a_retry_is_on_disk_survives_a_kill_and_executes_once() {
    let mut server = with_memory(4 << 20, "[3]", None).await;
    let mappings = json!([trigger("k", json!({"id": "user_id"}))]);
    let endpoint = server.source("segment", "segment", json!({}), mappings).await;
    endpoint.expect(big(), &["failed"]).await;
    let old = server.last_log("segment").await;
    assert!(old["retry_at"].is_string(), "{}", old["retry_at"]);
    server.kill();
    let (_dir, data_dir) = server.take_data_dir();
    let mut server = with_memory(256 << 20, "[3]", Some(data_dir.clone())).await;
    let mut found = Value::Null;
    for _ in 0..300 {
        found = entry(&server, "segment", &old["id"]).await;
        if found["rerun_as"] != json!([]) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!((&found["needs_attention"], &found["retry_at"]), (&json!(false), &json!(null)));
    let new = entry(&server, "segment", &found["rerun_as"][0]).await;
    assert_eq!((&new["outcome"], &new["rerun_of"]), (&json!("executed"), &old["id"]));
    assert_eq!((&new["verification_status"], &new["received_at"]), (&old["verification_status"], &old["received_at"]));
    server.kill();
    let server = with_memory(256 << 20, "[0.1]", Some(data_dir)).await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let key = server.api_key("development").await;
    assert_eq!((server.all_runs(&key).await.len(), server.logs("segment").await.len()), (1, 2));
}

#[tokio::test]
async fn a_request_that_failed_as_a_whole_is_carried_out_again_as_all_its_items() {
    let mut server = with_memory(4 << 20, "[]", None).await;
    let endpoint = server.source("http", "http", json!({"max_body_bytes": 8 << 20}), json!([])).await;
    let batch = json!([{"event": "A", "userId": "u", "properties": {"pad": "p".repeat(6 << 20)}}, {"event": 7}, {"event": "C"}]);
    endpoint.expect(batch.to_string(), &["failed"]).await;
    let old = server.last_log("http").await;
    assert_eq!((&old["retry_at"], &old["needs_attention"]), (&json!(null), &json!(true)), "no retries are configured");
    let still = replay(&server, "http", &old["id"], json!({})).await;
    assert_eq!((&still["outcome"], &still["entries"][0]["code"]), (&json!("failed"), &json!("memory")));
    assert_eq!(attention(&server, "http").await, counts([("failed:memory", 1)]), "counted once");
    server.kill();
    let (_dir, data_dir) = server.take_data_dir();
    let server = with_memory(256 << 20, "[]", Some(data_dir)).await;
    let done = replay(&server, "http", &still["id"], json!({})).await;
    // The answer shows no more than its memory bound allows; the log has all three.
    assert_eq!(done["count"], 3, "{}", done["entries"][0]["id"]);
    let ids = entry(&server, "http", &still["id"]).await["rerun_as"].clone();
    let mut outcomes = Vec::new();
    for id in ids.as_array().unwrap() {
        outcomes.push(entry(&server, "http", id).await["outcome"].clone());
    }
    assert_eq!(outcomes, ["logged", "rejected", "logged"]);
    let found = attention(&server, "http").await;
    assert_eq!(found.values().sum::<i64>(), 1, "the item that is bad in itself: {found:?}");
}

#[tokio::test]
async fn what_its_sender_tries_again_the_server_does_not() {
    let dir = tempfile::TempDir::new().unwrap();
    std::fs::copy(inlet_system_tests::test_plugin("inlet__hostile.wasm"), dir.path().join("hostile.wasm")).unwrap();
    let options = ServerOptions::default().arg("--plugins-dir").arg(dir.path().display().to_string());
    let server = Server::start_with(options.env("INLET_RETRY_DELAYS_SECONDS", "[0.1]")).await;
    let endpoint = server.source("hostile", "inlet/hostile", json!({}), json!([])).await;
    let answer = server.client.post(format!("{}/abort", endpoint.url)).body("{}").send().await.unwrap();
    assert_eq!(answer.status(), 500);
    let log = server.last_log("hostile").await;
    assert_eq!(
        (&log["outcome"], &log["retry_at"], &log["needs_attention"]),
        (&json!("failed"), &json!(null), &json!(true))
    );
    tokio::time::sleep(Duration::from_millis(1200)).await;
    assert_eq!(server.log().matches("a retry").count(), 0);
    // A manual replay works: the request is stored with its sub-path.
    let done = replay(&server, "hostile", &log["id"], json!({})).await;
    assert_eq!((&done["outcome"], &done["entries"][0]["code"]), (&json!("failed"), &json!("trap")));
}

#[tokio::test]
async fn a_delay_that_is_none_is_refused_at_the_start() {
    let options = ServerOptions::default().env("INLET_RETRY_DELAYS_SECONDS", "[10, -1]");
    let log = Server::try_start(options).await.err().unwrap();
    assert!(log.contains("retry_delays_seconds holds -1; expected seconds from 0 to 604800"), "{log}");
}
