//! Reading large values over the management API costs a bounded amount of memory.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use inlet_system_tests::{Server, ServerOptions, read_json, track};
use reqwest::Method;
use serde_json::{Value, json};

const MIB: u64 = 1 << 20;

/// Sends an event with a value of 31 MiB, which its run carries too.
async fn send_large(server: &Server, endpoint: &inlet_system_tests::Endpoint) {
    let padding = "p".repeat(31 << 20);
    let event = format!(
        r#"{{"type":"track","event":"Large","userId":"u","properties":{{"to":{{"id":"u"}},"padding":"{padding}"}}}}"#
    );
    endpoint.expect(event, &["executed"]).await;
    // The memory of the request is given back before the next one is sent.
    while server.resident_memory() > 700 * MIB {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_list_of_large_runs_leaves_them_unread_and_unread_answers_are_bounded() {
    let server = Server::start().await;
    let mappings = json!([{"event_type": "Large", "action_type": "workflows_trigger",
        "action_parameters": {"key": "large", "recipients": "data.to", "data": "data"}}]);
    let endpoint = server.source("s", "segment", json!({}), mappings).await;
    for _ in 0..2 {
        send_large(&server, &endpoint).await;
    }
    let key = server.api_key("development").await;
    server.forget_memory_peak();
    let before = server.resident_memory();
    let runs = server.request_with(&key, Method::GET, "/v1/workflow_runs?limit=100").send().await.unwrap();
    let runs = read_json(runs).await;
    assert_eq!(runs["entries"].as_array().unwrap().len(), 2);
    assert!(runs["entries"][0]["data"].is_null());
    assert!(runs["entries"][0]["data_size"].as_u64().unwrap() > 31 * MIB);
    let logs = server.get("/v1/sources/s/logs?environment=development&include=actions").await;
    assert!(logs["entries"][0]["original"].is_null());
    let grown = server.memory_peak().saturating_sub(before);
    assert!(grown < 24 * MIB, "leaving 62 MiB of runs and 124 MiB of logs out took {} MiB", grown / MIB);

    // Answers that nobody reads stay in the memory of their connections. What does not fit is refused, to be tried again.
    let id = logs["entries"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/sources/s/logs?environment=development&id={id}");
    let mut unread = Vec::new();
    let mut refused = 0;
    for _ in 0..12 {
        let response = server.manage(Method::GET, &path).send().await.unwrap();
        match response.status().as_u16() {
            200 => unread.push(response),
            503 => {
                assert!(response.headers().contains_key("retry-after"));
                refused += 1;
            }
            other => panic!("{other}"),
        }
    }
    assert!(!unread.is_empty() && refused > 0, "{} read, {refused} refused", unread.len());
    let grown = server.memory_peak().saturating_sub(before);
    assert!(grown < 700 * MIB, "twelve answers of 93 MiB took {} MiB", grown / MIB);
    // Small answers are given all the while, and large ones again once the others are read.
    assert_eq!(server.get("/v1/sources/s/logs?environment=development").await["entries"].as_array().unwrap().len(), 2);
    for response in unread {
        assert!(response.bytes().await.unwrap().len() as u64 > 62 * MIB);
    }
    let mut tries = 0;
    while server.manage(Method::GET, &path).send().await.unwrap().status() != 200 {
        tries += 1;
        assert!(tries < 200, "the memory of the answers was not given back");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn unread_bodies_of_refused_requests_are_bounded() {
    let server = Server::start().await;
    let settings = json!({"signing_secret": "s3cr3t", "enforce_verification": true});
    let endpoint = server.source("s", "segment", settings, json!([])).await;
    let body = format!(r#"{{"type":"track","event":"{}"}}"#, "p".repeat(31 << 20));
    assert_eq!(endpoint.try_send(body).await.0, 401);
    let listed = server.get("/v1/sources/s/refused?environment=development").await;
    assert_eq!(listed["entries"][0]["has_body"], true, "{listed}");
    let path =
        format!("/v1/sources/s/refused/{}?environment=development", listed["entries"][0]["id"].as_str().unwrap());
    let mut unread = Vec::new();
    let mut refused = 0;
    for _ in 0..12 {
        let response = server.manage(Method::GET, &path).send().await.unwrap();
        match response.status().as_u16() {
            200 => unread.push(response),
            503 => refused += 1,
            other => panic!("{other}"),
        }
    }
    assert!(!unread.is_empty() && refused > 0, "{} read, {refused} refused", unread.len());
    assert_eq!(server.get("/v1/sources/s/refused?environment=development").await["entries"], listed["entries"]);
    for response in unread {
        assert!(response.bytes().await.unwrap().len() as u64 > 31 * MIB);
    }
}

/// Stored bodies that an operation reads take part in the memory of the answers.
#[tokio::test]
async fn operations_on_stored_bodies_are_refused_while_unread_answers_hold_the_memory() {
    let server = Server::start().await;
    let settings = json!({"signing_secret": "s3cr3t", "enforce_verification": true});
    let endpoint = server.source("refused", "segment", settings, json!([])).await;
    let body = format!(r#"{{"type":"track","event":"{}"}}"#, "p".repeat(31 << 20));
    assert_eq!(endpoint.try_send(body).await.0, 401);
    let endpoint = server.source("logged", "segment", json!({}), json!([])).await;
    endpoint.expect(track("Large", "u", "m", json!({"pad": "p".repeat(31 << 20)})), &["logged"]).await;
    let listed = server.get("/v1/sources/refused/refused?environment=development").await;
    let id = listed["entries"][0]["id"].as_str().unwrap();
    let path = format!("/v1/sources/refused/refused/{id}?environment=development");
    let post = async |path: &str, body: &Value| {
        let response = server.manage(Method::POST, path).json(body).send().await.unwrap();
        (response.status().as_u16(), read_json(response).await)
    };
    let verify = async || post("/v1/sources/refused/refused/verify?environment=development", &json!({})).await;
    let verify_one = format!("/v1/sources/refused/refused/{id}/verify?environment=development");
    let compare = json!({"new": server.get("/v1/source_providers/segment").await["version"], "last": 1});
    let compare = async || post("/v1/sources/logged/plugin/compare?environment=development", &compare).await;

    let mut unread = Vec::new();
    for _ in 0..12 {
        let response = server.manage(Method::GET, &path).send().await.unwrap();
        if response.status() == 200 {
            unread.push(response);
        }
    }
    assert!(!unread.is_empty());
    assert_eq!(verify().await.0, 503);
    assert_eq!(post(&verify_one, &json!({})).await.0, 503);
    assert_eq!(compare().await.0, 503);
    drop(unread);
    // Their connections are closed a moment later.
    let mut tries = 0;
    while verify().await.0 != 200 {
        tries += 1;
        assert!(tries < 300, "the memory of the answers was not given back");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(verify().await.1["refused"], 1);
    assert_eq!(compare().await.1["same"], 1);
}

/// The values of one entry are read one at a time, while its answer is sent.
#[tokio::test]
async fn an_entry_with_many_long_values_takes_the_memory_of_one() {
    let server =
        Server::start_with(ServerOptions::default().env("INLET_MAX_IN_FLIGHT_BYTES", (1 << 30).to_string())).await;
    let mapping = |key: &str| {
        json!({"event_type": "Large", "action_type": "workflows_trigger",
            "action_parameters": {"key": key, "recipients": "data.to", "data": "data"}})
    };
    let mappings: Vec<_> = (0..60).map(|number| mapping(&format!("k{number}"))).collect();
    let endpoint = server.source("s", "segment", json!({}), json!(mappings)).await;
    let padding = "p".repeat(2 << 20);
    let event = json!({"type": "track", "event": "Large", "userId": "u",
        "properties": {"to": {"id": "u"}, "padding": padding}, "quoted": "late \"x\" \u{1}"});
    let sent = event.to_string();
    endpoint.expect(sent.clone(), &["executed"]).await;
    let id = server.last_log("s").await["id"].as_str().unwrap().to_owned();

    let before = server.resident_memory();
    server.forget_memory_peak();
    let path = format!("/v1/sources/s/logs?environment=development&id={id}");
    let mut response = server.manage(Method::GET, &path).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let mut text = Vec::new();
    while let Some(chunk) = response.chunk().await.unwrap() {
        text.extend_from_slice(&chunk);
    }
    let grown = server.memory_peak().saturating_sub(before);
    let log: Value = serde_json::from_slice(&text).unwrap();
    let entry = &log["entries"][0];
    assert_eq!((&entry["original"], &entry["data"]), (&event, &event["properties"]));
    assert_eq!(entry["original_size"], sent.len());
    let actions = entry["actions"].as_array().unwrap();
    assert_eq!(actions.len(), 60);
    for action in actions {
        assert_eq!(action["action_payload"]["data"], event["properties"]);
    }
    let length = text.len() as u64;
    assert!(length > 124 * MIB && grown < length, "an answer of {} MiB took {} MiB", length / MIB, grown / MIB);

    // Hidden values are hidden as well where they are long, and a text that is no JSON is a string.
    let hide = json!({"hide_personal_data": true});
    let hidden = server.manage(Method::PATCH, "/v1/environments/development").json(&hide).send().await.unwrap();
    assert_eq!(hidden.status(), 200);
    let log = server.get(&path).await;
    assert_eq!(log["entries"][0]["data"], json!({"to": {"id": "…"}, "padding": "…"}));
    assert_eq!(log["entries"][0]["original"]["properties"]["padding"], "…");
    assert_eq!(log["entries"][0]["actions"][3]["action_payload"]["data"]["padding"], "…");
    let open = json!({"hide_personal_data": false});
    assert_eq!(
        server.manage(Method::PATCH, "/v1/environments/development").json(&open).send().await.unwrap().status(),
        200
    );
    for (body, member) in
        [(format!("\"{}", "é".repeat(20_000)).into_bytes(), "original_text"), (vec![0xff; 20_000], "original_base64")]
    {
        let answer = endpoint.send(body.clone()).await;
        let path =
            format!("/v1/sources/s/logs?environment=development&id={}", answer["events"][0]["id"].as_str().unwrap());
        let shown = server.get(&path).await["entries"][0][member].as_str().unwrap().to_owned();
        let expected = String::from_utf8(body.clone()).unwrap_or_else(|_| STANDARD.encode(&body));
        assert_eq!(shown, expected, "{member}");
    }
}
