//! The stream of event logs: `GET /v1/logs/stream` and `GET /v1/sources/{key}/logs/stream`.

use std::time::Duration;

use inlet_system_tests::{MANAGEMENT_TOKEN, Server, track};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use tokio::time::timeout;

/// The longest time that a test waits for an event.
const PATIENCE: Duration = Duration::from_secs(30);

/// An open stream.
struct Events {
    response: Response,
    text: String,
}

impl Events {
    async fn open(server: &Server, token: &str, path: &str) -> Self {
        let response = server.request_with(token, Method::GET, path).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, text: String::new() }
    }

    /// Returns the name, the id and the data of the next event; none at the end of the stream.
    async fn next(&mut self) -> Option<(String, String, Value)> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let field = |name: &str| {
                    let line = event.lines().find_map(|line| line.strip_prefix(name));
                    line.unwrap_or_default().to_owned()
                };
                let found = (field("event: "), field("id: "), serde_json::from_str(&field("data: ")).unwrap());
                self.text = rest.to_owned();
                return Some(found);
            }
            let chunk = timeout(PATIENCE, self.response.chunk()).await.expect("nothing came within 30 s").ok()??;
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// Returns the next entry and its cursor.
    async fn entry(&mut self) -> (Value, String) {
        loop {
            let (name, id, data) = self.next().await.expect("the stream ended");
            if name == "entry" {
                return (data, id);
            }
        }
    }
}

#[tokio::test]
async fn events_come_as_they_are_logged_and_a_stream_continues_after_a_cursor() {
    let server = Server::start().await;
    let shop = server.source("shop", "segment", json!({}), json!([])).await;
    let crm = server.source("crm", "segment", json!({}), json!([])).await;
    shop.expect(track("Before", "ana", "", json!({})), &["logged"]).await;
    let mut all = Events::open(&server, MANAGEMENT_TOKEN, "/v1/logs/stream?environment=development").await;
    let path = "/v1/sources/crm/logs/stream?environment=development&event=Paid&include=actions";
    let mut paid = Events::open(&server, MANAGEMENT_TOKEN, path).await;
    assert_eq!(all.next().await.unwrap().0, "open");
    assert_eq!(paid.next().await.unwrap().0, "open");
    shop.expect(track("Order", "ana", "", json!({"total": 39.5})), &["logged"]).await;
    crm.expect(track("Refunded", "bo", "", json!({})), &["logged"]).await;
    crm.expect(track("Paid", "bo", "", json!({})), &["logged"]).await;
    let (first, cursor) = all.entry().await;
    assert_eq!((&first["source"], &first["event_type"]), (&json!("shop"), &json!("track/Order")));
    assert_eq!(first["id"].as_str().unwrap().replace('-', ""), cursor);
    assert_eq!(all.entry().await.0["event_type"], "track/Refunded");
    assert_eq!(all.entry().await.0["event_type"], "track/Paid");
    let (only, _) = paid.entry().await;
    assert_eq!((&only["event_type"], &only["actions"]), (&json!("track/Paid"), &json!([])));
    // What came while nobody listened is sent to whoever continues.
    drop(all);
    shop.expect(track("Later", "ana", "", json!({})), &["logged"]).await;
    let path = format!("/v1/logs/stream?environment=development&since={cursor}");
    let mut again = Events::open(&server, MANAGEMENT_TOKEN, &path).await;
    for expected in ["track/Refunded", "track/Paid", "track/Later"] {
        assert_eq!(again.entry().await.0["event_type"], expected);
    }
    // A browser continues with its header.
    let request = server.manage(Method::GET, "/v1/logs/stream?environment=development");
    let response = request.header("Last-Event-ID", &cursor).send().await.unwrap();
    let mut browser = Events { response, text: String::new() };
    assert_eq!(browser.entry().await.0["event_type"], "track/Refunded");
}

#[tokio::test]
async fn a_silent_stream_has_a_heartbeat() {
    let server = Server::start().await;
    server.source("shop", "segment", json!({}), json!([])).await;
    let mut events = Events::open(&server, MANAGEMENT_TOKEN, "/v1/logs/stream?environment=development").await;
    assert_eq!(events.next().await.unwrap().0, "open");
    let (name, _, data) = events.next().await.unwrap();
    assert_eq!(name, "heartbeat");
    assert!(data["at"].as_str().unwrap().starts_with("20"), "{data}");
}

#[tokio::test]
async fn a_stream_shows_one_environment_and_ends_with_its_token() {
    let server = Server::start().await;
    let development = server.source("shop", "segment", json!({}), json!([])).await;
    let shop = server.get("/v1/sources/shop?environment=production").await;
    let production = server.endpoint_of(&shop, "production");
    let asked = json!({"name": "dev", "scopes": ["read"], "environments": ["development"]});
    let token = server.management_token(asked).await;
    for path in ["/v1/logs/stream?environment=production", "/v1/sources/shop/logs/stream?environment=production"] {
        let refused = server.request_with(&token, Method::GET, path).send().await.unwrap();
        assert_eq!(refused.status(), 403, "{path}");
    }
    let mut events = Events::open(&server, &token, "/v1/logs/stream?environment=development").await;
    production.expect(track("There", "u", "", json!({})), &["logged"]).await;
    development.expect(track("Here", "u", "", json!({})), &["logged"]).await;
    assert_eq!(events.entry().await.0["event_type"], "track/Here");
    let tokens = server.get("/v1/management_tokens").await;
    let id = tokens["entries"][0]["id"].as_str().unwrap();
    let deleted = server.manage(Method::DELETE, &format!("/v1/management_tokens/{id}")).send().await.unwrap();
    assert_eq!(deleted.status(), 204);
    development.expect(track("Unseen", "u", "", json!({})), &["logged"]).await;
    let (name, _, data) = events.next().await.unwrap();
    assert_eq!(
        (name.as_str(), data["message"].as_str().unwrap()),
        ("end", "the token, the environment or the source of this stream is gone")
    );
    assert_eq!(events.next().await, None);
}

#[tokio::test]
async fn wrong_parameters_are_refused_and_so_is_one_stream_too_many() {
    let server = Server::start().await;
    server.source("shop", "segment", json!({}), json!([])).await;
    for (path, status) in [
        ("/v1/logs/stream", 422),
        ("/v1/logs/stream?environment=development&missed=some", 422),
        ("/v1/logs/stream?environment=development&since=yesterday", 422),
        ("/v1/logs/stream?environment=development&outcome=fine", 422),
        ("/v1/sources/nothing/logs/stream?environment=development", 404),
    ] {
        let found = server.manage(Method::GET, path).send().await.unwrap();
        assert_eq!(found.status(), status, "{path}");
    }
    let path = "/v1/logs/stream?environment=development";
    let mut open = Vec::new();
    for _ in 0..50 {
        open.push(Events::open(&server, MANAGEMENT_TOKEN, path).await);
    }
    let refused = server.manage(Method::GET, path).send().await.unwrap();
    assert_eq!(refused.status(), 503);
    assert!(refused.text().await.unwrap().contains("as many streams are open as the server keeps"));
}

#[tokio::test]
async fn open_streams_do_not_keep_the_server_from_stopping() {
    let mut server = Server::start().await;
    server.source("shop", "segment", json!({}), json!([])).await;
    let mut events = Events::open(&server, MANAGEMENT_TOKEN, "/v1/logs/stream?environment=development").await;
    assert_eq!(events.next().await.unwrap().0, "open");
    server.terminate();
    let (name, _, data) = events.next().await.unwrap();
    assert_eq!(name, "end");
    assert!(data["message"].as_str().unwrap().starts_with("the server is stopping"), "{data}");
    assert!(server.wait_for_exit().await);
}

#[tokio::test]
async fn a_live_view_that_is_far_behind_goes_on_with_the_newest_and_says_so() {
    let server = Server::start().await;
    let shop = server.source("shop", "segment", json!({}), json!([])).await;
    shop.expect(track("First", "ana", "", json!({})), &["logged"]).await;
    let first = server.get("/v1/logs?environment=development").await["entries"][0]["id"].clone();
    for part in 0..8 {
        let one =
            |number| json!({"type": "track", "event": format!("E{part}-{number}"), "userId": "ana", "properties": {}});
        let batch: Vec<Value> = (0..100).map(one).collect();
        shop.send(json!({ "batch": batch }).to_string()).await;
    }
    let path = format!("/v1/logs/stream?environment=development&missed=skip&since={}", first.as_str().unwrap());
    let mut events = Events::open(&server, MANAGEMENT_TOKEN, &path).await;
    let mut entries = 0;
    let missed = loop {
        let (name, _, data) = events.next().await.expect("the stream ended");
        match name.as_str() {
            "entry" => entries += 1,
            "missed" => break data,
            "open" | "heartbeat" => {}
            other => panic!("{other}"),
        }
    };
    assert!((200..800).contains(&entries), "{entries} entries were sent before the stream skipped");
    assert!(missed["message"].as_str().unwrap().contains("faster than a stream sends them"), "{missed}");
    assert_ne!(missed["from"], missed["to"]);
    // What comes then is the newest page, whose first entry is named.
    let mut last = events.entry().await;
    assert_eq!(missed["to"], json!(last.1));
    while last.0["event_type"] != "track/E7-99" {
        last = events.entry().await;
        entries += 1;
    }
    assert!(entries < 800, "{entries} entries were sent, so none was left out");
    shop.expect(track("Then", "ana", "", json!({})), &["logged"]).await;
    assert_eq!(events.entry().await.0["event_type"], "track/Then", "the stream goes on");
}

#[tokio::test]
async fn a_reader_that_reads_nothing_for_a_minute_is_cut_off_and_continues() {
    let server = Server::start().await;
    let shop = server.source("shop", "segment", json!({}), json!([])).await;
    let mut events = Events::open(&server, MANAGEMENT_TOKEN, "/v1/logs/stream?environment=development").await;
    assert_eq!(events.next().await.unwrap().0, "open");
    // More than the connection takes without a reader.
    let padding = "x".repeat(8 << 10);
    for part in 0..40 {
        let one = |number| json!({"type": "track", "event": format!("E{part}-{number}"), "userId": "ana", "properties": {"p": padding}});
        let batch: Vec<Value> = (0..50).map(one).collect();
        shop.send(json!({ "batch": batch }).to_string()).await;
    }
    // Twice the time that a connection may be unread: nobody reads meanwhile.
    tokio::time::sleep(Duration::from_secs(65)).await;
    let (mut entries, mut cursor) = (0, String::new());
    while let Some((name, id, _)) = events.next().await {
        if name == "entry" {
            (entries, cursor) = (entries + 1, id);
        }
    }
    assert!((1..2000).contains(&entries), "{entries} entries were sent");
    let path = format!("/v1/logs/stream?environment=development&since={cursor}");
    let mut again = Events::open(&server, MANAGEMENT_TOKEN, &path).await;
    let (next, _) = again.entry().await;
    assert_eq!(next["event_type"], json!(format!("track/E{}-{}", entries / 50, entries % 50)), "nothing is lost");
}
