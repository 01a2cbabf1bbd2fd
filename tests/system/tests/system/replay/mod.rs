//! Replay of failed, rejected and refused entries, each at most once (semantics.md §3 and §4).

mod entries;
mod jobs;
mod refused;
mod retries;

use std::{collections::BTreeMap, time::Duration};

use inlet_system_tests::{Server, read_json};
use reqwest::Method;
use serde_json::{Value, json};

fn trigger(key: &str, recipients: Value) -> Value {
    json!({"event_type": "E", "action_type": "workflows_trigger",
        "action_parameters": {"key": key, "recipients": recipients, "data": "data"}})
}

/// POSTs with the management token, and returns the status and the answer.
async fn post(server: &Server, path: &str, body: Value) -> (u16, Value) {
    let response = server.manage(Method::POST, path).json(&body).send().await.unwrap();
    (response.status().as_u16(), read_json(response).await)
}

/// Replays one entry and expects 200.
async fn replay(server: &Server, source: &str, id: &Value, body: Value) -> Value {
    let path = format!("/v1/sources/{source}/logs/{}/replay?environment=development", id.as_str().unwrap());
    let (status, answer) = post(server, &path, body).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

async fn entry(server: &Server, source: &str, id: &Value) -> Value {
    let path = format!("/v1/sources/{source}/logs?environment=development&id={}", id.as_str().unwrap());
    server.get(&path).await["entries"][0].clone()
}

/// Starts a replay and waits for its end.
async fn replay_all(server: &Server, source: &str, body: Value) -> Value {
    let (status, begun) = post(server, &format!("/v1/sources/{source}/replays?environment=development"), body).await;
    assert_eq!((status, &begun["state"]), (202, &json!("running")), "{begun}");
    ended(server, source, &begun["id"]).await
}

async fn ended(server: &Server, source: &str, id: &Value) -> Value {
    let path = format!("/v1/sources/{source}/replays/{}?environment=development", id.as_str().unwrap());
    for _ in 0..1200 {
        let replay = server.get(&path).await;
        if replay["state"] != "running" {
            return replay;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the replay did not end: {}", server.get(&path).await);
}

/// Returns the counts by `kind:cause` that need attention in `development`.
async fn attention(server: &Server, source: &str) -> BTreeMap<String, i64> {
    let status = server.get(&format!("/v1/sources/{source}/status?environment=development")).await;
    let causes = status["needs_attention"]["causes"].as_array().unwrap().clone();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let counts: BTreeMap<String, i64> = causes
        .iter()
        .map(|cause| (format!("{}:{}", text(&cause["kind"]), text(&cause["cause"])), cause["count"].as_i64().unwrap()))
        .collect();
    assert_eq!(status["needs_attention"]["count"], counts.values().sum::<i64>());
    assert!(causes.iter().all(|cause| text(&cause["what_to_do"]).len() > 20));
    counts
}

fn counts<const N: usize>(counts: [(&str, i64); N]) -> BTreeMap<String, i64> {
    counts.into_iter().map(|(cause, count)| (cause.to_owned(), count)).collect()
}

async fn has_metric(server: &Server, line: &str) {
    let mut metrics = String::new();
    for _ in 0..100 {
        metrics = server.client.get(format!("{}/metrics", server.admin)).send().await.unwrap().text().await.unwrap();
        if metrics.lines().any(|found| found == line) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{line} is not in\n{metrics}");
}
