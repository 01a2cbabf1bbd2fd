//! The open streams of the dashboard: their end with the session, and readers that do not read.

use std::time::Duration;

use inlet_system_tests::{MANAGEMENT_TOKEN, Server, binary, read_json};
use reqwest::Method;
use serde_json::json;
use tokio::{
    io::AsyncWriteExt as _,
    time::{Instant, timeout},
};

use super::{has_browser, play_alone};

/// The longest time in which a stream must end with its session.
const SECONDS: Duration = Duration::from_secs(15);

/// The page of the live tail, and the panel of a set-up.
const STREAMS: [&str; 2] =
    ["/e/development/logs/live?needs_attention=false", "/e/development/sources/shop/set-up/stream"];

/// A signed-in browser.
struct Browser<'a> {
    server: &'a Server,
    client: reqwest::Client,
    cookie: String,
}

impl<'a> Browser<'a> {
    async fn sign_in(server: &'a Server, token: &str) -> Self {
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let request = client
            .post(format!("{}/sign-in", server.admin))
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(format!("token={token}"));
        let answer = request.send().await.unwrap();
        let cookie = answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        Self { server, client, cookie }
    }

    fn get(&self, path: &str) -> reqwest::RequestBuilder {
        self.client.get(format!("{}{path}", self.server.admin)).header("cookie", &self.cookie)
    }

    /// Opens a stream, and returns it once its first bytes came.
    async fn open(&self, path: &str) -> Stream {
        let answer = self.get(path).header("hx-request", "true").send().await.unwrap();
        assert_eq!(answer.headers()["content-type"], "text/event-stream", "{path}");
        let mut stream = Stream { path: path.to_owned(), answer, text: String::new() };
        assert!(stream.read().await, "{path}");
        stream
    }

    async fn open_all(&self) -> Vec<Stream> {
        let mut streams = Vec::new();
        for path in STREAMS {
            streams.push(self.open(path).await);
        }
        streams
    }

    async fn sign_out(&self) {
        let html = self.get("/sources").send().await.unwrap().text().await.unwrap();
        let (_, rest) = html.split_once(r#"name="csrf" value=""#).unwrap();
        let csrf = rest.split('"').next().unwrap();
        let request = self
            .client
            .post(format!("{}/sign-out", self.server.admin))
            .header("sec-fetch-site", "same-origin")
            .header("cookie", &self.cookie)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(format!("csrf={csrf}"));
        assert_eq!(request.send().await.unwrap().status(), 303);
    }
}

/// An open stream.
struct Stream {
    path: String,
    answer: reqwest::Response,
    text: String,
}

impl Stream {
    /// Reads the next bytes; returns false at the end.
    async fn read(&mut self) -> bool {
        let next = timeout(Duration::from_secs(60), self.answer.chunk()).await;
        let bytes = next.expect("a heartbeat comes every ten seconds").unwrap();
        self.text.extend(bytes.iter().map(|bytes| String::from_utf8_lossy(bytes)));
        bytes.is_some()
    }

    /// Reads to the end, and checks that it comes soon and is told.
    async fn ends_within(mut self, limit: Duration) -> String {
        let began = Instant::now();
        while self.read().await {
            assert!(began.elapsed() < limit, "{} goes on after {:?}: {}", self.path, began.elapsed(), self.text);
        }
        assert!(self.text.contains("event: gone"), "{} does not say why it ends: {}", self.path, self.text);
        self.text
    }
}

#[tokio::test]
async fn open_streams_end_with_the_session() {
    let server = Server::start().await;
    let shop = server.source("shop", "segment", json!({}), json!([])).await;
    let browser = Browser::sign_in(&server, MANAGEMENT_TOKEN).await;
    let other = Browser::sign_in(&server, MANAGEMENT_TOKEN).await;
    let (streams, mut others) = (browser.open_all().await, other.open_all().await);
    browser.sign_out().await;
    for stream in streams {
        let text = stream.ends_within(SECONDS).await;
        assert!(text.contains("the session has ended"), "{text}");
    }
    // What comes afterwards is for those who are still signed in.
    shop.expect(inlet_system_tests::track("Later", "u_1", "m-1", json!({})), &["logged"]).await;
    for stream in &mut others {
        while !stream.text.contains("track/Later") {
            assert!(stream.read().await, "the other session goes on: {}", stream.text);
        }
    }
}

#[tokio::test]
async fn open_streams_end_while_events_keep_coming() {
    let server = Server::start().await;
    let shop = server.source("shop", "segment", json!({}), json!([])).await;
    let browser = Browser::sign_in(&server, MANAGEMENT_TOKEN).await;
    let streams = browser.open_all().await;
    browser.sign_out().await;
    let sender = tokio::spawn(async move {
        for number in 0.. {
            let body = inlet_system_tests::track("Steady", "u_1", &format!("s-{number}"), json!({}));
            shop.expect(body, &["logged"]).await;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    for stream in streams {
        stream.ends_within(SECONDS).await;
    }
    sender.abort();
}

#[tokio::test]
async fn open_streams_end_with_the_token() {
    let server = Server::start().await;
    server.source("shop", "segment", json!({}), json!([])).await;
    let token = server.management_token(json!({"name": "Ana", "scopes": ["read"]})).await;
    let streams = Browser::sign_in(&server, &token).await.open_all().await;
    let direct = server.request_with(&token, Method::GET, "/v1/logs/stream?environment=development");
    let answer = direct.send().await.unwrap();
    let mut direct = Stream { path: "the stream of the API".to_owned(), answer, text: String::new() };
    assert!(direct.read().await);
    let tokens = server.get("/v1/management_tokens").await;
    let path = format!("/v1/management_tokens/{}", tokens["entries"][0]["id"].as_str().unwrap());
    assert!(server.manage(Method::DELETE, &path).send().await.unwrap().status().is_success());
    for stream in streams {
        stream.ends_within(SECONDS).await;
    }
    let began = Instant::now();
    while direct.read().await {
        assert!(began.elapsed() < SECONDS, "{}", direct.text);
    }
    assert!(direct.text.contains(r#""may_continue":false"#), "{}", direct.text);
}

#[tokio::test]
async fn a_live_tail_says_when_it_is_not_live_and_comes_back() {
    if !has_browser() {
        return;
    }
    let directory = tempfile::TempDir::new().unwrap();
    play_alone("live_tail_states", &json!({"binary": binary(), "directory": directory.path()}));
}

/// A reader that takes nothing holds one page of memory, and the server ends it within its limit of 30 seconds.
#[tokio::test]
async fn a_reader_that_reads_nothing_is_ended() {
    const READERS: usize = 10;
    let server = Server::start().await;
    let shop = server.source("shop", "segment", json!({}), json!([])).await;
    let browser = Browser::sign_in(&server, MANAGEMENT_TOKEN).await;
    let mut readers = Vec::new();
    for number in 0..READERS {
        // The one of the dashboard that grows with the events, and the one of the API.
        let (path, header) = match number % 2 {
            0 => (STREAMS[0], format!("cookie: {}", browser.cookie)),
            _ => ("/v1/logs/stream?environment=development", format!("authorization: Bearer {MANAGEMENT_TOKEN}")),
        };
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        let mut stream = socket.connect(server.admin.strip_prefix("http://").unwrap().parse().unwrap()).await.unwrap();
        let host = server.admin.strip_prefix("http://").unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\n{header}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        readers.push(stream);
    }
    // The reads of the streams may be what others wait for, until they are told to come again.
    let open = async || loop {
        let answer = server.manage(Method::GET, "/v1/system").send().await.unwrap();
        match answer.status().as_u16() {
            503 => tokio::time::sleep(Duration::from_millis(100)).await,
            status => {
                assert_eq!(status, 200);
                break read_json(answer).await["load"]["streams"].as_u64().unwrap();
            }
        }
    };
    let deadline = Instant::now() + Duration::from_secs(30);
    while open().await < READERS as u64 {
        assert!(Instant::now() < deadline, "{} streams were opened", open().await);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    server.forget_memory_peak();
    let before = server.resident_memory();
    // More than the sockets between the two hold, until nobody is left who might read it.
    let began = Instant::now();
    let mut sent = 0;
    while open().await > 0 {
        assert!(
            began.elapsed() < Duration::from_secs(240),
            "{} readers are still there after {sent} events",
            open().await
        );
        let name = format!("{sent} {}", "t".repeat(1400));
        let items: Vec<String> = (0..50)
            .map(|number| inlet_system_tests::track(&name, "u_1", &format!("r-{sent}-{number}"), json!({})))
            .collect();
        shop.send(format!("[{}]", items.join(","))).await;
        sent += 50;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let grown = server.memory_peak().saturating_sub(before) >> 20;
    println!(
        "{READERS} readers that read nothing: ended after {:?} and {sent} events; {grown} MiB more",
        began.elapsed()
    );
    assert!(grown < 64, "{READERS} readers that read nothing cost {grown} MiB");
    drop(readers);
    // Those who read are served as before.
    let mut stream = browser.open(STREAMS[0]).await;
    shop.expect(inlet_system_tests::track("Later", "u_1", "m-1", json!({})), &["logged"]).await;
    while !stream.text.contains("track/Later") {
        assert!(stream.read().await, "{}", stream.text);
    }
}
