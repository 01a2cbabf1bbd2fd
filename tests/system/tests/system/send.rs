//! `POST /v1/sources/{key}/send`: a request of an operator, which is carried out like a sender's.

use inlet_system_tests::{MANAGEMENT_TOKEN, SEGMENT_SECRET, Server, platform_plugin, read_json, track};
use reqwest::Method;
use serde_json::{Value, json};

async fn send(server: &Server, token: &str, body: Value) -> (u16, Value) {
    let path = "/v1/sources/s/send?environment=development";
    let response = server.request_with(token, Method::POST, path).json(&body).send().await.unwrap();
    (response.status().as_u16(), read_json(response).await)
}

#[tokio::test]
async fn a_request_takes_the_whole_way_of_a_webhook() {
    let server = Server::start().await;
    let mapping = json!([{"event_type": "Paid", "action_type": "users_identify", "action_parameters": {}}]);
    let settings = json!({"signing_secret": SEGMENT_SECRET, "enforce_idempotency": true});
    server.source("s", "segment", settings, mapping).await;
    let payload: Value = serde_json::from_str(&track("Paid", "u_1", "m-1", json!({"plan": "pro"}))).unwrap();

    let (status, unsigned) = send(&server, MANAGEMENT_TOKEN, json!({"payload": payload})).await;
    assert_eq!((status, &unsigned["answer"]["status"]), (200, &json!(401)), "{unsigned}");
    assert_eq!(unsigned["events"], json!([]));
    let refused = server.get("/v1/sources/s/refused?environment=development").await;
    assert_eq!(refused["entries"].as_array().unwrap().len(), 1, "it is kept like one of a sender: {refused}");

    let (status, sent) = send(&server, MANAGEMENT_TOKEN, json!({"payload": payload, "sign": true})).await;
    assert_eq!((status, &sent["answer"]["status"]), (200, &json!(200)), "{sent}");
    assert_eq!(sent["events"][0]["outcome"], "executed", "{sent}");
    let log = server.last_log("s").await;
    assert_eq!(log["id"], sent["events"][0]["id"]);
    assert_eq!(log["verification_status"], "enforced:verified", "{log}");
    let body = json!({"body": payload.to_string().replace("pro", "team"), "sign": true, "path": "/v1/track", "query": {"a": "b"}});
    let (_, again) = send(&server, MANAGEMENT_TOKEN, body).await;
    assert_eq!(again["events"][0]["outcome"], "replayed", "{again}");

    for (body, field) in [
        (json!({}), "payload"),
        (json!({"payload": payload, "method": "NO WAY"}), "method"),
        (json!({"payload": payload, "headers": {"content-encoding": "gzip"}}), "headers.content-encoding"),
    ] {
        let (status, error) = send(&server, MANAGEMENT_TOKEN, body).await;
        assert_eq!((status, &error["field"]), (422, &json!(field)), "{error}");
    }
    let (_, other) = send(&server, MANAGEMENT_TOKEN, json!({"payload": payload, "method": "GET"})).await;
    assert_eq!(other["answer"]["status"], 405, "{other}");
    let reader = server.management_token(json!({"name": "r", "scopes": ["read"]})).await;
    assert_eq!(send(&server, &reader, json!({"payload": payload})).await.0, 403);
    assert_eq!(server.logs("s").await.len(), 2, "nothing else was taken");
}

/// Adds a platform's plugin, and sets up the source with a vector's secret.
async fn platform_source(server: &Server, name: &str, secret: &str) {
    let wasm = std::fs::read(platform_plugin(&format!("inlet__{name}.wasm"))).unwrap();
    let (status, answer) = server.add_version(&format!("inlet/{name}"), "", &wasm).await;
    assert_eq!(status, 201, "{answer}");
    server.source("s", &format!("inlet/{name}"), json!({"signing_secret": secret}), json!([])).await;
}

#[tokio::test]
async fn a_signature_in_the_body_is_written_and_one_of_a_private_key_is_not() {
    let server = Server::start().await;
    platform_source(&server, "mailgun", "key-of-mailgun").await;
    let payload = json!({"event-data": {"event": "delivered", "id": "e-1", "timestamp": 1767323045.5}});
    let (_, sent) = send(&server, MANAGEMENT_TOKEN, json!({"payload": payload, "sign": true})).await;
    assert_eq!(sent["answer"]["status"], 200, "{sent}");
    assert_eq!(server.last_log("s").await["verification_status"], "enforced:verified");

    let server = Server::start().await;
    let public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    platform_source(&server, "discord", public).await;
    let (status, error) = send(&server, MANAGEMENT_TOKEN, json!({"payload": {"type": 0}, "sign": true})).await;
    assert_eq!((status, &error["field"]), (422, &json!("sign")), "{error}");
    insta::assert_snapshot!(error["message"].as_str().unwrap(), @"the platform signs with a private key that it alone has, and the secret here is the public one; send a request without a signature, or let the platform send one");
}
