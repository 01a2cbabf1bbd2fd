//! A plugin that misbehaves: the typed cause in the log, 200, and the next request fine.

use std::time::Duration;

use inlet_system_tests::{Endpoint, Server, ServerOptions, plugin_file, read_json, track};
use serde_json::{Value, json};
use tempfile::TempDir;

async fn hostile() -> (TempDir, Server, Endpoint) {
    let dir = TempDir::new().unwrap();
    std::fs::copy(plugin_file("inlet__hostile.wasm"), dir.path().join("hostile.wasm")).unwrap();
    let options = ServerOptions::default().arg("--plugins-dir").arg(dir.path().display().to_string());
    let server = Server::start_with(options).await;
    let endpoint = server.source("hostile", "inlet/hostile", json!({}), json!([])).await;
    (dir, server, endpoint)
}

async fn ask(server: &Server, endpoint: &Endpoint, how: &str) -> (u16, Value) {
    let response = server.client.post(format!("{}{how}", endpoint.url)).body("{}").send().await.unwrap();
    (response.status().as_u16(), read_json(response).await)
}

#[tokio::test]
async fn a_plugin_that_runs_into_a_limit_is_answered_200_and_its_request_kept() {
    let options = ServerOptions::default().env("INLET_MAX_SANDBOX_MEMORY", (4 << 20).to_string());
    let server = Server::start_with(options).await;
    let endpoint = server.source("segment", "segment", json!({}), json!([])).await;
    let body = track("Big", "u", "m", json!({"pad": "p".repeat(6 << 20)}));
    let answer = endpoint.expect(body.clone(), &["failed"]).await;
    assert!(answer["events"][0]["reason"].as_str().unwrap().contains("memory"), "{answer}");
    let path =
        format!("/v1/sources/segment/logs?environment=development&id={}", answer["events"][0]["id"].as_str().unwrap());
    let log = server.get(&path).await["entries"][0].clone();
    assert_eq!((&log["code"], &log["original"]), (&json!("memory"), &serde_json::from_str(&body).unwrap()));
    endpoint.expect(track("Small", "u", "m", json!({})), &["logged"]).await;
}

#[tokio::test]
async fn a_plugin_whose_platform_reads_the_answer_is_500_and_nothing_is_executed() {
    let (_dir, server, endpoint) = hostile().await;
    for (how, code) in [
        ("/loop", "time"),
        ("/memory", "memory"),
        ("/lift", "lifted"),
        ("/items", "shape"),
        ("/abort", "trap"),
        ("/deep-recursion", "trap"),
    ] {
        let (status, answer) = ask(&server, &endpoint, how).await;
        assert_eq!((status, &answer["code"]), (500, &json!("plugin_failed")), "{how}: {answer}");
        let log = server.last_log("hostile").await;
        assert_eq!(log["outcome"], "failed");
        assert_eq!(log["code"], code, "{how}: {log}");
        assert!(log["reason"].as_str().unwrap().starts_with("the plugin failed: "), "{}", log["reason"]);
        assert_eq!(log["original"], json!({}), "what came is kept");
        let (status, answer) = ask(&server, &endpoint, "/ok").await;
        assert_eq!((status, &answer["outcomes"][0]["status"]), (200, &json!("logged")), "after {how}: {answer}");
    }
    let metrics = server.client.get(format!("{}/metrics", server.admin)).send().await.unwrap().text().await.unwrap();
    assert!(metrics.contains(r#"inlet_plugin_faults_total{source="hostile",environment="development",plugin="inlet/hostile",cause="time"} 1"#), "{metrics}");
}

#[tokio::test]
async fn a_looping_plugin_does_not_hold_up_other_sources() {
    let (_dir, server, endpoint) = hostile().await;
    let other = server.source("segment", "segment", json!({}), json!([])).await;
    let looping: Vec<_> = (0..8)
        .map(|_| {
            let request = server.client.post(format!("{}/loop", endpoint.url)).body("{}");
            tokio::spawn(async move { request.send().await.unwrap().status().as_u16() })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let mut served = 0;
    while looping.iter().any(|request| !request.is_finished()) {
        other.expect(track("E", "u", &format!("m{served}"), json!({})), &["logged"]).await;
        served += 1;
    }
    assert!(served >= 10, "only {served} requests were served while plugins looped");
    for request in looping {
        assert_eq!(request.await.unwrap(), 500);
    }
}

#[tokio::test]
async fn one_requests_sandbox_never_sees_anothers() {
    let (_dir, server, endpoint) = hostile().await;
    for _ in 0..20 {
        let (_, answer) = ask(&server, &endpoint, "/memory-of-earlier").await;
        assert_eq!(answer["outcomes"][0]["status"], "logged", "{answer}");
    }
    let types: std::collections::BTreeSet<_> =
        server.logs("hostile").await.iter().map(|log| log["event_type"].as_str().unwrap().to_owned()).collect();
    assert_eq!(types.len(), 1, "a counter in the plugin's memory went on: {types:?}");
}

#[tokio::test]
async fn what_a_plugin_logs_is_in_the_event_log_of_that_request() {
    let (_dir, server, endpoint) = hostile().await;
    ask(&server, &endpoint, "/log-flood").await;
    let logs = server.last_log("hostile").await["logs"].as_array().unwrap().clone();
    assert!(logs.len() > 1 && logs.len() <= 101, "{}", logs.len());
    assert!(logs.last().unwrap()["message"].as_str().unwrap().contains("dropped"));
    assert!(!server.log().contains(logs[0]["message"].as_str().unwrap()), "guest text stays out of the server's log");
}
