//! Idempotency through the real server (semantics.md §4). `host/core/tests` covers every sentence of it.

use inlet_system_tests::{Server, ServerOptions, track};
use serde_json::json;

fn trigger(key: &str, recipients: serde_json::Value) -> serde_json::Value {
    json!({"event_type": "E", "action_type": "workflows_trigger", "action_parameters": {"key": key, "recipients": recipients}})
}

#[tokio::test]
async fn sent_again_it_is_replayed_also_after_a_restart() {
    let mut server = Server::start().await;
    let mappings = json!([trigger("k", json!({"id": "user_id"}))]);
    let endpoint = server.source("segment", "segment", json!({"enforce_idempotency": true}), mappings).await;
    let body = track("E", "u", "m-1", json!({}));
    let first = endpoint.expect(body.clone(), &["executed"]).await;
    endpoint.expect(body.clone(), &["replayed"]).await;
    let log = server.last_log("segment").await;
    assert_eq!((&log["idempotent"], &log["replay_of"]), (&json!(true), &first["events"][0]["id"]));
    assert_eq!(log["actions"], json!([]));
    server.kill();
    let (_dir, data_dir) = server.take_data_dir();
    let server = Server::start_with(ServerOptions { data_dir: Some(data_dir), ..ServerOptions::default() }).await;
    let endpoint = server.endpoint_of(&server.get("/v1/sources/segment?environment=development").await, "development");
    endpoint.expect(body, &["replayed"]).await;
    endpoint.expect(track("E", "u", "m-2", json!({})), &["executed"]).await;
    let key = server.api_key("development").await;
    assert_eq!(server.all_runs(&key).await.len(), 2);
}

#[tokio::test]
async fn what_failed_runs_again_and_what_succeeded_does_not() {
    let server = Server::start().await;
    let mappings = json!([trigger("good", json!({"id": "user_id"})), trigger("bad", json!("data.to"))]);
    let endpoint = server.source("segment", "segment", json!({"enforce_idempotency": true}), mappings).await;
    let first = endpoint.expect(track("E", "u", "m", json!({"to": "a/b"})), &["failed"]).await;
    let log = server.last_log("segment").await;
    assert_eq!(log["actions"][0]["action_status"], "success");
    assert_eq!(log["actions"][1]["action_status"], "error");
    assert!(log["actions"][1]["reason"].as_str().unwrap().contains("recipient 0"), "{}", log["actions"][1]["reason"]);
    endpoint.expect(track("E", "u", "m", json!({"to": "u"})), &["executed"]).await;
    let log = server.last_log("segment").await;
    assert_eq!(log["resumes"], first["events"][0]["id"]);
    assert_eq!(log["actions"].as_array().unwrap().len(), 1);
    assert_eq!(log["actions"][0]["action_parameters"]["key"], "bad");
    assert!(!log["warnings"].as_array().unwrap().is_empty(), "the data differ");
    endpoint.expect(track("E", "u", "m", json!({"to": "u"})), &["replayed"]).await;
    let key = server.api_key("development").await;
    let mut workflows: Vec<_> =
        server.all_runs(&key).await.iter().map(|run| run["workflow"].as_str().unwrap().to_owned()).collect();
    workflows.sort();
    assert_eq!(workflows, ["bad", "good"]);
}

#[tokio::test]
async fn an_invalid_key_is_dropped_and_the_event_processed() {
    let server = Server::start().await;
    let mappings = json!([trigger("k", json!({"id": "user_id"}))]);
    let endpoint = server.source("segment", "segment", json!({"enforce_idempotency": true}), mappings).await;
    let with_key =
        |key: serde_json::Value| json!({"type": "track", "event": "E", "userId": "u", "messageId": key}).to_string();
    let long = "é".repeat(256);
    for key in [json!(7), json!({"a": 1}), json!(long), json!("a\u{0}b"), json!(""), json!(null)] {
        for _ in 0..2 {
            endpoint.expect(with_key(key.clone()), &["executed"]).await;
            assert_eq!(server.last_log("segment").await["idempotency_key"], json!(null), "{key}");
        }
    }
    let longest = json!("😀".repeat(255));
    endpoint.expect(with_key(longest.clone()), &["executed"]).await;
    endpoint.expect(with_key(longest), &["replayed"]).await;
}

#[tokio::test]
async fn the_window_is_counted_from_the_execution() {
    let server = Server::start().await;
    let settings = json!({"enforce_idempotency": true, "idempotency_window_seconds": 2});
    let endpoint = server.source("segment", "segment", settings, json!([trigger("k", json!({"id": "user_id"}))])).await;
    let body = track("E", "u", "m", json!({}));
    endpoint.expect(body.clone(), &["executed"]).await;
    let started = std::time::Instant::now();
    endpoint.expect(body.clone(), &["replayed"]).await;
    // A duplicate does not extend the window: send until the key executes again.
    loop {
        let answer = endpoint.send(body.clone()).await;
        if answer["events"][0]["outcome"] == "executed" {
            break;
        }
        assert!(started.elapsed().as_secs() < 20);
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    assert!(started.elapsed().as_millis() >= 1500, "not before the window ended");
}
