//! The pages of sources, and the search.

use inlet_system_tests::{MANAGEMENT_TOKEN, SEGMENT_SECRET, Server, hmac_sha1, http_changed, http_version, track};
use serde_json::json;

use super::{has_browser, play};
use crate::search::{begun_by_a_target, with_local_targets};

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
async fn events_are_searched() {
    if !has_browser() {
        return;
    }
    let server = Server::start_with(with_local_targets()).await;
    let endpoint = server.source("shop", "segment", json!({}), json!([])).await;
    endpoint.expect(track("Paid", "u_1", "m-1", json!({})), &["logged"]).await;
    let engine_id = "wf-2026/7 é&x=1";
    let delivery = begun_by_a_target(&server, "development", engine_id).await;
    let input = json!({"script": "<script>alert(1)</script>", "engineId": engine_id, "delivery": delivery["id"]});
    play(&server, "search", MANAGEMENT_TOKEN, &input);
}

/// From the gallery to the first event, and from a wrong secret to the recovered requests.
#[tokio::test]
async fn a_source_is_set_up_and_its_first_events_are_seen_live() {
    if !has_browser() {
        return;
    }
    let server = Server::start().await;
    server.source("segment", "segment", json!({}), json!([])).await;
    let script = "<script>alert(1)</script>";
    let evil = http_changed("acme/evil", "1.0.0", |manifest| {
        manifest["name"] = json!(script);
        manifest["description"] = json!(script);
    });
    let (status, answer) = server.add_version("acme/evil", "", &evil).await;
    assert!(status < 300, "{answer}");
    let input = json!({"script": script, "secret": SEGMENT_SECRET, "evil": script});
    play(&server, "source_set_up", MANAGEMENT_TOKEN, &input);
}

/// A plugin is installed from the gallery, and a source is created with it.
#[tokio::test]
async fn a_plugin_of_the_catalogue_is_installed_from_the_gallery() {
    if !has_browser() {
        return;
    }
    let server = Server::start().await;
    let count = server.get("/v1/catalog").await["entries"].as_array().unwrap().len();
    let reader = server.management_token(json!({"name": "Ana", "scopes": ["operate"]})).await;
    play(&server, "catalog", MANAGEMENT_TOKEN, &json!({"reader": reader, "count": count}));
}

#[tokio::test]
async fn refused_requests_are_verified_again_and_dismissed() {
    if !has_browser() {
        return;
    }
    let server = Server::start().await;
    let shop = server.source("shop", "segment", json!({"signing_secret": "a wrong one"}), json!([])).await;
    let hostile = "</pre><script>alert(1)</script>";
    for number in 0..3 {
        let body = track(hostile, "u_1", &format!("m-{number}"), json!({}));
        let signature = hmac_sha1(SEGMENT_SECRET, body.as_bytes());
        let answer = shop.post(body).header("x-signature", signature).send().await.unwrap();
        assert_eq!(answer.status(), 401);
    }
    let settings = json!({"settings": {"signing_secret": SEGMENT_SECRET}});
    let change = json!({"environment_settings": {"development": settings}});
    let (status, answer) = server.try_put_source("shop", "development", change).await;
    assert_eq!(status, 200, "{answer}");
    let reader = server.management_token(json!({"name": "Ana", "scopes": ["read"]})).await;
    play(&server, "refused_requests", MANAGEMENT_TOKEN, &json!({"reader": reader, "hostile": hostile}));
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
