//! The answer to requests whose items were all rejected, which each source environment chooses (semantics.md §3).

use inlet_system_tests::Server;
use serde_json::json;

/// Customer.io stops its feed for days on a 4xx. A body without the type is then accepted, kept, and can be repaired.
#[tokio::test]
async fn a_source_that_accepts_answers_200_to_what_it_cannot_read_and_keeps_it() {
    let server = Server::start().await;
    let settings = json!({"event_type_path": "body.metric", "on_reject": "accept"});
    let endpoint = server.source("cio", "http", settings, json!([])).await;
    let body = r#"{"object_type":"email","event_id":"01E4C4CT6YDC7Y5M7FE1GWWPQJ"}"#;
    endpoint.expect(body, &["rejected"]).await;
    endpoint.expect("{not json", &["rejected"]).await;
    endpoint.expect(r#"{"metric":"sent"}"#, &["logged"]).await;

    let log = server.logs("cio").await.into_iter().find(|log| log["original"]["object_type"] == "email").unwrap();
    assert_eq!((&log["outcome"], &log["needs_attention"]), (&json!("rejected"), &json!(true)));
    server.source("cio", "http", json!({"event_type_path": "body.object_type"}), json!([])).await;
    let path = format!("/v1/sources/cio/logs/{}/replay?environment=development", log["id"].as_str().unwrap());
    let response = server.manage(reqwest::Method::POST, &path).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(server.last_log("cio").await["event_type"], "email");
}

#[tokio::test]
async fn the_default_is_the_plugins_and_null_returns_to_it() {
    let server = Server::start().await;
    let shown = async |key: &str| {
        let source = server.get(&format!("/v1/sources/{key}?environment=development")).await;
        source["environment_settings"]["development"]["settings"]["on_reject"].clone()
    };
    for (provider, default, other, statuses) in
        [("http", "refuse", "accept", [422, 200, 422]), ("rudderstack", "accept", "refuse", [200, 422, 200])]
    {
        let endpoint = server.source(provider, provider, json!({}), json!([])).await;
        assert_eq!(shown(provider).await, default);
        assert_eq!(endpoint.try_send("[7]").await.0, statuses[0], "{provider}");
        server.source(provider, provider, json!({"on_reject": other}), json!([])).await;
        assert_eq!(shown(provider).await, other);
        assert_eq!(endpoint.try_send("[7]").await.0, statuses[1], "{provider}");
        server.source(provider, provider, json!({"on_reject": null}), json!([])).await;
        assert_eq!(endpoint.try_send("[7]").await.0, statuses[2], "{provider}");
        assert_eq!(server.logs(provider).await.len(), 3, "all are kept");
    }
    let source = json!({
        "name": "x", "preconfigured_provider": "http",
        "environment_settings": {"development": {"settings": {"on_reject": "drop"}}},
    });
    let (status, answer) = server.try_put_source("x", "development", source).await;
    assert_eq!(status, 422, "{answer}");
    assert!(answer["message"].as_str().unwrap().contains(r#"found "drop", expected "accept" (200)"#), "{answer}");
}
