//! The pages of sources, and the search.

use inlet_system_tests::{MANAGEMENT_TOKEN, Server, http_version, track};
use serde_json::json;

use super::{has_browser, play};

#[tokio::test]
async fn a_token_of_one_environment_sees_nothing_of_another() {
    if !has_browser() {
        return;
    }
    let server = Server::start().await;
    server.source("shop", "http", json!({}), json!([])).await;
    let body = json!({"name": "Ana", "scopes": ["operate"], "environments": ["development"]});
    let token = server.management_token(body).await;
    let input = json!({"own": "development", "other": "production"});
    play(&server, "limited_token", &token, &input);
}

#[tokio::test]
async fn a_source_is_created_and_its_events_are_searched() {
    if !has_browser() {
        return;
    }
    let server = Server::start().await;
    let endpoint = server.source("shop", "segment", json!({}), json!([])).await;
    endpoint.expect(track("Paid", "u_1", "m-1", json!({})), &["logged"]).await;
    let input = json!({"taken": "shop", "script": "<script>alert(1)</script>"});
    play(&server, "sources", MANAGEMENT_TOKEN, &input);
}

#[tokio::test]
async fn differences_between_environments_are_carried_over() {
    if !has_browser() {
        return;
    }
    let server = Server::start().await;
    let script = "<script>alert(1)</script>";
    let mapping = json!([{"event_type": script, "action_type": "users_identify", "action_parameters": {}}]);
    let settings = json!({"settings": {"handle_identifies": true}, "mappings": mapping});
    let source = json!({
        "name": script, "preconfigured_provider": "http", "environment_settings": {"development": settings},
    });
    let (status, answer) = server.try_put_source("shop", "development", source).await;
    assert!(status < 300, "{answer}");
    play(&server, "source_environments", MANAGEMENT_TOKEN, &json!({"script": script}));
}

#[tokio::test]
async fn the_settings_of_a_source_are_changed_by_two_people() {
    if !has_browser() {
        return;
    }
    let server = Server::start().await;
    for version in ["1.0.0", "9.9.9"] {
        let (status, answer) = server.add_version("acme/http", "", &http_version("acme/http", version)).await;
        assert!(status < 300, "{answer}");
        if version == "1.0.0" {
            server.source("shop", "acme/http", json!({}), json!([])).await;
        }
    }
    play(&server, "source_settings", MANAGEMENT_TOKEN, &json!({"secret": "whsec-of-the-scenario"}));
    let changes = server.get("/v1/changes").await.to_string();
    assert!(!changes.contains("whsec-of-the-scenario"), "no secret is logged");
}
