//! Bad input: each gets a clear sentence or a documented answer, nothing panics or is lost, and the next request is
//! served.

use inlet_system_tests::{Server, raw_http, track};
use serde_json::json;

#[tokio::test]
async fn every_odd_body_gets_its_documented_answer() {
    let server = Server::start().await;
    let segment = server.source("segment", "segment", json!({}), json!([])).await;
    let http = server.source("http", "http", json!({}), json!([])).await;
    let deep = format!("{}{}", "[".repeat(2_000_000), "]".repeat(2_000_000));
    let deep_member = format!(
        r#"{{"type":"track","event":"Deep","userId":"u","properties":{}1{}}}"#,
        r#"{"a":"#.repeat(200_000),
        "}".repeat(200_000)
    );
    // Body, outcome of Segment's only item, status of http's answer.
    let cases: Vec<(&str, Vec<u8>, &str, u16)> = vec![
        ("empty", b"".to_vec(), "rejected", 422),
        ("white space", b" \n".to_vec(), "rejected", 422),
        ("not JSON", b"hello".to_vec(), "rejected", 422),
        ("truncated", br#"{"type":"track","event":"E","#.to_vec(), "rejected", 422),
        ("2,000,000 levels", deep.into_bytes(), "rejected", 422),
        ("200,000 levels in a member", deep_member.into_bytes(), "rejected", 422),
        ("invalid UTF-8", b"{\"event\":\"\xff\xfe\"}".to_vec(), "rejected", 422),
        ("null", b"null".to_vec(), "rejected", 422),
        ("a string", b"\"x\"".to_vec(), "rejected", 422),
        ("a number", b"1E400".to_vec(), "rejected", 422),
        ("[]", b"[]".to_vec(), "ignored", 200),
        ("a BOM", [b"\xEF\xBB\xBF".as_slice(), track("E", "u", "m", json!({})).as_bytes()].concat(), "logged", 200),
        ("a lone surrogate", br#"{"type":"track","event":"E","properties":{"s":"\ud800"}}"#.to_vec(), "rejected", 422),
        ("a lone surrogate in the name", br#"{"type":"track","event":"\udc00"}"#.to_vec(), "rejected", 422),
        ("NUL in the name", br#"{"type":"track","event":"a\u0000b"}"#.to_vec(), "rejected", 422),
        ("NUL in the user id", br#"{"type":"track","event":"E","userId":"a\u0000"}"#.to_vec(), "rejected", 422),
        ("NUL in the data", br#"{"type":"track","event":"E","properties":{"a":"\u0000"}}"#.to_vec(), "logged", 200),
        ("null data", br#"{"type":"track","event":"E","properties":null}"#.to_vec(), "logged", 200),
        ("array data", br#"{"type":"track","event":"E","properties":[1]}"#.to_vec(), "rejected", 422),
        ("huge numbers", br#"{"type":"track","event":"E","properties":{"a":1E400,"b":-9007199254740993}}"#.to_vec(), "logged", 200),
        (
            "private markers",
            br#"{"type":"track","event":"E","properties":{"$serde_json::private::Number":"1","$serde_json::private::RawValue":"x"}}"#
                .to_vec(),
            "logged",
            200,
        ),
    ];
    for (name, body, outcome, status) in cases {
        let (segment_status, answer) = segment.try_send(body.clone()).await;
        assert_eq!(segment_status, 200, "{name}: {answer}");
        assert_eq!(answer["events"][0]["outcome"], outcome, "{name}: {answer}");
        let (http_status, http_answer) = http.try_send(body.clone()).await;
        assert_eq!(http_status, status, "{name}: {http_answer}");
        if status == 422 {
            let message = http_answer["message"].as_str().unwrap();
            assert!(message.len() > 10 && message.len() < 300, "{name}: {message}");
        }
        // Nothing is lost: the body can be read back, byte for byte.
        let id = answer["events"][0]["id"].as_str().unwrap().to_owned();
        let path = format!("/v1/sources/segment/logs?environment=development&id={id}");
        let text = server.manage(reqwest::Method::GET, &path).send().await.unwrap().text().await.unwrap();
        if name == "private markers" || name == "huge numbers" {
            assert!(text.contains(std::str::from_utf8(&body).unwrap()), "{name}: {text}");
        }
        segment.expect(track("Next", "u", name, json!({})), &["logged"]).await;
    }
    let panics = server.log().contains("panicked");
    assert!(!panics, "{}", server.log());
}

#[tokio::test]
async fn thirty_three_mebibytes_are_too_much_and_thirty_one_are_not() {
    let server = Server::start().await;
    let endpoint = server.source("segment", "segment", json!({}), json!([])).await;
    let (status, _) = endpoint.try_send("x".repeat(33 << 20)).await;
    assert_eq!(status, 413);
    let items: Vec<String> =
        (0..1000).map(|n| track("Big", "u", &format!("m{n}"), json!({"pad": "p".repeat(31_000)}))).collect();
    let body = format!("[{}]", items.join(","));
    assert!(body.len() > 31_000_000 && body.len() < 32 << 20);
    let answer = endpoint.send(body).await;
    assert_eq!(answer["counts"], json!({"logged": 1000}));
}

#[tokio::test]
async fn duplicate_keys_the_last_wins_for_the_plugin_and_the_core() {
    let server = Server::start().await;
    let mappings = json!([{"event_type": "B", "action_type": "workflows_trigger",
        "action_parameters": {"key": "k", "recipients": {"id": "user_id", "plan": "data.plan"}}}]);
    let endpoint = server.source("segment", "segment", json!({}), mappings).await;
    let body = r#"{"type":"page","type":"track","event":"A","event":"B","userId":"x","userId":"y","properties":{"plan":"old"},"properties":{"plan":"a","plan":"b"}}"#;
    let answer = endpoint.expect(body, &["executed"]).await;
    assert_eq!(answer["events"][0]["event_type"], "track/B");
    let log = server.last_log("segment").await;
    assert_eq!(log["user_id"], "y");
    let key = server.api_key("development").await;
    assert_eq!(server.get_with_key(&key, "/v1/users/y").await.1["plan"], "b");
}

#[tokio::test]
async fn a_batch_whose_seventeenth_item_is_wrong_goes_on_with_its_neighbours() {
    let server = Server::start().await;
    let endpoint = server.source("segment", "segment", json!({}), json!([])).await;
    for wrong in
        ["[1]", r#"{"type":"track","event":"E","userId":"\ud800"}"#, r#"{"type":"track","event":"E","userId":{"a":1}}"#]
    {
        let mut items: Vec<String> = (0..20).map(|n| track("E", "u", &format!("m{n}"), json!({}))).collect();
        items[16] = wrong.to_owned();
        let answer = endpoint.send(format!("[{}]", items.join(","))).await;
        for (index, event) in answer["events"].as_array().unwrap().iter().enumerate() {
            assert_eq!(event["outcome"], if index == 16 { "rejected" } else { "logged" }, "{index}: {event}");
        }
        assert!(answer["events"][16]["reason"].as_str().unwrap().len() > 10);
    }
}

#[tokio::test]
async fn a_batch_of_four_thousand_with_keys_executes_each_once() {
    let server = Server::start().await;
    let mappings = json!([{"event_type": "E", "action_type": "workflows_trigger",
        "action_parameters": {"key": "k", "recipients": {"id": "user_id"}}}]);
    let endpoint = server.source("segment", "segment", json!({"enforce_idempotency": true}), mappings).await;
    let items: Vec<String> = (0..4000).map(|n| track("E", "u", &format!("m{}", n / 2), json!({}))).collect();
    let answer = endpoint.send(format!("[{}]", items.join(","))).await;
    assert_eq!(answer["counts"], json!({"executed": 2000, "replayed": 2000}));
}

#[tokio::test]
async fn headers_missing_doubled_mixed_case_and_not_ascii() {
    let server = Server::start().await;
    let settings = json!({"keep_headers": ["X-Note", "x-none"], "event_type_path": "headers.X-Note"});
    let endpoint = server.source("http", "http", settings, json!([])).await;
    let path = endpoint.url.trim_start_matches(&server.base);
    let body = r#"{"data":{"a":1}}"#;
    let send = async |headers: &[u8]| {
        let mut request =
            format!("POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n", body.len())
                .into_bytes();
        request.extend_from_slice(headers);
        request.extend_from_slice(format!("\r\n{body}").as_bytes());
        raw_http::exchange(&server.base, &request).await
    };
    let answer = send(b"X-nOtE: one\r\nx-note: two\r\n").await;
    assert_eq!(raw_http::status(&answer), 200, "{answer}");
    assert!(answer.contains(r#""event_type":"one, two""#), "{answer}");
    let answer = send(b"x-note: na\xefve\r\n").await;
    assert!(answer.contains("na\u{fffd}ve"), "{answer}");
    let answer = send(b"").await;
    assert_eq!(raw_http::status(&answer), 422, "no event type: {answer}");
    assert_eq!(raw_http::status(&send(b"broken header line\r\n").await), 400);
    assert_eq!(raw_http::status(&send(format!("x: {}\r\n", "y".repeat(500_000)).as_bytes()).await), 431);
    endpoint.post(body).header("x-note", "next").send().await.unwrap();
    assert_eq!(server.last_log("http").await["event_type"], "next");
}

#[tokio::test]
async fn a_body_that_pauses_is_given_up_and_headers_that_do_not_end_too() {
    let options = inlet_system_tests::ServerOptions::default()
        .env("INLET_BODY_TIMEOUT_SECONDS", "1")
        .env("INLET_HEADER_TIMEOUT_SECONDS", "1");
    let server = Server::start_with(options).await;
    let endpoint = server.source("http", "http", json!({}), json!([])).await;
    let path = endpoint.url.trim_start_matches(&server.base);
    let head = format!("POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{{\"ev");
    let answer = raw_http::exchange(&server.base, head.as_bytes()).await;
    assert_eq!(raw_http::status(&answer), 408, "{answer}");
    let started = std::time::Instant::now();
    raw_http::exchange(&server.base, b"POST /integrations/receive/x HTTP/1.1\r\nhost:").await;
    assert!(started.elapsed().as_secs() < 15, "the connection was closed");
    let (status, _) = endpoint.try_send(r#"{"event":"E"}"#).await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn bytes_in_flight_are_bounded_and_beyond_them_503() {
    let options = inlet_system_tests::ServerOptions::default().env("INLET_MAX_IN_FLIGHT_BYTES", "100000");
    let server = Server::start_with(options).await;
    let endpoint = server.source("http", "http", json!({}), json!([])).await;
    let path = endpoint.url.trim_start_matches(&server.base);
    let response = endpoint.post("x".repeat(200_000)).send().await.unwrap();
    assert_eq!(response.status(), 503);
    assert!(response.headers().contains_key("retry-after"));
    // A client that sends much of a body and does not end it holds memory. Its source is refused more, and admitted again
    // afterwards.
    use tokio::io::AsyncWriteExt as _;
    let mut slow = tokio::net::TcpStream::connect(server.base.trim_start_matches("http://")).await.unwrap();
    let body = "x".repeat(28_000);
    let head = format!("POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: 29000\r\n\r\n{body}");
    slow.write_all(head.as_bytes()).await.unwrap();
    crate::admission::wait_for_gauge(&server, "inlet_in_flight_bytes", |bytes| bytes > 40_000.0).await;
    assert_eq!(endpoint.try_send(r#"{"event":"E"}"#).await.0, 503);
    drop(slow);
    for _ in 0..200 {
        if endpoint.try_send(r#"{"event":"E"}"#).await.0 == 200 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the room was not given back");
}
