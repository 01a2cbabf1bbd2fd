//! Admission: what senders may hold, so that none shuts the others out (semantics.md §3, "Answers").

use std::time::{Duration, Instant};

use inlet_system_tests::{Endpoint, SEGMENT_SECRET, Server, ServerOptions, raw_http};
use reqwest::Response;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
};

const EVENT: &str = r#"{"event":"E"}"#;

/// Opens a connection that announces `length` bytes to an endpoint and sends the beginning of them.
async fn begin(server: &Server, endpoint: &Endpoint, length: usize, beginning: &[u8]) -> TcpStream {
    let path = endpoint.url.trim_start_matches(&server.base);
    let mut stream = TcpStream::connect(server.base.trim_start_matches("http://")).await.unwrap();
    let head = format!("POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(beginning).await.unwrap();
    stream
}

/// Reads the response on a connection that the server closes.
async fn answer(mut stream: TcpStream) -> String {
    let mut answer = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut answer)).await;
    assert!(read.is_ok(), "the connection was not closed");
    String::from_utf8_lossy(&answer).into_owned()
}

async fn metrics(server: &Server) -> String {
    server.client.get(format!("{}/metrics", server.admin)).send().await.unwrap().text().await.unwrap()
}

/// Returns the value of a metric without labels.
async fn gauge(server: &Server, name: &str) -> f64 {
    let metrics = metrics(server).await;
    let line = metrics.lines().find(|line| line.split(' ').next() == Some(name)).unwrap_or_default();
    line.rsplit(' ').next().unwrap().parse().unwrap_or_else(|_| panic!("{name} is not in\n{metrics}"))
}

/// Waits until a gauge has a value that suits.
pub(crate) async fn wait_for_gauge(server: &Server, name: &str, suits: impl Fn(f64) -> bool) {
    for _ in 0..1000 {
        if suits(gauge(server, name).await) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{name} is {}", gauge(server, name).await);
}

#[tokio::test]
async fn connections_that_announce_much_and_trickle_shut_nobody_out_and_are_given_up() {
    let options = ServerOptions::default().env("INLET_BODY_TIMEOUT_SECONDS", "2");
    let server = Server::start_with(options).await;
    let segment = server.source("segment", "segment", json!({"signing_secret": SEGMENT_SECRET}), json!([])).await;
    let http = server.source("http", "http", json!({}), json!([])).await;
    let started = Instant::now();
    let mut slow = Vec::new();
    for _ in 0..8 {
        let stream = begin(&server, &segment, 32 << 20, b"[").await;
        slow.push(tokio::spawn(async move {
            let (mut reader, mut writer) = stream.into_split();
            let trickle = tokio::spawn(async move {
                while writer.write_all(b" ").await.is_ok() {
                    tokio::time::sleep(Duration::from_millis(300)).await;
                }
            });
            let mut answer = vec![0; 1024];
            let read = tokio::time::timeout(Duration::from_secs(60), reader.read(&mut answer)).await;
            trickle.abort();
            let length = read.unwrap().unwrap();
            String::from_utf8_lossy(&answer[..length]).into_owned()
        }));
    }
    wait_for_gauge(&server, "inlet_in_flight_bytes", |bytes| bytes >= 8.0 * 12_288.0).await;
    assert!(
        gauge(&server, "inlet_in_flight_bytes").await < 1_000_000.0,
        "what arrived is reserved, not what is announced"
    );
    while started.elapsed() < Duration::from_secs(1) {
        http.expect(EVENT, &["logged"]).await;
    }
    for answer in slow {
        let answer = answer.await.unwrap();
        assert_eq!(raw_http::status(&answer), 408, "{answer}");
    }
    http.expect(EVENT, &["logged"]).await;
    wait_for_gauge(&server, "inlet_in_flight_bytes", |bytes| bytes == 0.0).await;
}

#[tokio::test]
async fn one_source_holds_half_and_the_others_are_served() {
    let options = ServerOptions::default().env("INLET_MAX_IN_FLIGHT_BYTES", "4000000");
    let server = Server::start_with(options).await;
    let segment = server.source("segment", "segment", json!({}), json!([])).await;
    let http = server.source("http", "http", json!({}), json!([])).await;
    let mut holding = Vec::new();
    for _ in 0..3 {
        holding.push(begin(&server, &segment, 620_000, &vec![b' '; 600_000]).await);
    }
    wait_for_gauge(&server, "inlet_in_flight_largest_source_bytes", |bytes| bytes > 1_800_000.0).await;
    let refused = begin(&server, &segment, 1_000_000, &vec![b' '; 700_000]).await;
    let refused = answer(refused).await;
    assert_eq!(raw_http::status(&refused), 503, "{refused}");
    assert!(refused.contains("retry-after: ") && refused.contains("too_many_bytes_in_flight"), "{refused}");
    for _ in 0..20 {
        http.expect(EVENT, &["logged"]).await;
    }
    let cause = r#"inlet_refused_total{source="segment",environment="development",plugin="segment",cause="source_share_full"} 1"#;
    let metrics = metrics(&server).await;
    assert!(metrics.contains(cause), "{metrics}");
    drop(holding);
    wait_for_gauge(&server, "inlet_in_flight_bytes", |bytes| bytes == 0.0).await;
}

#[tokio::test]
async fn requests_without_a_credential_leave_the_most_of_a_sources_share_to_those_with_one() {
    let options = ServerOptions::default().env("INLET_MAX_IN_FLIGHT_BYTES", "4000000");
    let server = Server::start_with(options).await;
    let endpoint = server.source("segment", "segment", json!({"signing_secret": SEGMENT_SECRET}), json!([])).await;
    let body = format!("[{}]", " ".repeat(900_000));
    assert_eq!(endpoint.try_send(body.clone()).await.0, 503, "no credential: a fifth of all");
    let signature = inlet_system_tests::hmac_sha1(SEGMENT_SECRET, body.as_bytes());
    let sent = endpoint.post(body).header("x-signature", signature).send().await.unwrap();
    assert_ne!(sent.status(), 503, "{}", sent.text().await.unwrap());
}

#[tokio::test]
async fn a_batch_costs_by_its_items_and_nothing_of_it_is_committed_if_there_is_no_room() {
    let options = ServerOptions::default().env("INLET_MAX_IN_FLIGHT_BYTES", "8000000");
    let server = Server::start_with(options).await;
    let endpoint = server.source("segment", "segment", json!({}), json!([])).await;
    let batch = |items: usize| format!("[{}]", vec![r#"{"type":"track","event":"E","userId":"u"}"#; items].join(","));
    assert_eq!(endpoint.try_send(batch(500)).await.0, 200);
    let (status, answer) = endpoint.try_send(batch(3000)).await;
    assert_eq!((status, &answer["code"]), (503, &json!("too_many_bytes_in_flight")), "3,000 items are 6 MB");
    assert_eq!(server.get("/v1/sources/segment/status?environment=development").await["events_count"], 500);
    wait_for_gauge(&server, "inlet_in_flight_bytes", |bytes| bytes == 0.0).await;
}

#[tokio::test]
async fn a_refused_small_body_keeps_its_connection_and_a_large_one_does_not() {
    let options = ServerOptions::default().env("INLET_MAX_IN_FLIGHT_BYTES", "20000");
    let server = Server::start_with(options).await;
    let endpoint = server.source("http", "http", json!({}), json!([])).await;
    let closes = |response: &Response| response.headers().get("connection").is_some_and(|value| value == "close");
    let small = endpoint.post(EVENT).send().await.unwrap();
    assert_eq!((small.status().as_u16(), closes(&small)), (503, false), "a request takes more than half");
    assert!(small.headers().contains_key("retry-after"));
    let large = endpoint.post("x".repeat(4_000_000)).send().await.unwrap();
    assert_eq!((large.status().as_u16(), closes(&large)), (503, true));
}

/// Sends requests whose bodies are not gzip until a large one finds no room; returns its status.
async fn fail_often_then_send_much(endpoint: &Endpoint, forwarded_for: &str) -> u16 {
    for _ in 0..16 {
        let request = endpoint.post("not gzip").header("content-encoding", "gzip");
        let response = request.header("x-forwarded-for", forwarded_for).send().await.unwrap();
        assert_eq!(response.status(), 400);
    }
    send_much(endpoint, forwarded_for).await
}

async fn send_much(endpoint: &Endpoint, forwarded_for: &str) -> u16 {
    let body = format!(r#"{{"event":"E","data":{{"a":"{}"}}}}"#, "a".repeat(900_000));
    let request = endpoint.post(body).header("x-forwarded-for", forwarded_for);
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn behind_a_trusted_proxy_a_peer_is_the_last_untrusted_forwarded_address() {
    let options = ServerOptions::default()
        .env("INLET_MAX_IN_FLIGHT_BYTES", "4000000")
        .env("INLET_TRUSTED_PROXIES", r#"["127.0.0.1", "10.0.0.0/8"]"#);
    let server = Server::start_with(options).await;
    let endpoint = server.source("http", "http", json!({"keep_headers": ["x-other"]}), json!([])).await;
    assert_eq!(fail_often_then_send_much(&endpoint, "198.51.100.9, 192.0.2.1, 10.1.2.3").await, 503);
    assert_eq!(send_much(&endpoint, "192.0.2.1").await, 503, "the same peer through another proxy");
    assert_eq!(send_much(&endpoint, "192.0.2.2").await, 200, "another peer");
    assert_eq!(send_much(&endpoint, "192.0.2.1, 198.51.100.9").await, 200, "who wrote the beginning is not believed");
    assert_eq!(fail_often_then_send_much(&endpoint, "unknown").await, 200, "the proxy itself is not limited");
    let log = server.last_log("http").await;
    assert!(!log.to_string().contains("x-forwarded-for"), "{log}");
}

#[tokio::test]
async fn without_trusted_proxies_forwarded_addresses_are_not_believed_and_private_peers_are_not_limited() {
    let options = ServerOptions::default().env("INLET_MAX_IN_FLIGHT_BYTES", "4000000").arg("--listen").arg("0.0.0.0:0");
    let mut server = Server::start_with(options).await;
    server.base = server.base.replace("0.0.0.0", "127.0.0.1");
    server.admin = server.base.clone();
    let endpoint = server.source("http", "http", json!({}), json!([])).await;
    let path = endpoint.url.rsplit_once("/integrations").unwrap().1.to_owned();
    let endpoint = Endpoint::at(&server, format!("{}/integrations{path}", server.base));
    assert_eq!(fail_often_then_send_much(&endpoint, "192.0.2.1").await, 200);
    server.wait_for_log("trusted_proxies").await;
}

#[tokio::test]
async fn a_proxy_that_is_no_address_is_refused_at_the_start() {
    let options = ServerOptions::default().env("INLET_TRUSTED_PROXIES", r#"["10.0.0.0/40"]"#);
    let Err(log) = Server::try_start(options).await else { panic!("the server started") };
    assert!(log.contains("10.0.0.0/40") && log.contains("10.0.0.0/8"), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_answer_is_counted_until_its_sender_has_read_it() {
    let server = Server::start().await;
    // An item that fails is named in the answer: together they have more bytes than a socket buffers.
    let event_type = "t".repeat(1500);
    let mappings = json!([{"event_type": event_type, "action_type": "workflows_trigger",
        "action_parameters": {"key": "k", "recipients": "data.nobody"}}]);
    let endpoint = server.source("segment", "segment", json!({}), mappings).await;
    let items = vec![format!(r#"{{"type":"track","userId":"u","event":"{event_type}"}}"#); 6000].join(",");
    let request = raw_http::post(endpoint.path(), "", format!("[{items}]").as_bytes());
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut stream = socket.connect(server.base.strip_prefix("http://").unwrap().parse().unwrap()).await.unwrap();
    stream.write_all(&request).await.unwrap();
    wait_for_answers(&server, 1).await;
    assert!(gauge(&server, "inlet_in_flight_bytes").await > 1_000_000.0);
    let mut buffer = vec![0; 1 << 16];
    let (mut read, mut length) = (Vec::new(), None);
    while length.is_none_or(|length| read.len() < length) {
        let count = stream.read(&mut buffer).await.unwrap();
        assert!(count > 0, "the answer ended after {} bytes", read.len());
        read.extend_from_slice(&buffer[..count]);
        if length.is_none()
            && let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n")
        {
            let head = String::from_utf8_lossy(&read[..end + 4]).into_owned();
            let body: usize = raw_http::header(&head, "content-length").unwrap().parse().unwrap();
            length = Some(end + 4 + body);
        }
    }
    assert!(read.len() > 8 << 20, "the answer has {} bytes", read.len());
    wait_for_gauge(&server, "inlet_in_flight_bytes", |bytes| bytes == 0.0).await;
}

/// Waits until so many requests were answered 200.
async fn wait_for_answers(server: &Server, number: usize) {
    let end = format!(r#"status="200"}} {number}"#);
    for _ in 0..600 {
        if metrics(server).await.lines().any(|line| line.starts_with("inlet_requests_total{") && line.ends_with(&end)) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{}", metrics(server).await);
}

#[tokio::test]
async fn a_peer_whose_requests_are_refused_too_often_is_not_kept_and_what_verifies_passes() {
    let options = ServerOptions::default().env("INLET_TRUSTED_PROXIES", r#"["127.0.0.1"]"#);
    let server = Server::start_with(options).await;
    let endpoint = server.source("http", "http", json!({"signing_secret": "s3cr3t"}), json!([])).await;
    let other = server.source("other", "http", json!({"signing_secret": "s3cr3t"}), json!([])).await;
    let send = async |endpoint: &Endpoint, secret: &str, peer: &str| {
        let request = endpoint.post(EVENT).header("x-webhook-secret", secret).header("x-forwarded-for", peer);
        request.send().await.unwrap()
    };
    for number in 0..300 {
        assert_eq!(send(&endpoint, "wrong", "198.51.100.1").await.status(), 401, "{number}");
    }
    let refused = send(&endpoint, "wrong", "198.51.100.1").await;
    assert_eq!((refused.status().as_u16(), refused.headers()["retry-after"].to_str().unwrap()), (429, "60"));
    assert_eq!(send(&endpoint, "s3cr3t", "198.51.100.1").await.status(), 200, "what verifies always passes");
    assert_eq!(send(&endpoint, "wrong", "198.51.100.2").await.status(), 401, "another peer");
    assert_eq!(send(&other, "wrong", "198.51.100.1").await.status(), 401, "another source");
    let status = server.get("/v1/sources/http/status?environment=development").await;
    assert_eq!(status["needs_attention"]["count"], 301, "the one that was answered 429 was not stored");
    for _ in 0..310 {
        assert_eq!(send(&endpoint, "wrong", "unknown").await.status(), 401, "the proxy itself has no share");
    }
}

#[tokio::test]
async fn the_limits_on_refused_requests_are_settings() {
    let options = ServerOptions::default()
        .env("INLET_TRUSTED_PROXIES", r#"["127.0.0.1"]"#)
        .env("INLET_REFUSED_REQUESTS_PER_ADDRESS", "2")
        .env("INLET_REFUSED_BYTES_PER_MINUTE", "100000");
    let server = Server::start_with(options).await;
    let endpoint = server.source("http", "http", json!({"signing_secret": "s3cr3t"}), json!([])).await;
    let body = json!({"type": "track", "event": "E", "pad": "p".repeat(90_000)}).to_string();
    let send = async |peer: &str| {
        let request = endpoint.post(body.clone()).header("x-webhook-secret", "wrong").header("x-forwarded-for", peer);
        request.send().await.unwrap().status().as_u16()
    };
    let mut statuses = Vec::new();
    for peer in ["198.51.100.1", "198.51.100.1", "198.51.100.1", "198.51.100.2"] {
        statuses.push(send(peer).await);
    }
    assert_eq!(statuses, [401, 401, 429, 401]);
    let list = server.get("/v1/sources/http/refused?environment=development").await;
    let mut lengths = Vec::new();
    for entry in list["entries"].as_array().unwrap() {
        let path = format!("/v1/sources/http/refused/{}?environment=development", entry["id"].as_str().unwrap());
        let refused = server.get(&path).await;
        let kept = if refused["body"].is_null() { &refused["body_text"] } else { &refused["body"]["pad"] };
        lengths.push(kept.as_str().unwrap().len());
    }
    assert_eq!(lengths, [65_536, 65_536, 90_000], "whole as long as there is a budget, then the first bytes");
}
