//! Quarantine: a plugin that fails on most requests is not run; its requests are stored, and replayed once it works.

use std::time::{Duration, Instant};

use inlet_system_tests::{Endpoint, Server, ServerOptions, read_json, repack, test_plugin, track};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    author_tool::Tool,
    forge::manifest,
    raw_plugin::{RawPlugin, counting},
};

/// Returns a body on which the plugin crashes.
fn crash() -> String {
    track("Crash", "u", "m", json!({}))
}

pub(super) async fn add(server: &Server, version: &str) {
    add_changed(server, version, |_| {}).await;
}

async fn add_changed(server: &Server, version: &str, change: impl FnOnce(&mut Value)) {
    let fragile = std::fs::read(test_plugin("inlet__fragile.wasm")).unwrap();
    let fragile = repack(&fragile, |manifest| {
        manifest["key"] = json!("acme/http");
        manifest["version"] = json!(version);
        change(manifest);
    });
    let (status, answer) = server.add_version("acme/http", "", &fragile).await;
    assert_eq!(status, 201, "{answer}");
}

/// Sends a failing body until a request is held.
pub(super) async fn until_quarantined(endpoint: &Endpoint) {
    let deadline = Instant::now() + Duration::from_secs(60);
    let mut sent = 0;
    loop {
        assert!(Instant::now() < deadline, "{sent} requests failed, and the plugin is still run");
        let answer = endpoint.expect(crash(), &["failed"]).await;
        let event = &answer["events"][0];
        sent += 1;
        if event["reason"].as_str().unwrap().contains("quarantined") {
            assert!(sent > 20, "it took a minimum of calls: {sent}");
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn is_shown(server: &Server) -> bool {
    is_shown_of(server, "acme/http").await
}

async fn is_shown_of(server: &Server, plugin: &str) -> bool {
    let notes = server.notes("crm").await;
    let gauge = format!(r#"inlet_plugin_quarantined{{source="crm",environment="development",plugin="{plugin}"}} "#);
    let metrics = metrics(server).await;
    let gauge = metrics.lines().find_map(|line| line.strip_prefix(&gauge).map(str::to_owned));
    let is_noted = notes.contains("is quarantined since");
    assert_eq!(gauge.as_deref() == Some("1"), is_noted, "{gauge:?} {notes}");
    is_noted
}

async fn metrics(server: &Server) -> String {
    server.client.get(format!("{}/metrics", server.admin)).send().await.unwrap().text().await.unwrap()
}

#[tokio::test]
async fn what_comes_in_quarantine_is_stored_and_replayed_by_one_command_after_another_version_is_used() {
    let server = Server::start().await;
    add(&server, "1.0.0").await;
    let endpoint = server.source("crm", "acme/http", json!({}), json!([])).await;
    let other = server.source("web", "acme/http", json!({}), json!([])).await;
    assert!(!is_shown(&server).await);
    until_quarantined(&endpoint).await;
    assert!(is_shown(&server).await);
    server.wait_for_log("a plugin fails on most requests and is quarantined").await;

    // Healthy requests are held too, as they were sent, without a call. One of them may be the probe.
    let answers = [
        endpoint.send(track("Order", "u_1", "o-1", json!({"total": 39.50}))).await,
        endpoint.send(track("Order", "u_1", "o-2", json!({"total": 12.00}))).await,
    ];
    let held: Vec<&Value> =
        answers.iter().map(|answer| &answer["events"][0]).filter(|event| event["outcome"] == "failed").collect();
    assert!(!held.is_empty(), "{answers:?}");
    let path = format!("/v1/sources/crm/logs?environment=development&id={}", held[0]["id"].as_str().unwrap());
    let log = server.get(&path).await["entries"][0].clone();
    assert_eq!((&log["code"], &log["original"]["type"]), (&json!("quarantined"), &json!("track")), "{log}");
    assert_eq!(log["retry_at"], Value::Null, "an operator says when: {log}");
    let status = server.get("/v1/sources/crm/status?environment=development").await;
    let causes = status["needs_attention"]["causes"].clone();
    let cause = causes.as_array().unwrap().iter().find(|cause| cause["cause"] == "quarantined").unwrap().clone();
    assert!(cause["what_to_do"].as_str().unwrap().contains("the code quarantined"), "{cause}");
    // Another source with the same plugin is not affected.
    other.expect(track("Order", "u", "", json!({})), &["logged"]).await;

    add(&server, "1.1.0").await;
    assert!(is_shown(&server).await, "adding changes no source");
    assert_eq!(server.use_version("crm", "1.1.0", false).await.0, 200);
    assert!(!is_shown(&server).await, "another version ends it at once");
    endpoint.expect(track("Order", "u", "o-3", json!({})), &["logged"]).await;
    let unconfirmed = Tool::of(&server).refused(&["replay", "crm@development"]);
    assert!(unconfirmed.ends_with("confirm it with --yes"), "{unconfirmed}");
    let replayed = Tool::of(&server).printed(&["replay", "crm@development", "--yes"]);
    // This version crashes too on the request that was held first.
    let summary = "3 events replayed; the replay is finished\n    failed 1\n    logged 2\n";
    assert_eq!((replayed.as_str(), held.len()), (summary, 2));
    let logs = server.all_logs("crm").await;
    let of =
        |key: &str| logs.iter().filter(|log| log["original"]["messageId"] == key && log["outcome"] == "logged").count();
    assert_eq!((of("o-1"), of("o-2")), (1, 1));
}

/// Whoever knows an endpoint's address can send any number of items to it.
#[tokio::test]
async fn small_bodies_with_too_many_items_quarantine_nothing() {
    let server = Server::start().await;
    let endpoint = server.source("crm", "segment", json!({}), json!([])).await;
    let too_many = |batch: usize| format!("[{}]", vec!["{}"; batch].join(","));
    let start = Instant::now();
    let mut sent = 0;
    while sent < 30 || start.elapsed() < Duration::from_secs(12) {
        let answer = endpoint.expect(too_many(20_001), &["failed"]).await;
        let reason = answer["events"][0]["reason"].as_str().unwrap();
        assert_eq!(
            reason,
            "The request holds more than 20000 items. Send smaller batches, or raise the source's setting max_items."
        );
        sent += 1;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let log = server.last_log("crm").await;
    assert_eq!((&log["code"], &log["retry_at"]), (&json!("too_many_items"), &Value::Null), "{log}");
    assert!(!is_shown_of(&server, "segment").await);
    endpoint.expect(track("Order", "u_1", "o-1", json!({})), &["logged"]).await;

    let refusing = server.source("web", "http", json!({}), json!([])).await;
    for body in [too_many(20_001), vec!["{}"; 20_001].join("\n")] {
        let response = server.client.post(&refusing.url).body(body).send().await.unwrap();
        assert_eq!(response.status(), 413);
        assert_eq!(read_json(response).await["code"], "too_many_items");
    }
    assert_eq!(server.logs("web").await, Vec::<Value>::new(), "nothing is stored");
}

/// A plugin that does not count itself returns more items than the host takes.
#[tokio::test]
async fn items_that_only_the_host_counts_quarantine_nothing() {
    let (_dir, server, endpoint) = hostile().await;
    let start = Instant::now();
    let mut sent = 0;
    while sent < 30 || start.elapsed() < Duration::from_secs(12) {
        let (status, answer) = ask(&server, &endpoint, "/items", "{}").await;
        assert_eq!((status, &answer["code"]), (413, &json!("too_many_items")), "a 500 would bring it again");
        sent += 1;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert!(!is_shown_of(&server, "inlet/hostile").await);
    let log = server.last_log("crm").await;
    assert_eq!((&log["outcome"], &log["code"]), (&json!("failed"), &json!("too_many_items")), "{log}");
}

#[tokio::test]
async fn probes_that_go_well_end_a_quarantine() {
    let server = Server::start().await;
    add(&server, "1.0.0").await;
    let endpoint = server.source("crm", "acme/http", json!({}), json!([])).await;
    until_quarantined(&endpoint).await;
    let start = Instant::now();
    let (mut probed, mut held) = (0, 0);
    while is_shown(&server).await {
        assert!(start.elapsed() < Duration::from_secs(60), "{probed} probes went well, and it is quarantined");
        let answer = endpoint.send(track("Order", "u", "", json!({}))).await;
        match answer["events"][0]["outcome"].as_str().unwrap() {
            "logged" => probed += 1,
            "failed" => held += 1,
            other => panic!("{other}"),
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert!(start.elapsed() > Duration::from_secs(10), "three, five seconds apart");
    assert!(probed == 3 && held > 10, "{probed} {held}");
    for _ in 0..10 {
        endpoint.expect(track("Order", "u", "", json!({})), &["logged"]).await;
    }
    server.wait_for_log("a plugin is no longer quarantined").await;
}

#[tokio::test]
async fn one_senders_bad_requests_among_many_good_ones_quarantine_nothing() {
    let server = Server::start().await;
    add(&server, "1.0.0").await;
    let endpoint = server.source("crm", "acme/http", json!({}), json!([])).await;
    let start = Instant::now();
    let mut failed = 0;
    while start.elapsed() < Duration::from_secs(15) {
        endpoint.expect(crash(), &["failed"]).await;
        failed += 1;
        for _ in 0..3 {
            endpoint.expect(track("Order", "u", "", json!({})), &["logged"]).await;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(failed > 20, "{failed}");
    assert!(!is_shown(&server).await);
}

/// A sender who does not know the secret stops nothing, also while verification is configured and not yet enforced.
#[tokio::test]
async fn requests_that_do_not_verify_quarantine_nothing() {
    const HEADER: &str = "x-webhook-secret";
    let server = Server::start().await;
    let verification = json!({
        "scheme": "shared_secret", "header": HEADER,
        "vectors": [{
            "name": "the secret", "secret": "s3cr3t", "headers": {HEADER: "s3cr3t"}, "body": "{}", "verified": true,
        }],
    });
    add_changed(&server, "1.0.0", |manifest| manifest["verification"] = verification).await;
    let settings = json!({"signing_secret": "s3cr3t", "enforce_verification": false});
    let endpoint = server.source("crm", "acme/http", settings, json!([])).await;
    let with_secret = async |secret: &str| {
        let request = server.client.post(&endpoint.url).header(HEADER, secret).body(crash());
        read_json(request.send().await.unwrap()).await["events"][0]["reason"].as_str().unwrap().to_owned()
    };
    let start = Instant::now();
    let mut sent = 0;
    while sent < 30 || start.elapsed() < Duration::from_secs(12) {
        endpoint.expect(crash(), &["failed"]).await;
        let reason = with_secret("another").await;
        assert!(!reason.contains("quarantined"), "{reason}");
        sent += 1;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert!(!is_shown(&server).await);

    // The same bodies count when they verify, and then the others are held too.
    let start = Instant::now();
    while !with_secret("s3cr3t").await.contains("quarantined") {
        assert!(start.elapsed() < Duration::from_secs(60), "verified requests fail, and the plugin is still run");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(is_shown(&server).await);
    let held = endpoint.expect(crash(), &["failed"]).await;
    assert!(held["events"][0]["reason"].as_str().unwrap().contains("quarantined"), "{held}");
}

/// Starts a server with a plugin that misbehaves by path, and whose platform reads the answer.
async fn hostile() -> (TempDir, Server, Endpoint) {
    let dir = TempDir::new().unwrap();
    std::fs::copy(test_plugin("inlet__hostile.wasm"), dir.path().join("hostile.wasm")).unwrap();
    // Imitates a slow language: it runs for some tenths of a second and succeeds.
    let mut manifest = manifest();
    manifest["key"] = json!("acme/heavy");
    let heavy = RawPlugin { translate: counting(300_000_000), ..RawPlugin::default() };
    std::fs::write(dir.path().join("heavy.wasm"), heavy.wasm_of(&manifest)).unwrap();
    let options = ServerOptions::default().arg("--plugins-dir").arg(dir.path().display().to_string());
    let server = Server::start_with(options).await;
    let endpoint = server.source("crm", "inlet/hostile", json!({}), json!([])).await;
    (dir, server, endpoint)
}

async fn ask(server: &Server, endpoint: &Endpoint, how: &str, body: &'static str) -> (u16, Value) {
    let response = server.client.post(format!("{}{how}", endpoint.url)).body(body).send().await.unwrap();
    (response.status().as_u16(), read_json(response).await)
}

/// Sends this request until one is held.
async fn until_held(server: &Server, endpoint: &Endpoint, how: &str, body: &'static str, expected: u16) {
    let start = Instant::now();
    loop {
        assert!(start.elapsed() < Duration::from_secs(60), "{how} goes on failing, and is still run");
        let (status, answer) = ask(server, endpoint, how, body).await;
        if server.last_log("crm").await["code"] == "quarantined" {
            assert_eq!((status, &answer["code"]), (500, &json!("plugin_failed")));
            return;
        }
        assert_eq!(status, expected, "{answer}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn a_platform_that_reads_the_answer_is_told_to_come_again() {
    let (_dir, server, endpoint) = hostile().await;
    until_held(&server, &endpoint, "/abort", "{}", 500).await;
    let held = ask(&server, &endpoint, "/ok", "{}").await;
    // The next request may be the probe, which the plugin answers.
    let held = if held.0 == 200 { ask(&server, &endpoint, "/ok", "{}").await } else { held };
    assert_eq!((held.0, &held.1["code"]), (500, &json!("plugin_failed")));
    assert_eq!(server.last_log("crm").await["code"], "quarantined");
}

#[tokio::test]
async fn output_that_is_not_taken_is_a_fault() {
    let (_dir, server, endpoint) = hostile().await;
    until_held(&server, &endpoint, "/large", "{}", 200).await;
    let codes: Vec<Value> = server.logs("crm").await.into_iter().map(|log| log["code"].clone()).collect();
    assert!(codes.contains(&json!("shape")), "{codes:?}");
}

#[tokio::test]
async fn an_answer_that_is_not_given_is_a_fault() {
    let (_dir, server, endpoint) = hostile().await;
    // The translation is committed nevertheless.
    until_held(&server, &endpoint, "/ok", "abort", 500).await;
    let outcomes: Vec<Value> = server.logs("crm").await.into_iter().map(|log| log["outcome"].clone()).collect();
    assert!(outcomes.contains(&json!("logged")), "{outcomes:?}");
}

/// A sender that disconnects does not hide that the plugin loops.
#[tokio::test]
async fn a_plugin_that_loops_is_quarantined_although_its_sender_hangs_up() {
    let (_dir, server, endpoint) = hostile().await;
    let start = Instant::now();
    loop {
        assert!(start.elapsed() < Duration::from_secs(90), "it loops, and is still run");
        let request = server.client.post(format!("{}/loop", endpoint.url)).body("{}");
        if let Ok(answer) = request.timeout(Duration::from_millis(100)).send().await {
            assert_eq!(answer.status(), 500);
            break;
        }
    }
    assert!(is_shown_of(&server, "inlet/hostile").await);
    let logs = server.logs("crm").await;
    assert!(logs.iter().all(|log| log["code"] == "quarantined"), "nothing else was answered: {logs:?}");
    let faults = r#"inlet_plugin_faults_total{source="crm",environment="development",plugin="inlet/hostile",cause="#;
    let metrics = metrics(&server).await;
    assert!(metrics.contains(faults), "{metrics}");
    server.wait_for_log("a plugin failed on a request").await;
}

/// A call that waits behind another source's loops does not count as a loop.
#[tokio::test]
async fn a_plugin_that_waits_behind_anothers_loops_is_not_held_to_fail() {
    let (_dir, server, endpoint) = hostile().await;
    let heavy = server.source("web", "acme/heavy", json!({}), json!([])).await;
    let looping = (0..32).map(|_| {
        let request = server.client.post(format!("{}/loop", endpoint.url)).body("{}");
        tokio::spawn(async move {
            loop {
                request.try_clone().unwrap().send().await.unwrap();
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        })
    });
    let mut sending: Vec<_> = looping.collect();
    // By then the calls share the threads.
    tokio::time::sleep(Duration::from_secs(1)).await;
    for _ in 0..3 {
        let heavy = heavy.clone();
        sending.push(tokio::spawn(async move {
            loop {
                heavy.send(b"\xff".to_vec()).await;
            }
        }));
    }
    let start = Instant::now();
    while !is_shown_of(&server, "inlet/hostile").await {
        assert!(start.elapsed() < Duration::from_secs(90), "the loops are still run");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let logs = server.logs("web").await;
    sending.iter().for_each(tokio::task::JoinHandle::abort);
    // Before the loops took all turns, a call may have ended in time.
    let failed: Vec<_> = logs.iter().filter(|log| log["outcome"] == "failed").collect();
    assert!(!failed.is_empty(), "none waited too long");
    for log in failed {
        let reason = log["reason"].as_str().unwrap();
        assert!(reason.contains("waited for its turn behind others"), "{reason}");
        assert_eq!(log["code"], "time");
    }
    assert_eq!(server.notes("web").await, "");
    let faults =
        r#"inlet_plugin_faults_total{source="web",environment="development",plugin="acme/heavy",cause="waited"}"#;
    let metrics = metrics(&server).await;
    assert!(metrics.contains(faults), "{metrics}");
}
