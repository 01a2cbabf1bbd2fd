//! Misbehaving plugins: the log names the typed cause, the sender gets 200, and the next request is served.

use std::time::Duration;

use inlet_system_tests::{Endpoint, Server, ServerOptions, read_json, test_plugin, track};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use wasm_encoder::{HeapType, Instruction as I};

use crate::{
    forge::manifest,
    raw_plugin::{RawPlugin, endless},
};

async fn hostile() -> (TempDir, Server, Endpoint) {
    let dir = TempDir::new().unwrap();
    std::fs::copy(test_plugin("inlet__hostile.wasm"), dir.path().join("hostile.wasm")).unwrap();
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
    for (how, code) in
        [("/loop", "time"), ("/memory", "memory"), ("/lift", "lifted"), ("/abort", "trap"), ("/deep-recursion", "trap")]
    {
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
    // A request with too many items would come again after a 500.
    let (status, answer) = ask(&server, &endpoint, "/items").await;
    assert_eq!((status, &answer["code"]), (413, &json!("too_many_items")), "{answer}");
    let metrics = server.client.get(format!("{}/metrics", server.admin)).send().await.unwrap().text().await.unwrap();
    // On a busy machine the endless loop may have waited for the processor, which is not held against the plugin.
    let is_counted = |cause: &str| {
        metrics.contains(&format!(
            r#"inlet_plugin_faults_total{{source="hostile",environment="development",plugin="inlet/hostile",cause="{cause}"}} 1"#
        ))
    };
    assert!(is_counted("time") || is_counted("waited"), "{metrics}");
}

#[tokio::test]
async fn a_translation_without_items_is_one_ignored_item() {
    let (_dir, server, endpoint) = hostile().await;
    let (status, answer) = ask(&server, &endpoint, "/empty").await;
    assert_eq!(status, 200, "{answer}");
    let log = server.last_log("hostile").await;
    assert_eq!((&log["outcome"], &log["code"], &log["original"]), (&json!("ignored"), &json!("empty"), &json!({})));
    assert_eq!(log["reason"], "the plugin found no items in the request");
    let path = "/v1/sources/hostile/logs?environment=development&outcome=ignored&code=empty";
    assert_eq!(server.get(path).await["entries"].as_array().unwrap().len(), 1);
    let metrics = server.client.get(format!("{}/metrics", server.admin)).send().await.unwrap().text().await.unwrap();
    assert!(metrics.contains(r#"inlet_events_total{source="hostile",environment="development",plugin="inlet/hostile",outcome="ignored"} 1"#), "{metrics}");
    let path = "/v1/sources/hostile/rehearse?environment=development";
    let request = json!({"path": "/empty", "body": "{}"});
    let rehearsal = read_json(server.manage(Method::POST, path).json(&request).send().await.unwrap()).await;
    assert_eq!(
        (&rehearsal["items"][0]["outcome"], &rehearsal["items"][0]["code"]),
        (&json!("ignored"), &json!("empty"))
    );
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
    insta::assert_snapshot!(logs.last().unwrap()["message"].as_str().unwrap(), @"10001 more lines were dropped");
    let (status, _) = ask(&server, &endpoint, "/ok").await;
    assert_eq!(status, 200, "the next request is as any other");
    assert!(!server.log().contains(logs[0]["message"].as_str().unwrap()), "guest text stays out of the server's log");
}

/// Gives the server machine code that no SDK emits, which misbehaves when it receives bytes.
#[tokio::test]
async fn machine_code_that_misbehaves_is_named_in_the_log_and_the_next_request_served() {
    let doing = |translate| RawPlugin { translate, ..RawPlugin::default() };
    let table = vec![I::RefNull(HeapType::FUNC), I::I32Const(1_000_000), I::TableGrow(0), I::Drop];
    let recursion = (0..16).map(I::LocalGet).chain([I::Call(0), I::Drop]).collect();
    let plugins = [
        ("table", "memory", doing(table)),
        ("memory", "memory", doing(vec![I::I32Const(60_000), I::MemoryGrow(0), I::Drop])),
        ("recursion", "trap", doing(recursion)),
        ("nowhere", "trap", doing(vec![I::I32Const(0x7fff_fff0), I::Return])),
        ("loop", "time", doing(endless())),
        // Misbehaves for every request.
        ("start-loop", "time", RawPlugin { start: endless(), ..RawPlugin::default() }),
        ("start-abort", "trap", RawPlugin { start: vec![I::Unreachable], ..RawPlugin::default() }),
    ];
    let dir = TempDir::new().unwrap();
    let mut expected = Vec::new();
    for (name, code, plugin) in plugins {
        let mut manifest = manifest();
        manifest["key"] = json!(format!("acme/{name}"));
        std::fs::write(dir.path().join(format!("{name}.wasm")), plugin.wasm_of(&manifest)).unwrap();
        expected.push((name, code));
    }
    let options = ServerOptions::default().arg("--plugins-dir").arg(dir.path().display().to_string());
    let server = Server::start_with(options).await;
    let neighbour = server.source("segment", "segment", json!({}), json!([])).await;
    for (name, code) in expected {
        let endpoint = server.source(name, &format!("acme/{name}"), json!({}), json!([])).await;
        let (status, answer) = endpoint.try_send(b"\xff".to_vec()).await;
        assert_eq!((status, &answer["events"][0]["outcome"]), (200, &json!("failed")), "{name}: {answer}");
        let log = server.last_log(name).await;
        assert_eq!(log["code"], code, "{name}: {log}");
        if !name.starts_with("start-") {
            let (status, answer) = endpoint.try_send("{}").await;
            assert_eq!((status, &answer["events"][0]["outcome"]), (200, &json!("ignored")), "after {name}: {answer}");
            // These find no items in anything else: a replay is one ignored entry too.
            let id = answer["events"][0]["id"].as_str().unwrap();
            let path = format!("/v1/sources/{name}/logs/{id}/replay?environment=development");
            let replayed = read_json(server.manage(Method::POST, &path).send().await.unwrap()).await;
            let entry = &replayed["entries"][0];
            assert_eq!((&entry["outcome"], &entry["code"]), (&json!("ignored"), &json!("empty")), "{replayed}");
        }
        neighbour.expect(track("Next", "u", name, json!({})), &["logged"]).await;
    }
}

/// Links that lead out of the directory, and files that are not plugins, do not keep other plugins from loading.
#[tokio::test]
async fn a_link_out_of_the_plugin_directory_is_not_followed_and_the_others_load() {
    let outside = TempDir::new().unwrap();
    let hostile = test_plugin("inlet__hostile.wasm");
    std::fs::copy(&hostile, outside.path().join("outside.wasm")).unwrap();
    let dir = TempDir::new().unwrap();
    std::os::unix::fs::symlink(outside.path().join("outside.wasm"), dir.path().join("a.wasm")).unwrap();
    std::fs::write(dir.path().join("b.wasm"), "<html>").unwrap();
    std::fs::write(dir.path().join("c.wasm"), RawPlugin::default().wasm()).unwrap();
    let options = ServerOptions::default().arg("--plugins-dir").arg(dir.path().display().to_string());
    let server = Server::start_with(options).await;
    let listed = server.get("/v1/source_providers").await;
    let keys: Vec<_> =
        listed["entries"].as_array().unwrap().iter().map(|entry| entry["key"].as_str().unwrap().to_owned()).collect();
    assert!(keys.contains(&"acme/forged".to_owned()) && !keys.contains(&"inlet/hostile".to_owned()), "{keys:?}");
    let log = server.log();
    assert!(log.contains("a path led outside of the filesystem"), "{log}");
    assert!(log.contains("build it with `inlet plugin build`"), "{log}");
    server.source("forged", "acme/forged", json!({}), json!([])).await;
}
