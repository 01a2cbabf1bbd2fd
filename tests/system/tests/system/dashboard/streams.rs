//! The open streams of the dashboard: their end with the session, and readers that do not read.

use std::time::Duration;

use inlet_system_tests::{MANAGEMENT_TOKEN, Server};
use serde_json::json;
use tokio::time::{Instant, timeout};

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
    let direct = server.request_with(&token, reqwest::Method::GET, "/v1/logs/stream?environment=development");
    let answer = direct.send().await.unwrap();
    let mut direct = Stream { path: "the stream of the API".to_owned(), answer, text: String::new() };
    assert!(direct.read().await);
    let tokens = server.get("/v1/management_tokens").await;
    let path = format!("/v1/management_tokens/{}", tokens["entries"][0]["id"].as_str().unwrap());
    assert!(server.manage(reqwest::Method::DELETE, &path).send().await.unwrap().status().is_success());
    for stream in streams {
        stream.ends_within(SECONDS).await;
    }
    let began = Instant::now();
    while direct.read().await {
        assert!(began.elapsed() < SECONDS, "{}", direct.text);
    }
    assert!(direct.text.contains(r#""may_continue":false"#), "{}", direct.text);
}
