//! Connections: the time between requests, heads that cannot be read, and addresses that are nearly right.

use std::time::Duration;

use inlet_system_tests::{Server, ServerOptions, raw_http};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpSocket,
};

const PATIENCE: Duration = Duration::from_secs(20);

async fn metrics(server: &Server) -> String {
    server.client.get(format!("{}/metrics", server.admin)).send().await.unwrap().text().await.unwrap()
}

/// Returns the log lines with a message that contains `text`.
fn lines(server: &Server, text: &str) -> Vec<Value> {
    let parsed = server.log();
    let parsed = parsed.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    parsed.filter(|line| line["fields"]["message"].as_str().is_some_and(|message| message.contains(text))).collect()
}

#[tokio::test]
async fn what_is_not_http_or_has_too_many_headers_gets_a_sentence_and_leaves_a_trace() {
    let server = Server::start().await;
    let endpoint = server.source("http", "http", json!({}), json!([])).await;
    let path = endpoint.url.trim_start_matches(&server.base);
    let many: String = (0..150).map(|number| format!("x-{number}: 1\r\n")).collect();
    let long = format!("x: {}\r\n", "y".repeat(500_000));
    for headers in [&many, &long] {
        let answer = raw_http::exchange(&server.base, &raw_http::post(path, headers, b"{}")).await;
        assert_eq!(raw_http::status(&answer), 431, "{answer}");
        let body: Value = serde_json::from_str(raw_http::body(&answer)).unwrap();
        assert_eq!(body["code"], "head_too_large");
        assert!(body["message"].as_str().unwrap().contains("100 headers and 64 KiB"), "{body}");
    }
    for bytes in
        [&b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"[..], b"POST / HTTP/1.1\r\nbroken header\r\n\r\n"]
    {
        let answer = raw_http::exchange(&server.base, bytes).await;
        assert_eq!(raw_http::status(&answer), 400, "{answer}");
        let body: Value = serde_json::from_str(raw_http::body(&answer)).unwrap();
        assert!(body["message"].as_str().unwrap().contains("cannot be read as an HTTP/1.1 request"), "{body}");
    }
    let metrics = metrics(&server).await;
    for status in [400, 431] {
        let counted = format!(r#"inlet_unreadable_requests_total{{status="{status}"}} 2"#);
        assert!(metrics.contains(&counted), "{metrics}");
    }
    // One line for each status.
    let lines = lines(&server, "could not be read as HTTP");
    let mut statuses: Vec<_> = lines.iter().map(|line| line["fields"]["status"].as_str().unwrap()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, ["400", "431"], "{}", server.log());
    // A head that is large but fits is an ordinary request, on a connection that goes on.
    let mut connection = raw_http::Connection::open(&server.base).await.unwrap();
    let fits: String = (0..80).map(|number| format!("x-{number}: 1\r\n")).collect();
    for _ in 0..2 {
        assert!(connection.send(&raw_http::post(path, &fits, br#"{"event":"E"}"#)).await);
        assert_eq!(raw_http::status(&connection.answer(PATIENCE).await.unwrap()), 200);
    }
    // The same on a connection that had good requests before.
    assert!(connection.send(&raw_http::post(path, &many, b"{}")).await);
    let answer = connection.answer(PATIENCE).await.unwrap();
    assert!(raw_http::status(&answer) == 431 && answer.contains("100 headers"), "{answer}");
}

#[tokio::test]
async fn an_address_that_is_nearly_right_says_what_is_wrong_with_it() {
    let server = Server::start_with(ServerOptions::default().arg("--admin-listen").arg("127.0.0.1:0")).await;
    let endpoint = server.source("http", "http", json!({}), json!([])).await;
    let path = endpoint.url.trim_start_matches(&server.base).to_owned();
    for (nearly, said, cause) in [
        (format!("/{path}"), "a slash too many", "doubled_slash"),
        (format!("/hooks{path}"), "something stands before /integrations/receive/", "prefixed_endpoint"),
        ("/integrations/receive".to_owned(), "the token is missing", "no_token"),
        ("/wp-login.php".to_owned(), "webhooks are sent to /integrations/receive/{token}", "unknown_path"),
        ("/integrations/receive/nobody".to_owned(), "there is no endpoint at this address", "unknown_endpoint"),
    ] {
        for _ in 0..2 {
            let answer = raw_http::exchange(
                &server.base,
                &raw_http::post(&nearly, "connection: close\r\n", br#"{"event":"E"}"#),
            )
            .await;
            assert_eq!(raw_http::status(&answer), 404, "{answer}");
            let body: Value = serde_json::from_str(raw_http::body(&answer)).unwrap();
            assert!(body["message"].as_str().unwrap().contains(said), "{nearly}: {body}");
        }
        let metrics = metrics(&server).await;
        assert!(metrics.contains(&format!(r#"inlet_unrouted_total{{cause="{cause}"}} 2"#)), "{cause}: {metrics}");
    }
    assert_eq!(lines(&server, "paths that lead nowhere").len(), 4, "{}", server.log());
    assert_eq!(lines(&server, "endpoints that do not exist").len(), 1, "{}", server.log());
    let token = path.rsplit('/').next().unwrap();
    assert!(!server.log().contains(token) && !server.log().contains("nobody"));
    assert!(server.logs("http").await.is_empty());
}

#[tokio::test]
async fn a_connection_between_requests_outlives_the_time_for_a_head() {
    let server = Server::start_with(ServerOptions::default().env("INLET_HEADER_TIMEOUT_SECONDS", "1")).await;
    let endpoint = server.source("http", "http", json!({}), json!([])).await;
    let request = raw_http::post(endpoint.url.trim_start_matches(&server.base), "", br#"{"event":"E"}"#);
    let mut connection = raw_http::Connection::open(&server.base).await.unwrap();
    for _ in 0..2 {
        assert!(connection.send(&request).await);
        assert_eq!(raw_http::status(&connection.answer(PATIENCE).await.unwrap()), 200);
        tokio::time::sleep(Duration::from_millis(2500)).await;
    }
    // The second head is limited as the first is.
    assert!(connection.send(b"POST / HTTP/1.1\r\nhost:").await);
    assert!(connection.answer(PATIENCE).await.is_none());
    assert!(connection.is_closed(PATIENCE).await);
}

#[tokio::test]
async fn a_connection_that_stays_idle_is_closed() {
    let server = Server::start_with(ServerOptions::default().env("INLET_IDLE_TIMEOUT_SECONDS", "1")).await;
    let mut connection = raw_http::Connection::open(&server.base).await.unwrap();
    assert!(connection.send(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").await);
    assert_eq!(raw_http::status(&connection.answer(PATIENCE).await.unwrap()), 200);
    assert!(connection.is_closed(PATIENCE).await);
}

#[tokio::test]
async fn a_name_is_listened_on() {
    let server = Server::start_with(ServerOptions::default().arg("--listen").arg("localhost:0")).await;
    let endpoint = server.source("http", "http", json!({}), json!([])).await;
    endpoint.expect(r#"{"event":"E"}"#, &["logged"]).await;
}

#[tokio::test]
async fn an_answer_that_is_read_slowly_is_read_to_its_end_whatever_the_idle_time_is() {
    let options = ServerOptions::default().env("INLET_IDLE_TIMEOUT_SECONDS", "1");
    let server = Server::start_with(options).await;
    let event_type = "t".repeat(1500);
    let mappings = json!([{"event_type": event_type, "action_type": "workflows_trigger",
        "action_parameters": {"key": "k", "recipients": "data.nobody"}}]);
    let endpoint = server.source("segment", "segment", json!({}), mappings).await;
    // An item that fails is named in the answer: together they have more bytes than a socket buffers.
    let items = vec![format!(r#"{{"type":"track","userId":"u","event":"{event_type}"}}"#); 6000].join(",");
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut stream = socket.connect(server.base.strip_prefix("http://").unwrap().parse().unwrap()).await.unwrap();
    stream.write_all(&raw_http::post(endpoint.path(), "", format!("[{items}]").as_bytes())).await.unwrap();
    let (mut buffer, mut read, mut length) = (vec![0; 1 << 16], Vec::new(), None);
    let mut pauses = 0;
    while length.is_none_or(|length| read.len() < length) {
        // Three seconds in all: longer than the idle time.
        if !read.is_empty() && pauses < 6 {
            pauses += 1;
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        let count = tokio::time::timeout(PATIENCE, stream.read(&mut buffer)).await.unwrap().unwrap();
        assert!(count > 0, "the answer ended after {} bytes", read.len());
        read.extend_from_slice(&buffer[..count]);
        if length.is_none()
            && let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n")
        {
            let head = String::from_utf8_lossy(&read[..end + 4]).into_owned();
            length = Some(end + 4 + raw_http::header(&head, "content-length").unwrap().parse::<usize>().unwrap());
        }
    }
    assert!(read.len() > 8 << 20, "the answer has {} bytes", read.len());
}
