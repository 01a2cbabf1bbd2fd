//! The most items of a request: a setting of each source environment within the server's limit (semantics.md §3).

use inlet_system_tests::{Endpoint, Server, ServerOptions};
use serde_json::{Value, json};

fn calls(count: usize) -> String {
    let call = |number| format!(r#"{{"type":"track","event":"E","userId":"u","messageId":"m-{number}"}}"#);
    format!("[{}]", (0..count).map(call).collect::<Vec<_>>().join(","))
}

async fn counts(endpoint: &Endpoint, count: usize) -> Value {
    endpoint.send(calls(count)).await["counts"].clone()
}

#[tokio::test]
async fn what_exceeds_the_limit_is_kept_and_replayed_once_the_limit_is_raised() {
    let server = Server::start().await;
    let endpoint = server.source("jitsu", "segment", json!({}), json!([])).await;
    assert_eq!(counts(&endpoint, 10_000).await, json!({"logged": 10_000}), "Jitsu's default");
    let answer = endpoint.expect(calls(20_001), &["failed"]).await;
    let reason =
        "The request holds more than 20000 items. Send smaller batches, or raise the source's setting max_items.";
    assert_eq!(answer["events"][0]["reason"], reason);
    let log = server.last_log("jitsu").await;
    assert_eq!(log["code"], "too_many_items");

    server.source("jitsu", "segment", json!({"max_items": 20_001}), json!([])).await;
    let path = format!("/v1/sources/jitsu/logs/{}/replay?environment=development", log["id"].as_str().unwrap());
    let response = server.manage(reqwest::Method::POST, &path).send().await.unwrap();
    let (status, text) = (response.status(), response.text().await.unwrap());
    assert_eq!(status, 200, "{text}");
    let events = server.get("/v1/sources/jitsu/events?environment=development").await;
    assert_eq!(events["entries"][0]["count"], 30_001, "{events}");
    assert_eq!(counts(&endpoint, 20_001).await, json!({"logged": 20_001}));
}

#[tokio::test]
async fn the_setting_stays_within_the_servers_limit_and_holds_for_both_who_count() {
    let server = Server::start_with(ServerOptions::default().env("INLET_MAX_ITEMS_LIMIT", "300")).await;
    let source = |settings: Value| {
        json!({
            "name": "x", "preconfigured_provider": "http",
            "environment_settings": {"development": {"settings": settings}},
        })
    };
    let (status, answer) = server.try_put_source("x", "development", source(json!({"max_items": 301}))).await;
    assert_eq!(status, 422, "{answer}");
    let message = answer["message"].as_str().unwrap();
    assert!(
        message.contains("found 301, expected a whole number from 1 to 300, the server's max_items_limit"),
        "{answer}"
    );

    let (_, answer) = server.try_put_source("x", "development", source(json!({}))).await;
    let shown = &answer["source"]["environment_settings"]["development"]["settings"]["max_items"];
    assert_eq!(shown, 300, "the default is within the limit too");
    let endpoint = server.endpoint_of(&answer["source"], "development");
    assert_eq!(counts(&endpoint, 300).await, json!({"logged": 300}));
    let (status, answer) = endpoint.try_send(calls(301)).await;
    assert_eq!((status, &answer["code"]), (413, &json!("too_many_items")));
    let sentence =
        "The request holds more than 300 items. Send smaller batches, or raise the source's setting max_items.";
    assert_eq!(answer["message"], sentence);

    server.source("x", "http", json!({"max_items": 2}), json!([])).await;
    assert_eq!(endpoint.try_send(calls(2)).await.0, 200);
    assert_eq!(endpoint.try_send(calls(3)).await.0, 413);
    // The plugin was told the same number.
    server.source("x", "http", json!({"max_items": 2, "on_reject": "accept"}), json!([])).await;
    endpoint.expect(calls(3), &["failed"]).await;
}
