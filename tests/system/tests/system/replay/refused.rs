//! Refused requests that are verified again and admitted.

use inlet_system_tests::{Endpoint, SEGMENT_SECRET, Server, all_files, hmac_sha1, track};
use serde_json::json;

use super::{attention, counts, post};

const E1: &str = r#"{"event":"Order Completed","messageId":"m-1","properties":{"n":9007199254740993},"type":"track","userId":"u_1"}"#;

async fn send_signed(endpoint: &Endpoint, header: &str, value: &str, body: &str) -> u16 {
    endpoint.post(body.to_owned()).header(header, value).send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn refused_requests_are_let_in_after_the_secret_was_corrected() {
    let server = Server::start().await;
    let mappings = json!([{"event_type": "Order Completed", "action_type": "workflows_trigger",
        "action_parameters": {"key": "k", "recipients": {"id": "user_id"}, "data": "data"}}]);
    let endpoint = server.source("segment", "segment", json!({"signing_secret": "a typo"}), mappings).await;
    let signature = hmac_sha1(SEGMENT_SECRET, E1.as_bytes());
    assert_eq!(send_signed(&endpoint, "x-signature", &signature, E1).await, 401);
    assert_eq!(send_signed(&endpoint, "x-signature", "00", E1).await, 401);
    let doubled = endpoint.post(E1).header("x-signature", &signature).header("x-signature", &signature);
    assert_eq!(doubled.send().await.unwrap().status(), 401);
    assert_eq!(endpoint.post(E1).send().await.unwrap().status(), 401);
    assert_eq!(
        attention(&server, "segment").await,
        counts([("refused:doubled", 1), ("refused:failed", 2), ("refused:missing", 1)])
    );
    let list = server.get("/v1/sources/segment/refused?environment=development").await;
    let first = list["entries"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(
        (&first["cause"], &first["method"], &first["has_body"]),
        (&json!("failed"), &json!("POST"), &json!(true))
    );
    assert_eq!((&first["size"], first["digest"].as_str().unwrap().len()), (&json!(E1.len()), 64));
    assert!(!list.to_string().contains("Order Completed"), "bodies are not listed");

    let verify =
        format!("/v1/sources/segment/refused/{}/verify?environment=development", first["id"].as_str().unwrap());
    let (_, still) = post(&server, &verify, json!({})).await;
    assert_eq!((&still["verified"], &still["cause"]), (&json!(false), &json!("failed")), "the secret is still wrong");
    assert_eq!(post(&server, &verify.replace("development", "production"), json!({})).await.0, 404);

    let put = json!({"name": "segment",
        "environment_settings": {"development": {"settings": {"signing_secret": SEGMENT_SECRET}}}});
    let (status, answer) = server.try_put_source("segment", "development", put).await;
    assert_eq!(status, 200, "{answer}");
    let (_, done) = post(&server, &verify, json!({})).await;
    assert_eq!((&done["verified"], &done["events"][0]["outcome"]), (&json!(true), &json!("executed")), "{done}");
    let log = server.last_log("segment").await;
    assert_eq!(
        (&log["verification_status"], &log["received_at"]),
        (&json!("enforced:verified"), &first["received_at"])
    );
    assert_eq!(post(&server, &verify, json!({})).await.0, 404, "it left the ring");
    let (_, rest) = post(&server, "/v1/sources/segment/refused/verify?environment=development", json!({})).await;
    assert_eq!(
        rest,
        json!({"enforced": true, "verified": 0, "events": 0, "refused": 3, "not_kept": 0}),
        "also the one with two signatures"
    );
    let key = server.api_key("development").await;
    assert_eq!(server.all_runs(&key).await.len(), 1);
}

#[tokio::test]
async fn a_shared_secret_is_compared_again_and_never_kept() {
    let server = Server::start().await;
    let endpoint = server.source("http", "http", json!({"signing_secret": "a typo"}), json!([])).await;
    let secret = "canary-secret-91c2";
    for (n, sent) in [secret, "somebody else's", secret].into_iter().enumerate() {
        let url = format!("{}/sub", endpoint.url);
        let request = server.client.put(url).header("x-webhook-secret", sent).body(format!(r#"{{"event":"E{n}"}}"#));
        assert_eq!(request.send().await.unwrap().status(), 401);
    }
    for (file, bytes) in all_files(server.data_dir()) {
        assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "{}", file.display());
    }
    let list = server.get("/v1/sources/http/refused?environment=development").await;
    assert_eq!((&list["entries"][0]["method"], &list["entries"][0]["path"]), (&json!("PUT"), &json!("/sub")));
    server.source("http", "http", json!({"signing_secret": secret}), json!([])).await;
    let path = "/v1/sources/http/refused/verify?environment=development";
    let (_, one) = post(&server, path, json!({"order": "newest", "limit": 1})).await;
    assert_eq!(one, json!({"enforced": true, "verified": 1, "events": 1, "refused": 0, "not_kept": 0}));
    assert_eq!(server.last_log("http").await["event_type"], "track/E2");
    let (_, rest) = post(&server, path, json!({})).await;
    assert_eq!(rest, json!({"enforced": true, "verified": 1, "events": 1, "refused": 1, "not_kept": 0}));
    assert_eq!(server.last_log("http").await["event_type"], "track/E0");
    assert_eq!(post(&server, path, json!({"order": "random"})).await.0, 422);
}

#[tokio::test]
async fn the_ring_is_bounded_and_says_what_is_left_of_a_request() {
    let server = Server::start().await;
    let endpoint = server.source("segment", "segment", json!({"signing_secret": "a typo"}), json!([])).await;
    for n in 0..5 {
        let body = track("E", "u", &format!("m{n}"), json!({"pad": "p".repeat(20 << 20)}));
        let signature = hmac_sha1(SEGMENT_SECRET, body.as_bytes());
        assert_eq!(send_signed(&endpoint, "x-signature", &signature, &body).await, 401);
    }
    let list = server.get("/v1/sources/segment/refused?environment=development").await;
    let kept: Vec<_> = list["entries"].as_array().unwrap().iter().map(|entry| entry["has_body"].clone()).collect();
    assert_eq!(kept, [false, false, true, true, true], "of more than 64 MiB in a minute the first bytes are kept");
    let oldest = list["entries"][0]["id"].as_str().unwrap();
    assert_eq!(
        list["entries"][0]["size"].as_u64(),
        list["entries"][4]["size"].as_u64(),
        "size and digest are of all of it"
    );
    let path = format!("/v1/sources/segment/refused/{oldest}/verify?environment=development");
    let (status, answer) = post(&server, &path, json!({})).await;
    assert_eq!(status, 409);
    insta::assert_snapshot!(answer["message"].as_str().unwrap(), @"its body is not kept whole: the ring keeps the newest 64 MiB, and of a flood the first 64 KiB of each; let the sender send it again");
}

#[tokio::test]
async fn after_enforcement_was_switched_off_the_rule_in_force_admits() {
    let server = Server::start().await;
    let endpoint = server.source("segment", "segment", json!({"signing_secret": SEGMENT_SECRET}), json!([])).await;
    assert_eq!(endpoint.post(E1).send().await.unwrap().status(), 401);
    assert_eq!(send_signed(&endpoint, "x-signature", &"0".repeat(40), E1).await, 401);
    server.source("segment", "segment", json!({"enforce_verification": false}), json!([])).await;
    let path = "/v1/sources/segment/refused/verify?environment=development";
    let (_, one) = post(&server, path, json!({"cause": "missing"})).await;
    assert_eq!(one, json!({"enforced": false, "verified": 1, "events": 1, "refused": 0, "not_kept": 0}));
    assert_eq!(server.last_log("segment").await["verification_status"], "missing", "and says what it is worth");
    let list = server.get("/v1/sources/segment/refused?environment=development").await;
    let id = list["entries"][0]["id"].as_str().unwrap();
    let (_, done) =
        post(&server, &format!("/v1/sources/segment/refused/{id}/verify?environment=development"), json!({})).await;
    assert_eq!((&done["verified"], &done["enforced"]), (&json!(true), &json!(false)), "{done}");
    assert_eq!(server.last_log("segment").await["verification_status"], "failed");
    assert_eq!(post(&server, path, json!({"cause": "old"})).await.0, 422);
}

#[tokio::test]
async fn a_refused_request_is_shown_with_its_credentials_masked_and_dismissed() {
    let server = Server::start().await;
    let settings = json!({"signing_secret": SEGMENT_SECRET, "keep_headers": ["x-note"]});
    let endpoint = server.source("segment", "segment", settings, json!([])).await;
    let signature = hmac_sha1("another", E1.as_bytes());
    for body in [E1, "no json"] {
        let request = endpoint.post(body).header("x-signature", &signature).header("x-note", "hello");
        assert_eq!(request.send().await.unwrap().status(), 401);
    }
    assert_eq!(endpoint.post(vec![0xff]).send().await.unwrap().status(), 401);
    let list = server.get("/v1/sources/segment/refused?environment=development").await;
    let ids: Vec<&str> =
        list["entries"].as_array().unwrap().iter().map(|entry| entry["id"].as_str().unwrap()).collect();
    let show = async |id: &str| server.get(&format!("/v1/sources/segment/refused/{id}?environment=development")).await;
    let [bytes, text, json] = [show(ids[0]).await, show(ids[1]).await, show(ids[2]).await];
    assert_eq!(json["body"]["properties"]["n"].to_string(), "9007199254740993");
    let headers = json!([{"name": "x-note", "value": "hello"}, {"name": "x-signature", "value": "…"}]);
    assert_eq!((&json["headers"], &json["cause"]), (&headers, &json!("failed")));
    assert!(json["what_to_do"].as_str().unwrap().starts_with("compare the signing secret"), "{json}");
    assert_eq!((&text["body"], &text["body_text"]), (&json!(null), &json!("no json")));
    assert_eq!((&bytes["body_base64"], &bytes["cause"]), (&json!("/w=="), &json!("missing")));
    assert!(![bytes, text, json].iter().any(|shown| shown.to_string().contains(&signature)));

    let dismiss = "/v1/sources/segment/refused/dismiss?environment=development";
    assert_eq!(post(&server, dismiss, json!({"ids": [ids[1]]})).await, (200, json!({"dismissed": 1})));
    assert_eq!(post(&server, dismiss, json!({"cause": "missing"})).await, (200, json!({"dismissed": 1})));
    assert_eq!(attention(&server, "segment").await, counts([("refused:failed", 1)]));
    let changes = server.get("/v1/changes").await;
    assert_eq!(changes["entries"][0]["operation"], "dismissRefusedRequests");
}

#[tokio::test]
async fn secrets_are_taken_as_they_were_meant() {
    let server = Server::start().await;
    let put = json!({"name": "census", "preconfigured_provider": "census",
        "environment_settings": {"development": {"settings": {"signing_secret": " TOKEN\n"}}}});
    let (status, answer) = server.try_put_source("census", "development", put).await;
    assert_eq!(
        (status, &answer["warnings"]),
        (200, &json!(["signing_secret: white space around it was removed"])),
        "{answer}"
    );
    let endpoint = Endpoint::at(
        &server,
        answer["source"]["environment_settings"]["development"]["settings"]["endpoint"].as_str().unwrap().to_owned(),
    );
    let body = r#"{"jsonrpc":"2.0","method":"test_connection","id":1}"#;
    for (credential, status) in [
        ("Bearer TOKEN", 200),
        ("bearer TOKEN", 200),
        ("BEARER  TOKEN", 200),
        ("Bearer token", 401),
        ("Basic TOKEN", 401),
        ("TOKEN", 401),
    ] {
        assert_eq!(send_signed(&endpoint, "authorization", credential, body).await, status, "{credential}");
    }
}
