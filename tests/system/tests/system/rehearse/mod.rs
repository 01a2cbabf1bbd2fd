//! `POST /v1/sources/{key}/rehearse`: the whole trace of a request, in any environment, without a side effect.

mod last_events;
mod limits;
mod proposed;
mod trace;
mod verdicts;

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use inlet_system_tests::{Endpoint, Server, all_files};
use reqwest::Method;
use serde_json::{Value, json};

async fn post(server: &Server, key: &str, environment: &str, body: impl Into<String>) -> (u16, String) {
    let path = format!("/v1/sources/{key}/rehearse?environment={environment}");
    let request = server.manage(Method::POST, &path).header("content-type", "application/json").body(body.into());
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

/// Rehearses a request and expects 200.
async fn rehearse(server: &Server, key: &str, environment: &str, body: Value) -> Value {
    let (status, text) = post(server, key, environment, body.to_string()).await;
    assert_eq!(status, 200, "{text}");
    serde_json::from_str(&text).unwrap()
}

fn outcomes(rehearsal: &Value) -> Vec<&str> {
    rehearsal["items"].as_array().unwrap().iter().map(|item| item["outcome"].as_str().unwrap()).collect()
}

fn errors(rehearsal: &Value) -> Vec<String> {
    let errors = rehearsal["errors"].as_array().unwrap().iter();
    errors.map(|e| format!("{}: {}", e["field"].as_str().unwrap(), e["message"].as_str().unwrap())).collect()
}

fn trigger(event_type: &str, parameters: Value) -> Value {
    json!({"event_type": event_type, "action_type": "workflows_trigger", "action_parameters": parameters})
}

/// Creates a source in `production`.
async fn in_production(server: &Server, key: &str, settings: Value, mappings: Value) -> Endpoint {
    let source = json!({
        "name": key, "preconfigured_provider": "segment",
        "environment_settings": {"production": {"settings": settings, "mappings": mappings}},
    });
    let (status, answer) = server.try_put_source(key, "production", source).await;
    assert_eq!(status, 200, "{answer}");
    server.endpoint_of(&answer["source"], "production")
}

/// Returns everything in which a side effect would be visible: all files except SQLite's shared index, and all counts except
/// those of background jobs, which run by the clock.
async fn everything(server: &Server) -> (BTreeMap<PathBuf, Vec<u8>>, Vec<String>) {
    let files = all_files(server.data_dir()).into_iter().filter(|(path, _)| !path.to_string_lossy().ends_with("-shm"));
    let metrics = server.client.get(format!("{}/metrics", server.admin)).send().await.unwrap().text().await.unwrap();
    let is_counted = |line: &&str| {
        let mut ends = ["_total", "_count", "_sum"].iter();
        // Jobs and processor time go on.
        !line.contains("inlet_job_")
            && !line.contains("process_")
            && ends.any(|end| line.contains(&format!("{end}{{")) || line.contains(&format!("{end} ")))
    };
    let mut counted: Vec<String> = metrics.lines().filter(is_counted).map(str::to_owned).collect();
    counted.sort_unstable();
    assert!(counted.iter().any(|line| line.starts_with("inlet_events_total")), "{metrics}");
    (files.collect(), counted)
}

/// Returns [`everything`] once it stays as it is: the counts of an event are written up to five seconds after it.
async fn settled(server: &Server) -> (BTreeMap<PathBuf, Vec<u8>>, Vec<String>) {
    let mut before = everything(server).await;
    for _ in 0..10 {
        tokio::time::sleep(Duration::from_secs(6)).await;
        let after = everything(server).await;
        if after == before {
            return after;
        }
        before = after;
    }
    panic!("something is written again and again")
}
