//! Triggers that wait for recipients who are not identified yet, through a restart and a kill too.

use std::time::Duration;

use inlet_system_tests::{Endpoint, Server, ServerOptions, track};
use serde_json::{Value, json};

const IDENTIFY: &str = r#"{"type":"identify","userId":"u_1","traits":{"email":"ann@example.com"}}"#;

fn settings() -> Value {
    json!({"handle_identifies": true, "enforce_idempotency": true})
}

fn mappings(unidentified: Value) -> Value {
    json!([{"event_type": "Signed Up", "action_type": "workflows_trigger", "action_parameters": {
        "key": "welcome", "recipients": "data.to", "data": {"plan": "data.plan"}, "unidentified": unidentified}}])
}

async fn source(server: &Server, unidentified: Value) -> Endpoint {
    server.source("segment", "segment", settings(), mappings(unidentified)).await
}

fn signed_up(message: &str, to: Value) -> String {
    track("Signed Up", "u_1", message, json!({"to": to, "plan": "pro"}))
}

const NEWEST: &str = "/v1/sources/segment/logs?environment=development&event=Signed%20Up&include=actions";

/// The result of the only action of the first event in a list, once it is as wanted.
async fn result_when(server: &Server, list: &str, is_reached: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..300 {
        let result = server.get(list).await["entries"][0]["actions"][0]["action_result"].clone();
        if is_reached(&result) {
            return result;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the waits were not ended in 15 seconds")
}

async fn restart(mut server: Server) -> (Server, Option<tempfile::TempDir>) {
    server.kill();
    let (dir, data_dir) = server.take_data_dir();
    (Server::start_with(ServerOptions { data_dir: Some(data_dir), ..ServerOptions::default() }).await, dir)
}

#[tokio::test]
async fn a_sign_up_before_its_identify_reaches_the_user_once() {
    let server = Server::start().await;
    let endpoint = source(&server, json!("wait")).await;
    let key = server.api_key("development").await;
    endpoint.expect(signed_up("m-1", json!(["u_1", "u_2"])), &["executed"]).await;
    // A resend parks nothing twice.
    endpoint.expect(signed_up("m-1", json!(["u_1", "u_2"])), &["replayed"]).await;
    assert!(server.all_runs(&key).await.is_empty());
    let logs = server.get("/v1/sources/segment/logs?environment=development&outcome=executed&include=actions").await;
    let action = &logs["entries"][0]["actions"][0];
    let waiting = json!({"workflow_run_id": null, "recipients": [], "skipped_recipients": [],
        "waiting_recipients": [{"id": "u_1"}, {"id": "u_2"}]});
    assert_eq!((&action["action_status"], &action["action_result"]), (&json!("success"), &waiting));
    let found = server.get("/v1/sources/segment/logs?environment=development&recipient=u_2").await;
    assert_eq!(found["entries"].as_array().unwrap().len(), 1);

    endpoint.expect(IDENTIFY, &["executed"]).await;
    let runs = server.all_runs(&key).await;
    assert_eq!(runs.len(), 1, "{runs:?}");
    assert_eq!((&runs[0]["workflow"], &runs[0]["data"]), (&json!("welcome"), &json!({"plan": "pro"})));
    assert_eq!((&runs[0]["recipients_count"], &runs[0]["recipients"][0]["id"]), (&json!(1), &json!("u_1")));
    assert_eq!(runs[0]["source_event_id"], logs["entries"][0]["id"]);
    endpoint.expect(IDENTIFY, &["executed"]).await;
    endpoint.expect(signed_up("m-1", json!(["u_1", "u_2"])), &["replayed"]).await;
    assert_eq!(server.all_runs(&key).await.len(), 1);

    let executed =
        "/v1/sources/segment/logs?environment=development&event=Signed%20Up&outcome=executed&include=actions";
    let result = result_when(&server, executed, |result| result["released_recipients"].is_array()).await;
    assert_eq!(result["waiting_recipients"], json!([{"id": "u_2"}]));
    assert_eq!(result["released_recipients"], json!([{"id": "u_1", "workflow_run_id": runs[0]["id"]}]));
}

#[tokio::test]
async fn after_its_time_a_recipient_is_skipped_and_logged() {
    let server = Server::start().await;
    let endpoint = source(&server, json!({"wait_seconds": 1})).await;
    let key = server.api_key("development").await;
    endpoint.expect(signed_up("m-1", json!("u_1")), &["executed"]).await;
    let result = result_when(&server, NEWEST, |result| result["waiting_recipients"] == json!([])).await;
    let skipped = json!([{"id": "u_1", "reason": "not identified in the time that the trigger waits"}]);
    assert_eq!(result["skipped_recipients"], skipped);
    let status = server.get("/v1/sources/segment/status?environment=development").await;
    assert_eq!(status["skipped_recipients"], json!({"count": 1, "last_ids": ["u_1"]}));
    endpoint.expect(IDENTIFY, &["executed"]).await;
    assert!(server.all_runs(&key).await.is_empty());
}

#[tokio::test]
async fn a_kill_at_any_moment_loses_and_doubles_no_run() {
    let server = Server::start().await;
    let endpoint = source(&server, json!("wait")).await;
    // More triggers wait than one transaction releases, so that the job creates some of the runs.
    for message in 0..120 {
        endpoint.expect(signed_up(&format!("m-{message}"), json!("u_1")), &["executed"]).await;
    }
    let (server, _first) = restart(server).await;
    let source = server.get("/v1/sources/segment?environment=development").await;
    server.endpoint_of(&source, "development").expect(IDENTIFY, &["executed"]).await;
    let (server, _second) = restart(server).await;
    let key = server.api_key("development").await;
    for _ in 0..300 {
        if server.all_runs(&key).await.len() >= 120 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    result_when(&server, NEWEST, |result| result["waiting_recipients"] == json!([])).await;
    let runs = server.all_runs(&key).await;
    let mut events: Vec<&str> = runs.iter().map(|run| run["source_event_id"].as_str().unwrap()).collect();
    events.sort_unstable();
    events.dedup();
    assert_eq!((runs.len(), events.len()), (120, 120));
    let source = server.get("/v1/sources/segment?environment=development").await;
    server.endpoint_of(&source, "development").expect(IDENTIFY, &["executed"]).await;
    assert_eq!(server.all_runs(&key).await.len(), 120);
}

#[tokio::test]
async fn a_trigger_with_many_recipients_is_split_if_its_mapping_says_so() {
    let server = Server::start().await;
    let mappings = json!([{"event_type": "News", "action_type": "workflows_trigger", "action_parameters": {
        "key": "news", "recipients": "data.to", "data": {"value": {}}, "on_overflow": "split"}}]);
    let endpoint = server.source("segment", "segment", settings(), mappings).await;
    let to: Vec<Value> = (0..2001).map(|number| json!({"id": format!("u_{number}")})).collect();
    let body = track("News", "u_1", "m-1", json!({"to": to}));
    endpoint.expect(body.clone(), &["executed"]).await;
    endpoint.expect(body, &["replayed"]).await;
    let key = server.api_key("development").await;
    let runs = server.all_runs(&key).await;
    let mut counts: Vec<u64> = runs.iter().map(|run| run["recipients_count"].as_u64().unwrap()).collect();
    counts.sort_unstable();
    assert_eq!(counts, [1, 1000, 1000]);
    let logs = server.get("/v1/sources/segment/logs?environment=development&outcome=executed&include=actions").await;
    let mut named = logs["entries"][0]["actions"][0]["action_result"]["workflow_run_ids"].as_array().unwrap().clone();
    let mut ids: Vec<Value> = runs.iter().map(|run| run["id"].clone()).collect();
    named.sort_by_key(Value::to_string);
    ids.sort_by_key(Value::to_string);
    assert_eq!(named, ids);
    let refused = json!({"name": "s", "preconfigured_provider": "segment", "environment_settings": {"development": {
        "mappings": [{"event_type": "News", "action_type": "workflows_trigger",
            "action_parameters": {"key": "news", "on_overflow": "drop"}}]}}});
    let (status, answer) = server.try_put_source("segment", "development", refused).await;
    assert_eq!(status, 422, "{answer}");
    assert!(answer.to_string().contains("action_parameters.on_overflow"), "{answer}");
}
