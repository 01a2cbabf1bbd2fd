//! Reception of requests: the path of an admitted request, and the answers to refused ones (semantics.md §3).

use inlet_system_tests::{SEGMENT_SECRET, Server, hmac_sha1, raw_http, read_json, track};
use reqwest::Method;
use serde_json::json;

const E1: &str = r#"{"anonymousId":"a-1","event":"Order Completed","messageId":"ajs-next-1700000000000-aa","properties":{"total":39.5,"naïve":"☃"},"timestamp":"2026-01-02T03:04:05.678Z","type":"track","userId":"u_1"}"#;
const MAC_E1: &str = "b2e619b487f24aca18781061abb4da9157ab9074";

#[tokio::test]
async fn unknown_token_404_other_method_405_put_and_patch_taken_and_every_answer_is_closed() {
    let server = Server::start().await;
    let endpoint = server.source("segment", "segment", json!({}), json!([])).await;
    let unknown = server.client.post(format!("{}/integrations/receive/0123456789", server.base)).body("{}").send();
    let unknown = unknown.await.unwrap();
    assert_eq!(unknown.status(), 404);
    assert_eq!(read_json(unknown).await["code"], "unknown_endpoint");
    let get = server.client.get(&endpoint.url).send().await.unwrap();
    assert_eq!((get.status().as_u16(), get.headers()["allow"].to_str().unwrap()), (405, "POST, PUT, PATCH"));
    for method in [Method::PUT, Method::PATCH, Method::POST] {
        let answer = server.client.request(method, &endpoint.url).body(E1).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("cache-control"), "no-store");
        assert!(header("content-security-policy").starts_with("default-src 'none'"));
        assert_eq!(header("content-type"), "application/json");
    }
}

#[tokio::test]
async fn what_follows_the_token_reaches_the_plugin() {
    let server = Server::start().await;
    let endpoint = server.source("segment", "segment", json!({}), json!([])).await;
    let url = format!("{}/v1/track", endpoint.url);
    let body = r#"{"event":"Signed Up","userId":"u"}"#;
    let answer = read_json(server.client.post(url).body(body).send().await.unwrap()).await;
    assert_eq!(answer["events"][0]["event_type"], "track/Signed Up");
    let url = format!("{}/v1/batch", endpoint.url);
    let body =
        r#"{"batch":[{"type":"page","name":"Home"},{"type":"identify","userId":"u"}],"sentAt":"2026-01-02T03:04:05Z"}"#;
    let answer = read_json(server.client.post(url).body(body).send().await.unwrap()).await;
    let types: Vec<_> = answer["events"].as_array().unwrap().iter().map(|event| event["event_type"].clone()).collect();
    assert_eq!(types, ["page/Home", "identify"]);
}

#[tokio::test]
async fn the_body_limit_is_413_announced_or_not_and_the_sender_can_read_the_answer() {
    let server = Server::start().await;
    let endpoint = server.source("http", "http", json!({"max_body_bytes": 1000}), json!([])).await;
    let (status, answer) = endpoint.try_send("x".repeat(1001)).await;
    assert_eq!((status, &answer["code"]), (413, &json!("body_too_large")));
    let path = endpoint.url.trim_start_matches(&server.base);
    let chunk = format!("{:x}\r\n{}\r\n", 60_000, "x".repeat(60_000));
    let head = format!("POST {path} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n");
    let answer = raw_http::exchange(&server.base, format!("{head}{}0\r\n\r\n", chunk.repeat(40)).as_bytes()).await;
    assert_eq!(raw_http::status(&answer), 413, "{answer}");
    let (status, _) = endpoint.try_send(r#"{"event":"E"}"#).await;
    assert_eq!(status, 200, "the next request is served");
    assert!(server.logs("http").await.len() == 1, "nothing of the others was accepted");
}

#[tokio::test]
async fn one_gzip_is_inflated_under_the_limit_and_other_encodings_are_415() {
    use std::io::Write as _;
    let server = Server::start().await;
    let endpoint = server.source("segment", "segment", json!({"max_body_bytes": 100_000}), json!([])).await;
    let gzip = |bytes: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let send = async |encoding: &str, body: Vec<u8>| {
        endpoint.post(body).header("content-encoding", encoding).send().await.unwrap().status().as_u16()
    };
    assert_eq!(send("gzip", gzip(E1.as_bytes())).await, 200);
    assert_eq!(send("GZIP", gzip(E1.as_bytes())).await, 200);
    assert_eq!(send("identity", E1.into()).await, 200);
    let log = server.last_log("segment").await;
    assert_eq!(log["original"]["properties"]["naïve"], "☃");
    assert_eq!(send("gzip", gzip(&vec![b' '; 50_000_000])).await, 413, "a gzip bomb");
    assert_eq!(send("gzip", E1.into()).await, 400, "not gzip at all");
    assert_eq!(send("gzip", gzip(E1.as_bytes())[..40].to_vec()).await, 400, "truncated");
    assert_eq!(send("br", E1.into()).await, 415);
    assert_eq!(send("gzip, gzip", gzip(&gzip(E1.as_bytes()))).await, 415);
    let two = [gzip(&E1.as_bytes()[..30]), gzip(&E1.as_bytes()[30..])].concat();
    assert_eq!(send("gzip", two).await, 200, "two members are one body");
    assert_eq!(server.logs("segment").await.len(), 4);
}

#[tokio::test]
async fn an_encoding_that_is_not_supported_is_named() {
    let server = Server::start().await;
    let endpoint = server.source("http", "http", json!({}), json!([])).await;
    let send = async |encoding: &str| {
        let response = endpoint.post(r#"{"event":"E"}"#).header("content-encoding", encoding).send().await.unwrap();
        (response.status().as_u16(), read_json(response).await["message"].as_str().unwrap().to_owned())
    };
    let (status, message) = send("UTF-8").await;
    assert_eq!(status, 415);
    insta::assert_snapshot!(message, @r#"the content encoding is "UTF-8", which is a charset and not an encoding; leave the header content-encoding out, and name the charset in content-type"#);
    assert!(send("br").await.1.contains(r#""br""#));
    let head = format!("POST {} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: gzip, chunked\r\n\r\n", endpoint.path());
    let answer = raw_http::exchange(&server.base, format!("{head}2\r\n{{}}\r\n0\r\n\r\n").as_bytes()).await;
    assert_eq!(raw_http::status(&answer), 415, "{answer}");
    assert!(answer.contains("only chunked is supported"), "{answer}");
}

#[tokio::test]
async fn a_body_that_is_not_the_gzip_that_it_is_announced_as_is_kept_with_what_came() {
    let server = Server::start().await;
    let endpoint = server.source("segment", "segment", json!({}), json!([])).await;
    let send = async |body: Vec<u8>| {
        let response = endpoint.post(body).header("content-encoding", "gzip").send().await.unwrap();
        (response.status().as_u16(), read_json(response).await["message"].as_str().unwrap().to_owned())
    };
    let (status, message) = send(E1.into()).await;
    assert_eq!(status, 400);
    insta::assert_snapshot!(message, @"the header content-encoding announces gzip, and the body is JSON that is not compressed; compress the body, or leave the header out");
    let long: Vec<u8> = std::iter::repeat_n(b'x', 300_000).collect();
    assert_eq!(send(long).await.0, 400);
    let list = server.get("/v1/sources/segment/refused?environment=development").await;
    let found: Vec<_> = list["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| (&entry["cause"], &entry["size"], &entry["has_body"]))
        .collect();
    let cause = json!("not_gzip");
    assert_eq!(found, [(&cause, &json!(300_000), &json!(false)), (&cause, &json!(E1.len()), &json!(true))]);
    assert_eq!(list["entries"][1]["reason"], message);
    assert!(list["entries"][1]["what_to_do"].as_str().unwrap().contains("content-encoding"));
    let id = list["entries"][1]["id"].as_str().unwrap();
    let whole = server.get(&format!("/v1/sources/segment/refused/{id}?environment=development")).await;
    assert_eq!(whole["body"]["event"], "Order Completed");
    let status = server.get("/v1/sources/segment/status?environment=development").await;
    assert_eq!(status["needs_attention"]["causes"][0]["cause"], "not_gzip");
    let path = format!("/v1/sources/segment/refused/{id}/verify?environment=development");
    let verified = read_json(server.manage(Method::POST, &path).json(&json!({})).send().await.unwrap()).await;
    assert_eq!((&verified["verified"], &verified["cause"]), (&json!(false), &cause), "{verified}");
}

#[tokio::test]
async fn a_body_signed_with_its_byte_order_mark_verifies_and_one_signed_without_it_too() {
    let server = Server::start().await;
    let endpoint = server.source("segment", "segment", json!({"signing_secret": "a typo"}), json!([])).await;
    let marked = format!("\u{feff}{E1}");
    let send = async |signed: &str| {
        let request = endpoint.post(marked.clone()).header("x-signature", hmac_sha1(SEGMENT_SECRET, signed.as_bytes()));
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(send(&marked).await, 401);
    server.source("segment", "segment", json!({"signing_secret": SEGMENT_SECRET}), json!([])).await;
    assert_eq!((send(&marked).await, send(E1).await, send("{}").await), (200, 200, 401));
    assert_eq!(server.last_log("segment").await["event_type"], "track/Order Completed");
    let path = "/v1/sources/segment/refused/verify?environment=development";
    let verified = read_json(server.manage(Method::POST, path).json(&json!({})).send().await.unwrap()).await;
    assert_eq!(
        (&verified["verified"], &verified["refused"]),
        (&json!(1), &json!(1)),
        "the kept one with its mark: {verified}"
    );
}

#[tokio::test]
async fn segments_signature_is_verified_on_the_bytes_and_one_answer_covers_every_cause() {
    let server = Server::start().await;
    let endpoint = server.source("segment", "segment", json!({"signing_secret": SEGMENT_SECRET}), json!([])).await;
    let send = async |body: &str, signatures: &[&str]| {
        let mut request = endpoint.post(body.to_owned());
        for signature in signatures {
            request = request.header("X-Signature", *signature);
        }
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    };
    assert_eq!(send(E1, &[MAC_E1]).await.0, 200, "the first secret turned enforcement on");
    assert_eq!(server.last_log("segment").await["verification_status"], "enforced:verified");
    let wrong = send(E1, &["00"]).await;
    assert_eq!(wrong.0, 401);
    for signatures in [vec![], vec![MAC_E1, MAC_E1], vec!["zz"], vec![&MAC_E1[..38]], vec![""]] {
        assert_eq!(send(E1, &signatures).await, wrong, "{signatures:?}");
    }
    assert_eq!(send(&format!("{E1}\n"), &[MAC_E1]).await, wrong, "a trailing newline");
    // Only the first item of a batch is signed; the others could be forged.
    let forged = format!("[{E1},{}]", track("Forged", "u", "f", json!({})));
    assert_eq!(send(&forged, &[MAC_E1]).await, wrong);
    assert_eq!(send(&format!("[{E1}]"), &[MAC_E1]).await.0, 200);
    assert_eq!(server.logs("segment").await.len(), 2, "nothing refused is in the log");

    server.source("segment", "segment", json!({"trust_unsigned_batch_items": true}), json!([])).await;
    assert_eq!(send(&forged, &[MAC_E1]).await.0, 200);
    let statuses: Vec<_> =
        server.logs("segment").await.iter().take(2).map(|log| log["verification_status"].clone()).collect();
    assert_eq!(statuses, ["enforced:missing", "enforced:verified"]);

    server.source("segment", "segment", json!({"enforce_verification": false}), json!([])).await;
    assert_eq!(send(E1, &["00"]).await.0, 200, "not enforced: the result is only recorded");
    assert_eq!(server.last_log("segment").await["verification_status"], "failed");
    assert_eq!(send(E1, &[]).await.0, 200);
    assert_eq!(server.last_log("segment").await["verification_status"], "missing");
    assert_eq!(send(E1, &[&hmac_sha1(SEGMENT_SECRET, E1.as_bytes())]).await.0, 200);
    assert_eq!(server.last_log("segment").await["verification_status"], "verified");
}

#[tokio::test]
async fn a_shared_secret_in_a_header_of_the_operators_choice() {
    let server = Server::start().await;
    let settings =
        json!({"signing_secret": "open sesame", "verification_header": "X-My-Secret", "keep_headers": ["x-note"]});
    let endpoint = server.source("http", "http", settings, json!([])).await;
    let send = async |name: &str, value: &str| {
        endpoint
            .post(r#"{"event":"E"}"#)
            .header(name, value)
            .header("X-Note", "na\u{ef}ve")
            .send()
            .await
            .unwrap()
            .status()
            .as_u16()
    };
    assert_eq!(send("x-webhook-secret", "open sesame").await, 401);
    assert_eq!(send("x-my-secret", "Open sesame").await, 401);
    assert_eq!(send("X-MY-SECRET", "open sesame").await, 200);
    let log = server.last_log("http").await;
    assert_eq!(log["headers"]["x-note"], "na\u{ef}ve", "non-ASCII and mixed case");
    assert!(!log.to_string().contains("sesame"), "the credential never leaves the door");
}

#[tokio::test]
async fn secrets_are_in_no_log_line_answer_metric_or_event_log() {
    let server = Server::start().await;
    let canary = "canary-5f1d";
    let settings = json!({"signing_secret": canary, "enforce_verification": false, "keep_headers": ["x-kept"]});
    let endpoint = server.source("http", "http", settings, json!([])).await;
    let token = endpoint.url.rsplit('/').next().unwrap();
    endpoint
        .post(r#"{"event":"E"}"#)
        .header("authorization", format!("Bearer {canary}"))
        .header("cookie", canary)
        .header("x-webhook-secret", canary)
        .header("x-kept", "kept")
        .send()
        .await
        .unwrap();
    let log = server.last_log("http").await;
    assert_eq!(log["headers"], json!({"x-kept": "kept"}));
    let source = server.get("/v1/sources/http?environment=development").await;
    assert!(!source.to_string().contains(canary));
    let metrics = server.client.get(format!("{}/metrics", server.admin)).send().await.unwrap().text().await.unwrap();
    assert!(metrics.contains("inlet_requests_total"));
    for (place, text) in [("log", server.log()), ("metrics", metrics), ("event log", log.to_string())] {
        assert!(!text.contains(canary), "{place}");
        assert!(!text.contains(token), "{place}");
    }
}

#[tokio::test]
async fn what_a_plugin_could_not_translate_is_kept_and_answered_200_or_422_as_its_manifest_says() {
    let server = Server::start().await;
    let segment = server.source("segment", "segment", json!({}), json!([])).await;
    let (status, answer) = segment.try_send("{not json").await;
    assert_eq!((status, &answer["events"][0]["outcome"]), (200, &json!("rejected")));
    let log = server.last_log("segment").await;
    assert_eq!((&log["original"], &log["original_text"]), (&json!(null), &json!("{not json")));
    assert!(log["reason"].as_str().unwrap().contains("line 1"), "{}", log["reason"]);

    let http = server.source("http", "http", json!({}), json!([])).await;
    let (status, answer) = http.try_send("{not json").await;
    assert_eq!((status, &answer["code"]), (422, &json!("rejected")));
    assert_eq!(server.last_log("http").await["original_text"], "{not json", "still logged");
    let (status, answer) = http.try_send(r#"[{"event":"Good"},{"event":7}]"#).await;
    assert_eq!(status, 200, "422 only when every item was rejected");
    assert_eq!(answer["events"][1]["outcome"], "rejected");
    let (status, answer) = http.try_send("[]").await;
    assert_eq!((status, &answer["events"][0]["outcome"]), (200, &json!("ignored")));
}
