//! Write keys: the credential of SDKs, in place of a signature.

use std::{io::Write as _, time::Duration};

use inlet_system_tests::{Endpoint, SEGMENT_SECRET, Server, ServerOptions, all_files, hmac_sha1, read_json, track};
use reqwest::Method;
use serde_json::{Value, json};

use super::author_tool::Tool;

/// The write key, which must come out nowhere.
const KEY: &str = "wk-canary-5f1d9c";
/// Another one, which must not come out either.
const WRONG: &str = "wk-wrong-71b04e";

fn body(message_id: &str) -> String {
    track("Order Completed", "u_1", message_id, json!({"n": 1}))
}

/// Returns a track event with a member `writeKey`.
fn body_with(message_id: &str, key: &str) -> String {
    body(message_id).replacen('{', &format!(r#"{{ "writeKey" : "{key}","#), 1)
}

fn at(endpoint: &Endpoint, suffix: &str, server: &Server) -> Endpoint {
    Endpoint::at(server, format!("{}{suffix}", endpoint.url))
}

async fn status(endpoint: &Endpoint, user: Option<&str>, body: impl Into<String>) -> u16 {
    let request = endpoint.post(body.into());
    let request = match user {
        Some(user) => request.basic_auth(user, Some("")),
        None => request,
    };
    request.send().await.unwrap().status().as_u16()
}

async fn refused(server: &Server, key: &str) -> Vec<Value> {
    let list = server.get(&format!("/v1/sources/{key}/refused?environment=development")).await;
    list["entries"].as_array().unwrap().clone()
}

async fn set(server: &Server, key: &str, settings: Value) -> (u16, Value) {
    let source = json!({"name": key, "environment_settings": {"development": {"settings": settings}}});
    server.try_put_source(key, "development", source).await
}

#[tokio::test]
async fn a_write_key_is_taken_from_each_place_and_goes_no_further() {
    let server = Server::start().await;
    for provider in ["segment", "rudderstack", "http"] {
        let endpoint = server.source(provider, provider, json!({"write_key": KEY}), json!([])).await;
        let in_query = at(&endpoint, &format!("/v1/track?writeKey={KEY}&x=1"), &server);
        assert_eq!(status(&endpoint, Some(KEY), body("m-1")).await, 200, "{provider}");
        assert_eq!(status(&in_query, None, body("m-2")).await, 200, "{provider}");
        assert_eq!(status(&endpoint, None, body_with("m-3", KEY)).await, 200, "{provider}");
        let batch = |key: &str, item: &str| format!(r#"{{"batch":[{item}],"writeKey":"{key}"}}"#);
        assert_eq!(status(&endpoint, None, batch(KEY, &body_with("m-4", KEY))).await, 200, "{provider}");
        assert_eq!(status(&in_query, Some(KEY), body_with("m-5", KEY)).await, 200, "several that match");
        let logs = server.logs(provider).await;
        assert_eq!(logs.len(), 5, "{provider}");
        for log in &logs {
            assert_eq!(log["verification_status"], "enforced:write_key", "{log}");
        }
        let blanked = logs.iter().find(|log| log["idempotency_key"] == "m-3").unwrap();
        assert_eq!(blanked["redacted"], json!(["writeKey"]), "{blanked}");
        assert_eq!(blanked["original"]["writeKey"], "[redacted]", "{blanked}");

        let wrong_in_query = at(&endpoint, &format!("?writeKey={WRONG}"), &server);
        for (endpoint, user, body) in [
            (&endpoint, None, body("m-6")),
            (&endpoint, Some(WRONG), body("m-6")),
            (&wrong_in_query, None, body("m-6")),
            (&wrong_in_query, Some(KEY), body("m-6")),
            (&endpoint, Some(KEY), batch(KEY, &body_with("m-6", WRONG))),
        ] {
            assert_eq!(status(endpoint, user, body.clone()).await, 401, "{user:?} {body}");
        }
        let bearer = endpoint.post(body("m-6")).bearer_auth(KEY).send().await.unwrap();
        assert_eq!(bearer.status(), 401);
        assert_eq!(read_json(bearer).await["code"], "not_verified");
        let causes: Vec<Value> =
            refused(&server, provider).await.iter().rev().map(|entry| entry["cause"].clone()).collect();
        let wrong = "wrong_write_key";
        assert_eq!(causes, ["missing_write_key", wrong, wrong, wrong, wrong, "unreadable_write_key"], "{provider}");
        let status = server.get(&format!("/v1/sources/{provider}/status?environment=development")).await;
        let cures: Vec<&Value> = status["needs_attention"]["causes"].as_array().unwrap().iter().collect();
        let cure = cures.iter().find(|cause| cause["cause"] == wrong).unwrap()["what_to_do"].as_str().unwrap();
        assert!(cure.starts_with("compare the write key"), "{cure}");
    }
    let mut said = vec![("the log".to_owned(), server.log())];
    for path in ["/v1/changes?limit=100", "/v1/sources?include=environment_settings"] {
        said.push((path.to_owned(), server.get(path).await.to_string()));
    }
    let metrics = server.client.get(format!("{}/metrics", server.admin)).send().await.unwrap().text().await.unwrap();
    assert!(metrics.contains(r#"cause="wrong_write_key""#), "{metrics}");
    said.push(("the metrics".to_owned(), metrics));
    for provider in ["segment", "rudderstack", "http"] {
        let logs = server.logs(provider).await;
        said.push((format!("the log of {provider}"), json!(logs).to_string()));
        for entry in refused(&server, provider).await {
            let path =
                format!("/v1/sources/{provider}/refused/{}?environment=development", entry["id"].as_str().unwrap());
            said.push((path.clone(), server.get(&path).await.to_string()));
        }
    }
    for (place, text) in &said {
        assert!(!text.contains(KEY) && !text.contains(WRONG), "{place}: {text}");
    }
    let holds = |bytes: &[u8], wanted: &str| bytes.windows(wanted.len()).any(|window| window == wanted.as_bytes());
    let files = all_files(server.data_dir());
    assert!(files.iter().any(|(_, bytes)| holds(bytes, "Order Completed")), "the search works");
    for (path, bytes) in &files {
        assert!(!holds(bytes, KEY) && !holds(bytes, WRONG), "{}", path.display());
    }
}

#[tokio::test]
async fn a_write_key_in_a_wrong_place_is_kept_nowhere() {
    let server = Server::start().await;
    let settings = json!({"write_key": KEY, "keep_headers": ["x-api-key", "x-seen"]});
    for provider in ["segment", "rudderstack", "http"] {
        let endpoint = server.source(provider, provider, settings.clone(), json!([])).await;
        let with_key = body_with("m-1", KEY);
        let cut = with_key[..with_key.len() - 2].to_owned();
        for body in [
            cut.clone(),
            cut.replace(KEY, WRONG),
            format!("writeKey={KEY}&a=seen"),
            format!("a=seen&writeKey={WRONG}"),
            format!("<a><writeKey>{KEY}</writeKey>seen</a>"),
            format!("the key {KEY} as it is seen"),
            format!(r#"{{"type":"track","context":{{"writeKey":"{KEY}"}},"seen":1}}"#),
            format!("{{\"a\":\"seen\"}}\nwriteKey: {KEY}"),
        ] {
            // Refused, and stored.
            assert_eq!(status(&endpoint, None, body.clone()).await, 401, "{provider} {body}");
            let taken = status(&endpoint, Some(KEY), body.clone()).await;
            assert!([200, 401, 422].contains(&taken), "{provider} {taken} {body}");
        }
        let elsewhere = at(&endpoint, &format!("/{KEY}/seen"), &server);
        let request = || elsewhere.post(body("m-2")).header("x-api-key", KEY).header("x-seen", "seen");
        assert_eq!(request().send().await.unwrap().status(), 401);
        assert_eq!(request().basic_auth(KEY, Some("")).send().await.unwrap().status(), 200);
        let log = server.last_log(provider).await;
        assert_eq!(log["headers"]["x-seen"], "seen", "{log}");
        assert_eq!(log["headers"]["x-api-key"], "[redacted]", "{log}");
        // Neither is gzip that can be inflated. What is compressed is not kept: nobody can tell what is in it.
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
        encoder.write_all(with_key.as_bytes()).unwrap();
        let whole = encoder.finish().unwrap();
        for body in [with_key.clone().into_bytes(), whole[..whole.len() - 20].to_vec()] {
            let request = endpoint.post(body).header("content-encoding", "gzip").basic_auth(KEY, Some(""));
            assert_eq!(request.send().await.unwrap().status(), 400, "{provider}");
        }
        let bodies: Vec<bool> = refused(&server, provider)
            .await
            .iter()
            .filter(|entry| entry["cause"] == "not_gzip")
            .map(|entry| entry["has_body"] == true)
            .collect();
        assert_eq!(bodies.len(), 2, "{provider}");
    }
    let holds = |bytes: &[u8], wanted: &str| bytes.windows(wanted.len()).any(|window| window == wanted.as_bytes());
    let files = all_files(server.data_dir());
    assert!(files.iter().any(|(_, bytes)| holds(bytes, "seen")), "the search works");
    for (path, bytes) in &files {
        for key in [KEY, WRONG] {
            let at = bytes.windows(key.len()).position(|window| window == key.as_bytes());
            let around =
                at.map(|at| String::from_utf8_lossy(&bytes[at.saturating_sub(60)..at + key.len()]).into_owned());
            assert_eq!(around, None, "{}", path.display());
        }
    }
    assert!(!server.log().contains(KEY) && !server.log().contains(WRONG));
}

#[tokio::test]
async fn a_source_has_a_signature_or_a_write_key() {
    let server = Server::start().await;
    let endpoint = server.source("segment", "segment", json!({"signing_secret": SEGMENT_SECRET}), json!([])).await;
    let (code, answer) = set(&server, "segment", json!({"write_key": KEY})).await;
    assert_eq!((code, &answer["field"]), (422, &json!("source.environment_settings.development.settings.write_key")));
    let sentence = answer["message"].as_str().unwrap();
    assert!(sentence.ends_with("send signing_secret null too, or leave write_key out"), "{sentence}");
    let (code, answer) = set(&server, "segment", json!({"write_key": KEY, "signing_secret": null})).await;
    assert_eq!(code, 200, "{answer}");
    let settings = &answer["source"]["environment_settings"]["development"]["settings"];
    assert_eq!((&settings["write_key_set"], &settings["signing_secret_set"]), (&json!(true), &json!(false)));
    assert_eq!(settings["enforce_verification"], true);
    let (code, again) = set(&server, "segment", settings.clone()).await;
    assert_eq!((code, &again["source"]), (200, &answer["source"]), "what is shown may be sent back");
    let signed = endpoint.post(body("m-1")).header("x-signature", hmac_sha1(SEGMENT_SECRET, body("m-1").as_bytes()));
    assert_eq!(signed.send().await.unwrap().status(), 401, "a signature is no alternative");
    assert_eq!(status(&endpoint, Some(KEY), body("m-1")).await, 200);
    let changes = server.get("/v1/changes").await;
    let entry = &changes["entries"][0];
    let after = &entry["after"];
    assert_eq!((&after["write_key"], &after["signing_secret"]), (&json!("set"), &json!(null)), "{entry}");

    let (code, answer) = set(&server, "segment", json!({"enforce_verification": false})).await;
    assert_eq!(code, 200, "{answer}");
    for (user, expected) in [(Some(KEY), "write_key"), (Some(WRONG), "failed"), (None, "missing")] {
        assert_eq!(status(&endpoint, user, body("m-1")).await, 200);
        assert_eq!(server.last_log("segment").await["verification_status"], expected);
    }
    let (code, answer) = set(&server, "segment", json!({"write_key": null})).await;
    assert_eq!(code, 200, "{answer}");
    assert_eq!(status(&endpoint, Some(KEY), body("m-1")).await, 200);
    assert_eq!(server.last_log("segment").await["verification_status"], "not_configured");
}

#[tokio::test]
async fn a_replaced_write_key_is_good_inside_its_overlap_and_not_after_also_after_a_restart() {
    let server = Server::start().await;
    server.source("http", "http", json!({"write_key": "first"}), json!([])).await;
    let (code, answer) = set(&server, "http", json!({"write_key": "second", "write_key_overlap_seconds": 5})).await;
    assert_eq!(code, 200, "{answer}");
    let (_dir, data_dir) = server.take_data_dir();
    let options = ServerOptions { data_dir: Some(data_dir), ..ServerOptions::default() };
    let server = Server::start_with(options).await;
    let shown = server.get("/v1/sources/http?environment=development").await;
    let endpoint = server.endpoint_of(&shown, "development");
    for key in ["first", "second"] {
        assert_eq!(status(&endpoint, Some(key), body("m-1")).await, 200, "{key}");
    }
    assert_eq!(status(&endpoint, Some("third"), body("m-1")).await, 401);
    for _ in 0..400 {
        let shown = server.get("/v1/sources/http?environment=development").await;
        if shown["environment_settings"]["development"]["settings"]["previous_write_key_until"].is_null() {
            assert_eq!(status(&endpoint, Some("first"), body("m-1")).await, 401);
            assert_eq!(status(&endpoint, Some("second"), body("m-1")).await, 200);
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the overlap did not end");
}

#[tokio::test]
async fn refused_requests_are_let_in_after_the_write_key_was_corrected() {
    let server = Server::start().await;
    let endpoint = server.source("segment", "segment", json!({"write_key": "a-typo"}), json!([])).await;
    assert_eq!(status(&endpoint, Some(KEY), body("m-1")).await, 401);
    assert_eq!(status(&endpoint, None, body_with("m-2", KEY)).await, 401);
    assert_eq!(status(&endpoint, Some(WRONG), body("m-3")).await, 401);
    assert_eq!(status(&endpoint, None, body("m-4")).await, 401);
    assert_eq!(set(&server, "segment", json!({"write_key": KEY})).await.0, 200);
    let verify = "/v1/sources/segment/refused/verify?environment=development";
    let answer = server.manage(Method::POST, verify).json(&json!({})).send().await.unwrap();
    let answer = read_json(answer).await;
    assert_eq!((&answer["verified"], &answer["refused"]), (&json!(2), &json!(2)), "{answer}");
    let mut keys: Vec<Value> = server.logs("segment").await.iter().map(|log| log["idempotency_key"].clone()).collect();
    keys.sort_by_key(Value::to_string);
    assert_eq!(keys, ["m-1", "m-2"]);
    assert_eq!(server.last_log("segment").await["verification_status"], "enforced:write_key");
}

#[tokio::test]
async fn rehearsals_and_the_authors_tool_send_the_write_key() {
    let server = Server::start().await;
    let endpoint = server.source("segment", "segment", json!({"write_key": KEY}), json!([])).await;
    let rehearse = async |request: Value| {
        let path = "/v1/sources/segment/rehearse?environment=development";
        let response = server.manage(Method::POST, path).json(&request).send().await.unwrap();
        assert_eq!(response.status(), 200);
        read_json(response).await["verification"].clone()
    };
    let payload: Value = serde_json::from_str(&body("m-1")).unwrap();
    let signed = rehearse(json!({"payload": payload, "sign": true})).await;
    assert_eq!((&signed["status"], &signed["would_be"]), (&json!("write_key"), &json!("accepted")));
    let unsigned = rehearse(json!({"payload": payload})).await;
    assert_eq!((&unsigned["status"], &unsigned["cause"]), (&json!("missing"), &json!("missing_write_key")));
    let keyed: Value = serde_json::from_str(&body_with("m-1", KEY)).unwrap();
    assert_eq!(rehearse(json!({"payload": keyed})).await["status"], "write_key");
    endpoint.send(body_with("m-1", KEY)).await;
    let logged = server.last_log("segment").await;
    let again = rehearse(json!({"log_id": logged["id"], "sign": true})).await;
    assert_eq!(again["status"], "write_key", "a blanked key is none");

    let tool = Tool::of(&server);
    tool.file("key", KEY.as_bytes());
    let send = ["send", "segment@development", "--example", "track/Order Completed"];
    tool.printed(&[&send[..], &["--secret-file", "key"]].concat());
    assert_eq!(server.last_log("segment").await["verification_status"], "enforced:write_key");
    tool.refused(&send);
}
