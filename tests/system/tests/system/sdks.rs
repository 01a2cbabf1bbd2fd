//! The official SDKs and signing libraries of platforms against the real server (`tests/system/clients`).

use inlet_system_tests::{Endpoint, Server, platform_plugin};
use serde_json::{Value, json};

use super::author_tool::Tool;
use super::clients::{self, is_installed, run};

/// Starts a server with a plugin.
async fn start(provider: &str) -> Server {
    let server = Server::start().await;
    if let Some(name) = provider.strip_prefix("inlet/") {
        Tool::of(&server).printed(&["add", platform_plugin(&format!("inlet__{name}.wasm")).to_str().unwrap()]);
    }
    server
}

async fn source(server: &Server, key: &str, provider: &str) -> Endpoint {
    let settings = json!({"handle_identifies": true, "enforce_idempotency": true});
    server.source(key, provider, settings, json!([])).await
}

/// Returns a member of all log entries, the oldest first.
async fn logged(server: &Server, key: &str, member: &str) -> Vec<Value> {
    server.logs(key).await.iter().rev().map(|log| log[member].clone()).collect()
}

/// Sends the same three calls twice. They arrive with all that they hold, and the second time nothing happens again.
async fn sends_three_calls(provider: &str, script: &str, more: &[&str]) {
    if !is_installed() {
        return;
    }
    let server = start(provider).await;
    let endpoint = source(&server, "sdk", provider).await;
    let arguments: Vec<&str> = std::iter::once(endpoint.url.as_str()).chain(more.iter().copied()).collect();
    run(script, &arguments);
    let types = logged(&server, "sdk", "event_type").await;
    assert_eq!(types, ["identify", "track/Order Completed", "track/Order Refunded"], "{script}");
    assert_eq!(logged(&server, "sdk", "idempotency_key").await, ["m-1", "m-2", "m-3"], "{script}");
    assert_eq!(logged(&server, "sdk", "user_id").await, ["u_1", "u_1", "u_1"], "{script}");
    assert_eq!(logged(&server, "sdk", "outcome").await, ["executed", "logged", "logged"], "{script}");
    assert_eq!(logged(&server, "sdk", "data").await[1], json!({"total": 39.5}), "{script}");
    assert_eq!(logged(&server, "sdk", "warnings").await, [json!([]), json!([]), json!([])], "{script}");
    assert!(server.user_text("u_1").await.unwrap().contains(r#""email":"ana@example.com""#), "{script}");

    run(script, &arguments);
    let outcomes = logged(&server, "sdk", "outcome").await;
    assert_eq!(outcomes, ["executed", "logged", "logged", "replayed", "logged", "logged"], "{script}");
}

#[tokio::test]
async fn rudderstack_for_node() {
    sends_three_calls("rudderstack", "rudderstack_node.mjs", &["gzip"]).await;
    sends_three_calls("rudderstack", "rudderstack_node.mjs", &["plain"]).await;
}

#[tokio::test]
async fn rudderstack_for_python() {
    sends_three_calls("rudderstack", "rudderstack_python.py", &["gzip"]).await;
    sends_three_calls("rudderstack", "rudderstack_python.py", &["plain"]).await;
}

#[tokio::test]
async fn segment_for_node() {
    sends_three_calls("segment", "segment_node.mjs", &[]).await;
}

#[tokio::test]
async fn segment_for_python() {
    sends_three_calls("segment", "segment_python.py", &["gzip"]).await;
    sends_three_calls("segment", "segment_python.py", &["plain"]).await;
}

/// Sends the calls with the SDK's own write key to a source that takes this key and no signature, and to one with another.
async fn sends_its_write_key(provider: &str, script: &str, more: &[&str]) {
    if !is_installed() {
        return;
    }
    let server = start(provider).await;
    let endpoint = server.source("sdk", provider, json!({"write_key": "write-key"}), json!([])).await;
    let arguments: Vec<&str> = std::iter::once(endpoint.url.as_str()).chain(more.iter().copied()).collect();
    run(script, &arguments);
    let statuses = logged(&server, "sdk", "verification_status").await;
    assert_eq!(statuses, ["enforced:write_key", "enforced:write_key", "enforced:write_key"], "{script}");
    assert!(!json!(server.logs("sdk").await).to_string().contains("write-key"), "{script}");

    let other = server.source("other", provider, json!({"write_key": "another-key"}), json!([])).await;
    let arguments: Vec<&str> = std::iter::once(other.url.as_str()).chain(more.iter().copied()).collect();
    clients::script(script, &arguments).try_run();
    assert_eq!(logged(&server, "other", "id").await, [""; 0], "{script}");
    let refused = server.get("/v1/sources/other/refused?environment=development").await;
    let causes: Vec<&Value> = refused["entries"].as_array().unwrap().iter().map(|entry| &entry["cause"]).collect();
    assert!(!causes.is_empty() && causes.iter().all(|cause| **cause == "wrong_write_key"), "{script}: {causes:?}");
}

#[tokio::test]
async fn write_keys_of_rudderstacks_sdks() {
    sends_its_write_key("rudderstack", "rudderstack_node.mjs", &["gzip"]).await;
    sends_its_write_key("rudderstack", "rudderstack_python.py", &["gzip"]).await;
}

#[tokio::test]
async fn write_keys_of_segments_sdks() {
    sends_its_write_key("segment", "segment_node.mjs", &[]).await;
    sends_its_write_key("segment", "segment_python.py", &["plain"]).await;
}

/// An SDK sends its envelopes to whatever source its operator chose.
#[tokio::test]
async fn an_envelope_at_every_source_of_segments_family() {
    for provider in ["http", "hightouch", "census", "inlet/jitsu", "inlet/posthog"] {
        sends_three_calls(provider, "segment_python.py", &["gzip"]).await;
    }
}

/// Its SDK makes the message ids itself, and sends each call in a request of its own.
#[tokio::test]
async fn jitsu() {
    if !is_installed() {
        return;
    }
    let server = start("inlet/jitsu").await;
    let endpoint = source(&server, "sdk", "inlet/jitsu").await;
    run("jitsu.mjs", &[&endpoint.url]);
    let mut types: Vec<String> = Vec::new();
    let mut keys: Vec<String> = Vec::new();
    for log in server.logs("sdk").await.iter().rev() {
        types.push(log["event_type"].as_str().unwrap().to_owned());
        keys.push(log["idempotency_key"].as_str().unwrap().to_owned());
        assert_eq!(log["user_id"], "u_1", "{log}");
    }
    assert_eq!(types, ["identify", "track/Order Completed", "track/Order Refunded"]);
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 3, "{keys:?}");
    assert_eq!(logged(&server, "sdk", "data").await[1]["total"], 39.5);
    assert!(server.user_text("u_1").await.unwrap().contains(r#""email":"ana@example.com""#));
}

/// Posts a body that a library signed with the endpoint's secret, and one that it signed with another.
async fn signs(library: &str, provider: &str, [secret, other]: [&str; 2], body: &str) -> Value {
    let server = start(provider).await;
    let endpoint = server.source("signed", provider, json!({"signing_secret": secret}), json!([])).await;
    assert_eq!(run("sign.mjs", &[library, &endpoint.url, other, body]).trim(), "401", "{library}");
    assert_eq!(run("sign.mjs", &[library, &endpoint.url, secret, body]).trim(), "200", "{library}");
    let logs = server.logs("signed").await;
    assert_eq!(logs.len(), 1, "{library}");
    assert_eq!(logs[0]["verification_status"], "enforced:verified", "{library}");
    logs[0].clone()
}

const SECRETS: [&str; 2] = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"];

#[tokio::test]
async fn standard_webhooks() {
    if !is_installed() {
        return;
    }
    let body = r#"{"type":"invoice.paid","timestamp":"2026-01-02T03:04:06Z","data":{"total":39.50,"note":"naïve ☃"}}"#;
    let log = signs("standardwebhooks", "inlet/standard-webhooks", SECRETS, body).await;
    assert_eq!((&log["event_type"], &log["idempotency_key"]), (&json!("invoice.paid"), &json!("msg_1")));
}

#[tokio::test]
async fn svix() {
    if !is_installed() {
        return;
    }
    let body = r#"{"type":"user.created","object":"event","data":{"id":"user_1"},"timestamp":1767323045678}"#;
    let log = signs("svix", "inlet/clerk", SECRETS, body).await;
    let found = (&log["event_type"], &log["idempotency_key"], &log["user_id"]);
    assert_eq!(found, (&json!("user.created"), &json!("msg_1"), &json!("user_1")));
}

#[tokio::test]
async fn stripe() {
    if !is_installed() {
        return;
    }
    let body = r#"{"id":"evt_1","object":"event","type":"invoice.paid","created":1767323045,"data":{"object":{"id":"in_1","object":"invoice","customer":"cus_1"}}}"#;
    let log = signs("stripe", "inlet/stripe", SECRETS, body).await;
    let found = (&log["event_type"], &log["idempotency_key"], &log["user_id"]);
    assert_eq!(found, (&json!("invoice.paid"), &json!("evt_1"), &json!("cus_1")));
}

#[tokio::test]
async fn octokit() {
    if !is_installed() {
        return;
    }
    let body = r#"{"action":"opened","sender":{"id":583231,"login":"octocat"}}"#;
    let log = signs("octokit", "inlet/github", ["gh_secret", "another"], body).await;
    let found = (&log["event_type"], &log["idempotency_key"], &log["user_id"]);
    assert_eq!(found, (&json!("issues.opened"), &json!("72d3162e-cc78-11e3-81ab"), &json!("583231")));
}
