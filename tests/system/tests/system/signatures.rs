//! Signatures through the real server: which requests are admitted, and repeated genuine requests (semantics.md §3.2).

use std::{
    fs::Permissions,
    os::unix::fs::PermissionsExt as _,
    time::{SystemTime, UNIX_EPOCH},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use inlet_system_tests::{
    Endpoint, SEGMENT_SECRET, Server, ServerOptions, binary, hmac_sha1, read_json, test_plugin, track,
};
use serde_json::{Value, json};

pub(super) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER_SECRET: &str = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

pub(super) fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64
}

/// Signs according to Standard Webhooks.
pub(super) fn signature(secret: &str, id: &str, at: i64, body: &str) -> String {
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&key).unwrap();
    mac.update(format!("{id}.{at}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

/// Starts a server with a plugin whose platform signs an id and a timestamp, and a source of it.
pub(super) async fn signed_source(options: ServerOptions) -> (Server, Endpoint, tempfile::TempDir) {
    let plugins = tempfile::TempDir::new().unwrap();
    std::fs::copy(test_plugin("inlet__hostile.wasm"), plugins.path().join("hostile.wasm")).unwrap();
    let server = Server::start_with(options.arg("--plugins-dir").arg(plugins.path().to_str().unwrap())).await;
    let mut endpoint = server.source("signed", "inlet/hostile", json!({"signing_secret": SECRET}), json!([])).await;
    endpoint.url.push_str("/ok");
    (server, endpoint, plugins)
}

pub(super) async fn send(endpoint: &Endpoint, id: &str, at: i64, signature: &str, body: &str) -> u16 {
    let request = endpoint.post(body.to_owned()).header("webhook-id", id).header("webhook-timestamp", at.to_string());
    request.header("webhook-signature", signature).send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn a_captured_request_runs_once_and_the_senders_own_retry_is_another() {
    let (server, endpoint, _plugins) = signed_source(ServerOptions::default()).await;
    let at = now();
    let genuine = signature(SECRET, "msg_1", at, "{}");
    assert_eq!(send(&endpoint, "msg_1", at, &genuine, "{}").await, 200);
    assert_eq!(send(&endpoint, "msg_1", at, &genuine, "{}").await, 200, "the same bytes again");
    let dressed_up = format!("{genuine} v1,{}", STANDARD.encode([0; 32]));
    assert_eq!(send(&endpoint, "msg_1", at, &dressed_up, "{}").await, 200, "with another signature beside it");
    assert_eq!(server.logs("signed").await.len(), 1, "neither ran");
    let retry = signature(SECRET, "msg_1", at + 1, "{}");
    assert_eq!(send(&endpoint, "msg_1", at + 1, &retry, "{}").await, 200, "a retry is signed anew");
    assert_eq!(server.logs("signed").await.len(), 2);
    assert_eq!(server.logs("signed").await[1]["resends"], 2);
}

#[tokio::test]
async fn of_many_copies_at_once_one_is_taken() {
    let (server, endpoint, _plugins) = signed_source(ServerOptions::default()).await;
    let at = now();
    let genuine = signature(SECRET, "msg_1", at, "{}");
    let mut copies = tokio::task::JoinSet::new();
    for _ in 0..32 {
        let (endpoint, genuine) = (endpoint.clone(), genuine.clone());
        copies.spawn(async move { send(&endpoint, "msg_1", at, &genuine, "{}").await });
    }
    let statuses = copies.join_all().await;
    assert_eq!(statuses, [200; 32], "those that come before the first is done wait for it");
    let logs = server.logs("signed").await;
    assert_eq!((logs.len(), &logs[0]["resends"]), (1, &json!(31)));
}

#[tokio::test]
async fn a_captured_request_is_known_after_a_kill_too() {
    let (mut server, endpoint, plugins) = signed_source(ServerOptions::default()).await;
    let at = now();
    let genuine = signature(SECRET, "msg_1", at, "{}");
    assert_eq!(send(&endpoint, "msg_1", at, &genuine, "{}").await, 200);
    server.kill();
    let path = endpoint.url.trim_start_matches(&server.base).to_owned();
    let (_dir, data_dir) = server.take_data_dir();
    let options = ServerOptions { data_dir: Some(data_dir), ..ServerOptions::default() };
    let server = Server::start_with(options.arg("--plugins-dir").arg(plugins.path().to_str().unwrap())).await;
    let mut again = endpoint;
    again.url = format!("{}{path}", server.base);
    assert_eq!(send(&again, "msg_1", at, &genuine, "{}").await, 200);
    assert_eq!(server.logs("signed").await.len(), 1);
}

#[tokio::test]
async fn wrong_missing_doubled_stale_and_from_the_future() {
    let (server, endpoint, _plugins) = signed_source(ServerOptions::default()).await;
    let at = now();
    let genuine = signature(SECRET, "msg_1", at, "{}");
    assert_eq!(send(&endpoint, "msg_1", at, &signature(OTHER_SECRET, "msg_1", at, "{}"), "{}").await, 401);
    assert_eq!(send(&endpoint, "msg_2", at, &genuine, "{}").await, 401, "another id");
    assert_eq!(send(&endpoint, "msg_1", at + 1, &genuine, "{}").await, 401, "another time");
    assert_eq!(send(&endpoint, "msg_1", at, &genuine, "{}\n").await, 401, "a trailing newline");
    assert_eq!(send(&endpoint, "msg_1", at, &genuine[..20], "{}").await, 401, "truncated");
    assert_eq!(endpoint.post("{}").send().await.unwrap().status(), 401, "nothing at all");
    for age in [400, -400] {
        let signed = signature(SECRET, "msg_1", at - age, "{}");
        assert_eq!(send(&endpoint, "msg_1", at - age, &signed, "{}").await, 401, "{age} s old");
    }
    let twice = endpoint.post("{}").header("webhook-id", "msg_1").header("webhook-timestamp", at.to_string());
    let twice = twice.header("webhook-signature", &genuine).header("webhook-signature", &genuine);
    assert_eq!(twice.send().await.unwrap().status(), 401);
    for age in [200, -200] {
        let signed = signature(SECRET, "msg_1", at - age, "{}");
        assert_eq!(send(&endpoint, "msg_1", at - age, &signed, "{}").await, 200, "a clock that is off by {age} s");
    }
    assert_eq!(server.logs("signed").await.len(), 2, "nothing of the others came in");
}

#[tokio::test]
async fn one_answer_for_every_cause() {
    let (_server, endpoint, _plugins) = signed_source(ServerOptions::default()).await;
    let at = now();
    let genuine = signature(SECRET, "msg_1", at, "{}");
    assert_eq!(send(&endpoint, "msg_1", at, &genuine, "{}").await, 200);
    let mut answers: Vec<(u16, Value)> = Vec::new();
    let stale = signature(SECRET, "msg_1", at - 400, "{}");
    for (time, signature) in [(at + 1, genuine.as_str()), (at, "v1,AAAA"), (at - 400, &stale), (at, "nonsense")] {
        let request = endpoint.post("{}").header("webhook-id", "msg_1").header("webhook-timestamp", time.to_string());
        let answer = request.header("webhook-signature", signature).send().await.unwrap();
        answers.push((answer.status().as_u16(), read_json(answer).await));
    }
    let answer = endpoint.post("{}").send().await.unwrap();
    answers.push((answer.status().as_u16(), read_json(answer).await));
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
    assert_eq!(
        answers[0],
        (401, json!({"code": "not_verified", "message": "the request could not be verified", "field": null}))
    );
}

#[tokio::test]
async fn where_nothing_is_enforced_the_result_is_only_recorded() {
    let (server, endpoint, _plugins) = signed_source(ServerOptions::default()).await;
    server.source("signed", "inlet/hostile", json!({"enforce_verification": false}), json!([])).await;
    let at = now();
    let genuine = signature(SECRET, "msg_1", at, "{}");
    for _ in 0..2 {
        assert_eq!(send(&endpoint, "msg_1", at, &genuine, "{}").await, 200);
        assert_eq!(server.last_log("signed").await["verification_status"], "verified");
    }
    assert_eq!(send(&endpoint, "msg_1", at, "v1,AAAA", "{}").await, 200);
    assert_eq!(server.last_log("signed").await["verification_status"], "failed");
}

#[tokio::test]
async fn a_nonce_store_that_cannot_write_is_503_and_nothing_is_accepted() {
    // No file may exceed 3 MiB, like on a full disk. The shell's trap turns the signal into an error.
    let directory = tempfile::TempDir::new().unwrap();
    let limited = directory.path().join("limited");
    let script = format!("#!/bin/sh\ntrap '' XFSZ\nulimit -f 6144\nexec '{}' \"$@\"\n", binary().display());
    std::fs::write(&limited, script).unwrap();
    std::fs::set_permissions(&limited, Permissions::from_mode(0o700)).unwrap();
    let options = ServerOptions { binary: Some(limited), ..ServerOptions::default() };
    let (server, endpoint, _plugins) = signed_source(options).await;
    let body = format!(r#"{{"pad":"{}"}}"#, "p".repeat(20_000));
    let at = now();
    let (mut accepted, mut refused) = (0, None);
    for number in 0..2000 {
        let id = format!("msg_{number}");
        match send(&endpoint, &id, at, &signature(SECRET, &id, at, &body), &body).await {
            200 => accepted += 1,
            status => {
                refused = Some((status, id));
                break;
            }
        }
    }
    let (status, id) = refused.expect("the disk never filled");
    assert_eq!(status, 503, "after {accepted} requests");
    let again = send(&endpoint, &id, at, &signature(SECRET, &id, at, &body), &body).await;
    assert_eq!(again, 503, "it was not remembered as taken either");
    assert_eq!(server.all_logs("signed").await.len(), accepted);
}

#[tokio::test]
async fn a_batch_with_forged_items_and_gzip_and_a_trailing_newline() {
    let server = Server::start().await;
    let endpoint = server.source("segment", "segment", json!({"signing_secret": SEGMENT_SECRET}), json!([])).await;
    let event = track("Signed Up", "u_1", "m-1", json!({}));
    let forged = track("Refund Everything", "u_1", "m-2", json!({}));
    let mac = hmac_sha1(SEGMENT_SECRET, event.as_bytes());
    let send = async |body: Vec<u8>, signature: &str, encoding: Option<&str>| {
        let mut request = endpoint.post(body).header("x-signature", signature);
        if let Some(encoding) = encoding {
            request = request.header("content-encoding", encoding);
        }
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(send(format!("[{event},{forged}]").into(), &mac, None).await, 401);
    assert_eq!(send(format!("{event}\n").into(), &mac, None).await, 401, "another body");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut gzip, event.as_bytes()).unwrap();
    let gzip = gzip.finish().unwrap();
    assert_eq!(send(gzip.clone(), &mac, Some("gzip")).await, 200, "what is signed is what the plugin gets");
    assert_eq!(send(gzip.clone(), &hmac_sha1(SEGMENT_SECRET, &gzip), Some("gzip")).await, 401);
    assert_eq!(send(event.clone().into(), &mac.to_uppercase(), None).await, 200);
    for malformed in [&mac[..39], "not hexadecimal", ""] {
        assert_eq!(send(event.clone().into(), malformed, None).await, 401, "{malformed}");
    }
    server.source("segment", "segment", json!({"trust_unsigned_batch_items": true}), json!([])).await;
    assert_eq!(send(format!("[{event},{forged}]").into(), &mac, None).await, 200, "the operator asked for it");
    let statuses: Vec<_> =
        server.logs("segment").await.iter().take(2).map(|log| log["verification_status"].clone()).collect();
    assert_eq!(
        statuses,
        ["enforced:missing", "enforced:verified"],
        "newest first: the forged one is not called verified"
    );
}

#[tokio::test]
async fn secrets_that_make_no_key_and_empty_ones_are_refused_when_they_are_saved() {
    let (server, _, _plugins) = signed_source(ServerOptions::default()).await;
    let put = async |secret: Value| {
        let settings = json!({"development": {"settings": {"signing_secret": secret}}});
        let source = json!({"name": "signed", "environment_settings": settings});
        server.try_put_source("signed", "development", source).await
    };
    let (status, answer) = put(json!("whsec_this is no base64")).await;
    assert_eq!(status, 422);
    insta::assert_snapshot!(answer["message"].as_str().unwrap(), @r#"no key can be made of it: expected base64, with or without "whsec_" before it"#);
    let (status, answer) = put(json!("")).await;
    assert_eq!(status, 422);
    insta::assert_snapshot!(answer["message"].as_str().unwrap(), @"expected a string of 1 to 16384 bytes, or null");
    assert!(!server.log().contains("this is no base64"));
}

#[tokio::test]
async fn a_rehearsal_tells_a_captured_request_from_one_that_is_signed_anew_and_takes_neither() {
    let (server, endpoint, _plugins) = signed_source(ServerOptions::default()).await;
    let at = now();
    let genuine = signature(SECRET, "msg_1", at, "{}");
    let headers = json!({"webhook-id": "msg_1", "webhook-timestamp": at.to_string(), "webhook-signature": genuine});
    let rehearse = async |more: Value| {
        let mut body = json!({"payload": {}, "path": "/ok"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let path = "/v1/sources/signed/rehearse?environment=development";
        let answer = read_json(server.manage(reqwest::Method::POST, path).json(&body).send().await.unwrap()).await;
        (answer["answer"]["status"].clone(), answer["verification"]["cause"].clone())
    };
    for _ in 0..2 {
        assert_eq!(
            rehearse(json!({"headers": headers})).await,
            (json!(200), json!(null)),
            "a rehearsal is not remembered"
        );
    }
    assert_eq!(send(&endpoint, "msg_1", at, &genuine, "{}").await, 200);
    assert_eq!(rehearse(json!({"headers": headers})).await, (json!(200), json!(null)), "it would be answered again");
    assert_eq!(server.logs("signed").await[0]["resends"], 0, "a rehearsal is not counted");
    assert_eq!(rehearse(json!({"sign": true})).await, (json!(200), json!(null)));
    let stale = json!({"sign": true, "received_at": "2026-01-02T03:04:05Z"});
    assert_eq!(rehearse(stale).await, (json!(200), json!(null)), "signed as of when it arrives");
}
