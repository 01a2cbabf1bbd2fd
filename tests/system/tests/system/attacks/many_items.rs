//! Small bodies with more items than the server takes: the request's fault, not the plugin's.

use std::time::{Duration, Instant};

use inlet_system_tests::{Server, track};
use serde_json::json;

/// More than the limit, in 50 KB.
const ITEMS: usize = 25_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_with_too_many_items_do_not_quarantine_the_plugin_of_others() {
    let server = Server::start().await;
    let mappings = json!([{"event_type": "E", "action_type": "workflows_trigger",
        "action_parameters": {"key": "k", "recipients": {"id": "user_id"}}}]);
    let endpoint = server.source("crm", "segment", json!({}), mappings).await;
    let attacked = endpoint.clone();
    let attack = tokio::spawn(async move {
        let body = format!("[{}]", vec!["0"; ITEMS].join(","));
        let mut sent = 0;
        loop {
            // The answer says that the request was not accepted, in the way that its platform wants to hear it.
            let status = attacked.post(body.clone()).send().await.unwrap().status();
            assert!(status == 200 || status == 413 || status == 503, "{status}");
            sent += 1;
            assert!(sent < 10_000);
            tokio::time::sleep(Duration::from_millis(160)).await;
        }
    });
    // A plugin is watched for ten seconds before it is quarantined.
    let start = Instant::now();
    let mut sent = 0;
    while start.elapsed() < Duration::from_secs(15) {
        endpoint.expect(track("E", "u", &format!("m{sent}"), json!({})), &["executed"]).await;
        sent += 1;
        tokio::time::sleep(Duration::from_millis(700)).await;
    }
    assert!(!attack.is_finished(), "the attack ended early");
    attack.abort();
    assert_eq!(server.notes("crm").await, "");
    let key = server.api_key("development").await;
    let runs = server.all_runs(&key).await;
    assert_eq!(runs.len(), sent);
}
