//! The same signed bytes again: answered like the first time, and nothing runs (semantics.md §3.2).

use inlet_system_tests::{Endpoint, Server, ServerOptions, platform_plugin, read_json};
use reqwest::Response;
use serde_json::{Value, json};

use super::{
    author_tool::Tool,
    signatures::{SECRET, now, signature, signed_source},
};

const BODY: &str = r#"{"type":"invoice.paid","timestamp":"2026-01-02T03:04:05Z","data":{"id":"u_1"}}"#;

/// Starts a server with a source of signed webhooks whose answers the server writes.
async fn standard_source(settings: Value, mappings: Value) -> (Server, Endpoint) {
    let server = Server::start().await;
    Tool::of(&server).printed(&["add", platform_plugin("inlet__standard-webhooks.wasm").to_str().unwrap()]);
    let endpoint = put(&server, settings, mappings).await;
    (server, endpoint)
}

async fn put(server: &Server, settings: Value, mappings: Value) -> Endpoint {
    let mut all = json!({"signing_secret": SECRET, "enforce_idempotency": false});
    all.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    server.source("signed", "inlet/standard-webhooks", all, mappings).await
}

/// Sends a request under headers of one family, signed with this id at this time.
async fn send_as(endpoint: &Endpoint, family: &str, id: &str, at: i64, body: &str) -> Response {
    let request = endpoint.post(body.to_owned());
    let request = request.header(format!("{family}-id"), id).header(format!("{family}-timestamp"), at.to_string());
    request.header(format!("{family}-signature"), signature(SECRET, id, at, body)).send().await.unwrap()
}

async fn send(endpoint: &Endpoint, id: &str, at: i64, body: &str) -> (u16, Value) {
    let response = send_as(endpoint, "webhook", id, at, body).await;
    (response.status().as_u16(), read_json(response).await)
}

#[tokio::test]
async fn the_same_bytes_again_get_the_first_ids_and_nothing_runs() {
    let mappings = json!([{"event_type": "invoice.paid", "action_type": "workflows_trigger",
        "action_parameters": {"key": "k", "recipients": {"id": "data.id"}}}]);
    let (server, endpoint) = standard_source(json!({}), mappings).await;
    let at = now();
    let (status, first) = send(&endpoint, "msg_1", at, BODY).await;
    assert_eq!((status, &first["events"][0]["outcome"]), (200, &json!("executed")));
    for _ in 0..2 {
        let (status, again) = send(&endpoint, "msg_1", at, BODY).await;
        let event = json!({"id": first["events"][0]["id"], "event_type": "invoice.paid", "outcome": "replayed"});
        assert_eq!((status, again), (200, json!({"events": [event]})));
    }
    let log = server.last_log("signed").await;
    assert_eq!(
        (&log["id"], &log["outcome"], &log["resends"]),
        (&first["events"][0]["id"], &json!("executed"), &json!(2))
    );
    let (_, fresh) = send(&endpoint, "msg_1", at + 1, BODY).await;
    assert_eq!(fresh["events"][0]["outcome"], "executed", "another signed time is another request");
    let key = server.api_key("development").await;
    assert_eq!((server.logs("signed").await.len(), server.all_runs(&key).await.len()), (2, 2));
    let refused = server.get("/v1/sources/signed/refused?environment=development").await;
    assert_eq!(refused["entries"], json!([]));
}

#[tokio::test]
async fn what_failed_the_first_time_runs_again_and_is_repaired() {
    let broken = json!([{"event_type": "invoice.paid", "action_type": "workflows_trigger",
        "action_parameters": {"key": "k", "recipients": "data.nobody"}}]);
    let (server, endpoint) = standard_source(json!({}), broken).await;
    let at = now();
    let (status, first) = send(&endpoint, "msg_1", at, BODY).await;
    assert_eq!((status, &first["events"][0]["outcome"]), (200, &json!("failed")));
    let mappings = json!([{"event_type": "invoice.paid", "action_type": "workflows_trigger",
        "action_parameters": {"key": "k", "recipients": {"id": "data.id"}}}]);
    put(&server, json!({}), mappings).await;
    let (_, second) = send(&endpoint, "msg_1", at, BODY).await;
    assert_eq!(second["events"][0]["outcome"], "executed");
    assert_ne!(second["events"][0]["id"], first["events"][0]["id"]);
    let (_, third) = send(&endpoint, "msg_1", at, BODY).await;
    let event = json!({"id": second["events"][0]["id"], "event_type": "invoice.paid", "outcome": "replayed"});
    assert_eq!(third["events"], json!([event]));
    let status = server.get("/v1/sources/signed/status?environment=development").await;
    assert_eq!(status["needs_attention"]["count"], 0, "the second run repaired the first");
    assert_eq!(server.last_log("signed").await["rerun_of"], first["events"][0]["id"]);
}

#[tokio::test]
async fn a_plugin_that_writes_the_answer_gets_the_first_ids() {
    let (_server, endpoint, _plugins) = signed_source(ServerOptions::default()).await;
    let at = now();
    let (_, first) = send(&endpoint, "msg_1", at, "{}").await;
    assert_eq!(first["outcomes"][0]["status"], "logged", "{first}");
    let (status, again) = send(&endpoint, "msg_1", at, "{}").await;
    let outcome = json!({"index": 0, "status": "replayed", "id": first["outcomes"][0]["id"]});
    assert_eq!((status, again), (200, json!({"memo": "{}", "outcomes": [outcome]})));
}

#[tokio::test]
async fn an_answer_of_5xx_is_not_the_first_answer() {
    let (server, endpoint, _plugins) = signed_source(ServerOptions::default()).await;
    let at = now();
    // The body selects what the plugin does when it writes the answer, after the commit.
    assert_eq!(send_as(&endpoint, "webhook", "msg_1", at, "abort").await.status(), 500);
    assert_eq!(send_as(&endpoint, "webhook", "msg_1", at, "abort").await.status(), 500);
    let outcomes: Vec<_> = server.logs("signed").await.iter().map(|log| log["outcome"].clone()).collect();
    assert_eq!(outcomes, ["logged", "logged"], "the second time it is a new request");
}

#[tokio::test]
async fn an_id_with_a_dot_is_legal() {
    let (_server, endpoint) = standard_source(json!({}), json!([])).await;
    let at = now();
    for id in ["msg.1", "com.example.42", "1.2.3"] {
        assert_eq!(send(&endpoint, id, at, BODY).await.0, 200, "{id}");
    }
    let moved = format!("msg_1.{at}");
    assert_eq!(send(&endpoint, &moved, at, BODY).await.0, 401, "a part of it could be the time");
}

#[tokio::test]
async fn the_headers_of_the_signature_are_chosen_by_the_source() {
    let (server, endpoint) = standard_source(json!({}), json!([])).await;
    let at = now();
    let taken = async |family: &str, id: &str| send_as(&endpoint, family, id, at, BODY).await.status().as_u16() == 200;
    assert!(taken("webhook", "m1").await && !taken("svix", "m2").await, "the plugin's own");
    let settings = async |chosen: &str| {
        put(&server, json!({"verification_headers": chosen}), json!([])).await;
        let source = server.get("/v1/sources/signed?environment=development").await;
        assert_eq!(source["environment_settings"]["development"]["settings"]["verification_headers"], chosen);
    };
    settings("svix").await;
    assert!(!taken("webhook", "m3").await && taken("svix", "m4").await);
    let log = server.last_log("signed").await;
    assert_eq!((&log["idempotency_key"], &log["headers"]["webhook-id"]), (&json!("m4"), &json!("m4")), "{log}");
    settings("either").await;
    assert!(taken("webhook", "m5").await && taken("svix", "m6").await);
    let mixed = endpoint.post(BODY).header("svix-id", "m7").header("svix-timestamp", at.to_string());
    let mixed = mixed.header("webhook-signature", signature(SECRET, "m7", at, BODY)).send().await.unwrap();
    assert_eq!(mixed.status(), 401, "one family is read, not parts of both");
    let rehearsal = json!({"payload": {"type": "t", "data": {}}, "sign": true});
    let path = "/v1/sources/signed/rehearse?environment=development";
    settings("svix").await;
    let rehearsed = read_json(server.manage(reqwest::Method::POST, path).json(&rehearsal).send().await.unwrap()).await;
    assert_eq!(rehearsed["verification"]["status"], "verified", "{rehearsed}");
}
