//! The browser SDKs of Segment and RudderStack in Chromium, straight at an endpoint of another origin.

use std::{net::TcpListener, time::Duration};

use inlet_system_tests::{Endpoint, Server};
use serde_json::{Value, json};

use super::{
    clients::{is_installed, run},
    toolchains::{is_there, skipped},
};

const KEY: &str = "browser-write-key";

/// Returns false, and says so, if there is no browser.
fn has_browser() -> bool {
    let is_there = is_there("chromium-headless-shell");
    if !is_there {
        skipped("the browser SDKs", "chromium-headless-shell is not there");
    }
    is_there && is_installed()
}

/// Returns a port that nobody listens at, for the page.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Lets a page send with an SDK, and returns what the page could read.
fn send(sdk: &str, endpoint: &Endpoint, key: &str, port: u16) -> Vec<Value> {
    serde_json::from_str(&run("browser.mjs", &[sdk, &endpoint.url, key, &port.to_string()])).unwrap()
}

/// Waits for so many log entries of a source, and returns them, the oldest first.
async fn logs(server: &Server, key: &str, number: usize) -> Vec<Value> {
    for _ in 0..200 {
        let mut logs = server.logs(key).await;
        if logs.len() >= number {
            logs.reverse();
            return logs;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{:?}", server.logs(key).await);
}

/// Sends from an allowed origin, from another one, and with another key.
async fn sends_from_a_page(provider: &str, sdk: &str, read: Value) {
    if !has_browser() {
        return;
    }
    let server = Server::start().await;
    let port = free_port();
    let settings = json!({
        "write_key": KEY, "handle_identifies": true, "allowed_origins": [format!("http://127.0.0.1:{port}")],
    });
    let endpoint = server.source("web", provider, settings, json!([])).await;
    assert_eq!(Value::Array(send(sdk, &endpoint, KEY, port)), read, "{sdk}");
    let logs = logs(&server, "web", 4).await;
    let mut types: Vec<&str> = logs.iter().map(|log| log["event_type"].as_str().unwrap()).collect();
    types.sort_unstable();
    assert_eq!(types, ["identify", "page/Home", "track/Order Completed", "track/Order Refunded"], "{sdk}");
    for log in &logs {
        assert_eq!(
            (&log["verification_status"], &log["user_id"]),
            (&json!("enforced:write_key"), &json!("u_1")),
            "{log}"
        );
        assert!(!log.to_string().contains(KEY), "{log}");
    }
    assert!(server.user_text("u_1").await.unwrap().contains(r#""email":"ana@example.com""#), "{sdk}");
}

#[tokio::test]
async fn segment_sends_each_call() {
    sends_from_a_page("segment", "segment", json!([200, 200, 200, 200])).await;
}

#[tokio::test]
async fn segment_sends_batches() {
    sends_from_a_page("segment", "segment-batch", json!([200])).await;
}

#[tokio::test]
async fn rudderstack_sends_each_call_after_a_preflight() {
    sends_from_a_page("rudderstack", "rudderstack", json!([200, 200, 200, 200])).await;
}

#[tokio::test]
async fn rudderstack_sends_beacons() {
    sends_from_a_page("rudderstack", "rudderstack-beacon", json!(["beacon"])).await;
}

#[tokio::test]
async fn a_page_reads_a_refusal_and_nothing_where_its_origin_is_not_allowed() {
    if !has_browser() {
        return;
    }
    let server = Server::start().await;
    let settings = json!({"write_key": KEY, "allowed_origins": ["*"]});
    let endpoint = server.source("web", "rudderstack", settings.clone(), json!([])).await;
    let read = send("rudderstack", &endpoint, "another-key", free_port());
    assert!(!read.is_empty() && read.iter().all(|status| *status == 401), "{read:?}");
    for origins in [json!(["https://app.example.com"]), json!([])] {
        let settings = json!({"allowed_origins": origins});
        let endpoint = server.source("web", "rudderstack", settings, json!([])).await;
        let read = send("rudderstack", &endpoint, KEY, free_port());
        assert!(!read.is_empty() && read.iter().all(|status| *status == "error"), "{origins}: {read:?}");
    }
    assert!(server.logs("web").await.is_empty(), "the preflight failed, so nothing was sent");
}
