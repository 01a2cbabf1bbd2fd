//! The pages of sources, and the search.

use inlet_system_tests::{MANAGEMENT_TOKEN, Server, track};
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
