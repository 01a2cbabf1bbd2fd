//! A system's clock that jumps while the server runs, by libfaketime (semantics.md §7).

use std::{fs, time::Duration};

use inlet_system_tests::{Server, ServerOptions, track};
use reqwest::Method;
use serde_json::json;
use tempfile::TempDir;

use super::toolchains;

async fn metrics(server: &Server) -> String {
    server.client.get(format!("{}/metrics", server.admin)).send().await.unwrap().text().await.unwrap()
}

/// Returns the sum of the values of a metric's series that begin so.
async fn metric(server: &Server, series: &str) -> f64 {
    let text = metrics(server).await;
    let lines = text.lines().filter(|line| line.starts_with(series));
    lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
}

/// Wakes retention by changing a setting, and waits for the end of a run of it.
async fn run_retention(server: &Server, retention_days: u32) {
    const RUNS: &str = "inlet_job_runs_total{job=\"retention\"";
    let before = metric(server, RUNS).await;
    let request = server.manage(Method::PATCH, "/v1/environments/development");
    let response = request.json(&json!({"retention_days": retention_days})).send().await.unwrap();
    assert_eq!(response.status(), 200, "{}", response.text().await.unwrap());
    for _ in 0..300 {
        if metric(server, RUNS).await > before {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("retention does not run: {}", metrics(server).await);
}

#[tokio::test]
async fn a_clock_that_jumps_ahead_deletes_nothing_and_ends_no_window_until_an_operator_accepts_it() {
    let Some(library) = toolchains::libfaketime() else {
        return toolchains::skipped("a clock that jumps", "libfaketime is not installed");
    };
    let directory = TempDir::new().unwrap();
    let offset = directory.path().join("offset");
    fs::write(&offset, "+0").unwrap();
    let options = ServerOptions::default()
        .env("LD_PRELOAD", library.display().to_string())
        .env("FAKETIME_TIMESTAMP_FILE", offset.display().to_string())
        .env("FAKETIME_NO_CACHE", "1")
        // The time since the start does not jump.
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
        .env("DONT_FAKE_MONOTONIC", "1");
    let server = Server::start_with(options).await;
    let mappings = json!([{"event_type": "E", "action_type": "workflows_trigger",
        "action_parameters": {"key": "k", "recipients": {"value": {"id": "u"}}}}]);
    let endpoint = server.source("s", "segment", json!({"enforce_idempotency": true}), mappings).await;
    let event = track("E", "u", "m-1", json!({}));
    endpoint.expect(event.clone(), &["executed"]).await;
    let key = server.api_key("development").await;

    fs::write(&offset, "+31d").unwrap();
    // The first run may have begun before the jump.
    run_retention(&server, 29).await;
    run_retention(&server, 30).await;
    let clock = server.get("/v1/clock").await;
    assert!(clock["behind_seconds"].as_i64().unwrap() > 30 * 24 * 60 * 60, "{clock}");
    assert!(clock["note"].as_str().unwrap().contains("jumped ahead"), "{clock}");
    let status = server.get("/v1/sources/s/status?environment=development").await;
    assert!(status["notes"].to_string().contains("jumped ahead"), "{status}");
    assert!(metric(&server, "inlet_store_time_behind_seconds").await > 30.0 * 24.0 * 60.0 * 60.0);
    assert_eq!((server.logs("s").await.len(), server.all_runs(&key).await.len()), (1, 1), "nothing is deleted");
    endpoint.expect(event.clone(), &["replayed"]).await;

    let accepted = server.manage(Method::POST, "/v1/clock/accept").send().await.unwrap();
    assert_eq!(accepted.status(), 200, "{}", accepted.text().await.unwrap());
    run_retention(&server, 29).await;
    run_retention(&server, 30).await;
    let logs = server.logs("s").await;
    let left: Vec<_> = logs.iter().map(|log| &log["outcome"]).collect();
    assert_eq!(left, ["replayed"], "what came after the jump is not a month old");
    assert!(server.all_runs(&key).await.is_empty());
    endpoint.expect(event, &["executed"]).await;
}
