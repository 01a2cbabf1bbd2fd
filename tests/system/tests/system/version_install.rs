//! Plugin versions that are added to a running server.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use inlet_system_tests::{
    Endpoint, Server, ServerOptions, digest, http_changed, http_version, raw_http, read_json, track,
};
use reqwest::{Method, header::CONTENT_TYPE};
use serde_json::{Value, json};

async fn put(server: &Server, key: &str, query: &str, wasm: Vec<u8>) -> (u16, Value) {
    let path = format!("/v1/source_providers/{}?{query}", key.replace('/', "%2F"));
    let request = server.manage(Method::PUT, &path).header(CONTENT_TYPE, "application/wasm").body(wasm);
    let response = request.send().await.unwrap();
    (response.status().as_u16(), read_json(response).await)
}

async fn add(server: &Server, key: &str, wasm: &[u8]) -> (u16, Value) {
    put(server, key, &format!("digest={}", digest(wasm)), wasm.to_vec()).await
}

async fn use_plugin(server: &Server, key: &str, asked: Value) -> (u16, Value) {
    use_plugin_in(server, key, "development", asked).await
}

async fn use_plugin_in(server: &Server, key: &str, environment: &str, asked: Value) -> (u16, Value) {
    let path = format!("/v1/sources/{key}/plugin?environment={environment}");
    let request = server.manage(Method::POST, &path).json(&asked);
    let response = request.send().await.unwrap();
    (response.status().as_u16(), read_json(response).await)
}

async fn remove(server: &Server, key: &str, version: &str) -> (u16, String) {
    let path = format!("/v1/source_providers/{}/versions/{version}", key.replace('/', "%2F"));
    let response = server.manage(Method::DELETE, &path).send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

/// Returns the digest of the plugin that currently translates the source's requests.
async fn translator(server: &Server, key: &str, endpoint: &Endpoint) -> String {
    endpoint.expect(track("Order", "u", "", json!({})), &["logged"]).await;
    server.last_log(key).await["plugin"]["digest"].as_str().unwrap().to_owned()
}

fn message(answer: &Value) -> &str {
    answer["message"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn a_version_is_added_used_and_removed_without_a_restart_and_survives_one() {
    let server = Server::start().await;
    let (first, second) = (http_version("acme/http", "1.0.0"), http_version("acme/http", "1.1.0"));
    let (status, answer) = add(&server, "acme/http", &first).await;
    assert_eq!((status, &answer["version"]), (201, &json!("1.0.0")), "{answer}");
    let endpoint = server.source("crm", "acme/http", json!({}), json!([])).await;
    assert_eq!(translator(&server, "crm", &endpoint).await, digest(&first));

    assert_eq!(add(&server, "acme/http", &second).await.0, 201);
    assert_eq!(add(&server, "acme/http", &second).await.0, 200, "the same again");
    assert_eq!(translator(&server, "crm", &endpoint).await, digest(&first), "no source is changed");
    let (status, answer) = use_plugin(&server, "crm", json!({"version": "1.1.0"})).await;
    assert_eq!((status, &answer["plugin"]["digest"]), (200, &json!(digest(&second))), "{answer}");
    assert_eq!(translator(&server, "crm", &endpoint).await, digest(&second));

    let (status, answer) = remove(&server, "acme/http", "1.0.0").await;
    assert_eq!(status, 409);
    assert!(answer.contains("crm in production"), "{answer}");
    let digest_of_second = json!({"digest": digest(&second)});
    assert_eq!(use_plugin_in(&server, "crm", "production", digest_of_second).await.0, 200);
    assert_eq!(remove(&server, "acme/http", "1.0.0").await.0, 204);
    assert_eq!(remove(&server, "acme/http", "1.0.0").await.0, 404);
    assert_eq!(remove(&server, "acme/http", "1.1.0").await.0, 409);
    let shown = server.get("/v1/source_providers/acme%2Fhttp").await;
    assert_eq!(server.get("/v1/source_providers/acme/http").await, shown, "the slash needs no escape");
    let versions = shown["versions"].as_array().unwrap();
    assert_eq!((versions.len(), &versions[0]["digest"]), (1, &json!(digest(&second))));
    assert_eq!((&versions[0]["origin"], versions[0]["used_by"].as_array().unwrap().len()), (&json!("added"), 2));
    let changes = server.get("/v1/changes?limit=100").await;
    let made = |operation: &str| {
        let entries = changes["entries"].as_array().unwrap();
        entries.iter().filter(|change| change["operation"] == operation).count()
    };
    assert_eq!(made("addSourceProvider"), 2);
    assert_eq!(made("useSourcePlugin"), 2);
    assert_eq!(made("removeSourceProviderVersion"), 1);

    let mut server = server;
    server.kill();
    let (_dir, data_dir) = server.take_data_dir();
    let server = Server::start_with(ServerOptions { data_dir: Some(data_dir), ..ServerOptions::default() }).await;
    let source = server.get("/v1/sources/crm?environment=development").await;
    let endpoint = server.endpoint_of(&source, "development");
    assert_eq!(translator(&server, "crm", &endpoint).await, digest(&second), "kept in the store");
}

#[tokio::test]
async fn what_is_no_version_of_that_plugin_is_refused_and_changes_nothing() {
    let server = Server::start().await;
    let good = http_version("acme/http", "1.0.0");
    let digest_of = |wasm: &[u8]| format!("digest={}", digest(wasm));
    let (status, answer) = put(&server, "acme/http", &digest_of(b"other"), good.clone()).await;
    assert_eq!((status, &answer["field"]), (422, &json!("digest")));
    assert!(message(&answer).contains(&digest(&good)) && message(&answer).contains(&digest(b"other")), "{answer}");
    assert_eq!(put(&server, "acme/http", "", good.clone()).await.0, 422, "a digest must be announced");
    for (wasm, found) in [
        (b"hello".to_vec(), "not WebAssembly"),
        (b"\0asm\x01\0\0\0".to_vec(), "core WebAssembly module"),
        (b"\0asm\x0d\0\x01\0".to_vec(), "no manifest"),
        (good[..good.len() / 2].to_vec(), "damaged"),
        (http_version("acme/other", "1.0.0"), "acme/other"),
    ] {
        let (status, answer) = add(&server, "acme/http", &wasm).await;
        assert_eq!(status, 422, "{answer}");
        assert!(message(&answer).contains(found), "{answer}");
    }
    let (status, answer) = add(&server, "nobody", &http_version("nobody", "1.0.0")).await;
    assert_eq!(status, 422);
    assert!(message(&answer).contains("publisher/name"), "{answer}");
    let path = format!("/v1/source_providers/acme%2Fhttp?{}", digest_of(&good));
    let as_json = server.manage(Method::PUT, &path).header(CONTENT_TYPE, "application/json").body(good.clone());
    assert_eq!(as_json.send().await.unwrap().status(), 415);
    let request = format!(
        "PUT {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer test-management-token-0123456789\r\n\
         content-type: application/wasm\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        (64 << 20) + 1
    );
    assert_eq!(raw_http::status(&raw_http::exchange(&server.admin, request.as_bytes()).await), 413);
    let listed = server.get("/v1/source_providers").await;
    assert!(listed["entries"].as_array().unwrap().iter().all(|entry| entry["key"] != "acme/http"), "{listed}");

    assert_eq!(add(&server, "acme/http", &good).await.0, 201);
    let other = http_changed("acme/http", "1.0.0", |manifest| manifest["description"] = json!("Another."));
    let (status, answer) = add(&server, "acme/http", &other).await;
    assert_eq!(status, 409, "the same version with another digest: {answer}");
    assert_eq!(remove(&server, "segment", "0.1.0").await.0, 409, "it came with the server");
}

#[tokio::test]
async fn a_bundled_plugin_is_replaced_only_on_request_and_only_for_who_uses_it() {
    let server = Server::start().await;
    let endpoint = server.source("web", "http", json!({}), json!([])).await;
    let bundled = translator(&server, "web", &endpoint).await;
    let own = http_version("http", "9.0.0");
    let (status, answer) = add(&server, "http", &own).await;
    assert_eq!(status, 409);
    assert!(message(&answer).contains("replace=true"), "{answer}");
    assert_eq!(put(&server, "http", &format!("replace=true&digest={}", digest(&own)), own.clone()).await.0, 201);
    assert_eq!(translator(&server, "web", &endpoint).await, bundled);
    let new = server.source("web-2", "http", json!({}), json!([])).await;
    assert_eq!(translator(&server, "web-2", &new).await, digest(&own), "new sources start with what was added last");
    assert_eq!(use_plugin(&server, "web", json!({"version": "9.0.0"})).await.0, 200);
    assert_eq!(translator(&server, "web", &endpoint).await, digest(&own));
    let back = json!({"digest": bundled});
    assert_eq!(use_plugin(&server, "web", back).await.0, 200);
    assert_eq!(translator(&server, "web", &endpoint).await, bundled, "and back");
    let (status, answer) = use_plugin(&server, "web", json!({"version": "7"})).await;
    assert_eq!(status, 422);
    assert!(message(&answer).contains("9.0.0"), "{answer}");
}

#[tokio::test]
async fn another_verification_is_taken_only_when_it_is_confirmed() {
    let server = Server::start().await;
    add(&server, "acme/http", &http_version("acme/http", "1.0.0")).await;
    let endpoint = server.source("crm", "acme/http", json!({}), json!([])).await;
    let latest = json!({"version": "latest"});
    let (status, answer) = use_plugin(&server, "crm", latest.clone()).await;
    assert_eq!((status, &answer["follows_latest"]), (200, &json!(true)), "{answer}");
    let second = http_version("acme/http", "1.1.0");
    add(&server, "acme/http", &second).await;
    assert_eq!(translator(&server, "crm", &endpoint).await, digest(&second), "it follows what was added last");

    let third = http_changed("acme/http", "2.0.0", |manifest| {
        manifest["verification"] = json!({
            "scheme": "shared_secret", "header": "x-other-secret",
            "vectors": [{
                "name": "the secret", "secret": "s3cr3t", "headers": {"x-other-secret": "s3cr3t"}, "body": "{}",
                "verified": true,
            }],
        });
    });
    assert_eq!(add(&server, "acme/http", &third).await.0, 201);
    assert_eq!(translator(&server, "crm", &endpoint).await, digest(&second), "not into another verification");
    let (status, answer) = use_plugin(&server, "crm", latest.clone()).await;
    assert_eq!(status, 409);
    assert!(message(&answer).contains("header"), "{answer}");
    assert_eq!(translator(&server, "crm", &endpoint).await, digest(&second), "a refusal changes nothing");
    let confirmed = json!({"version": "latest", "confirm": true});
    assert_eq!(use_plugin(&server, "crm", confirmed).await.0, 200);
    assert_eq!(translator(&server, "crm", &endpoint).await, digest(&third));
    assert_eq!(remove(&server, "acme/http", "2.0.0").await.0, 409, "who follows it has it");
    assert_eq!(remove(&server, "acme/http", "1.1.0").await.0, 204);
}

#[tokio::test]
async fn no_request_fails_while_versions_are_added_and_used() {
    let server = Server::start().await;
    add(&server, "acme/http", &http_version("acme/http", "1.0.0")).await;
    let endpoint = server.source("crm", "acme/http", json!({}), json!([])).await;
    let stop = Arc::new(AtomicBool::new(false));
    let senders: Vec<_> = (0..4)
        .map(|_| {
            let (endpoint, stop) = (endpoint.clone(), stop.clone());
            tokio::spawn(async move {
                let mut answered = 0;
                while !stop.load(Ordering::Relaxed) {
                    let (status, answer) = endpoint.try_send(track("E", "u", "", json!({}))).await;
                    assert_eq!(status, 200, "{answer}");
                    assert_eq!(answer["events"][0]["outcome"], "logged", "{answer}");
                    answered += 1;
                }
                answered
            })
        })
        .collect();
    for minor in 1..4 {
        let name = format!("1.{minor}.0");
        assert_eq!(add(&server, "acme/http", &http_version("acme/http", &name)).await.0, 201);
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(use_plugin(&server, "crm", json!({"version": name})).await.0, 200);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    stop.store(true, Ordering::Relaxed);
    for sender in senders {
        assert!(sender.await.unwrap() > 0);
    }
    let logs = server.all_logs("crm").await;
    let digests: std::collections::BTreeSet<_> = logs.iter().map(|log| log["plugin"]["digest"].to_string()).collect();
    assert_eq!(digests.len(), 4, "each version translated some");
}
