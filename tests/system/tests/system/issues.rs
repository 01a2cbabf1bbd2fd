//! Issues through the API: grouped by cause, changed by operators, and apart by environment.

use inlet_system_tests::{SEGMENT_SECRET, Server, ServerOptions, hmac_sha1, read_json, repack, test_plugin, track};
use reqwest::Method;
use serde_json::{Value, json};

async fn issues(server: &Server) -> Vec<Value> {
    server.get("/v1/issues?environment=development").await["entries"].as_array().unwrap().clone()
}

async fn post(server: &Server, path: &str, body: Value) -> (u16, Value) {
    let answer = server.manage(Method::POST, path).json(&body).send().await.unwrap();
    (answer.status().as_u16(), read_json(answer).await)
}

#[tokio::test]
async fn a_plugin_that_fails_is_one_issue_of_its_version() {
    let server = Server::start().await;
    let add = async |version: &str| {
        let fragile = repack(&std::fs::read(test_plugin("inlet__fragile.wasm")).unwrap(), |manifest| {
            manifest["key"] = json!("acme/http");
            manifest["version"] = json!(version);
        });
        assert_eq!(server.add_version("acme/http", "", &fragile).await.0, 201);
    };
    add("1.0.0").await;
    let endpoint = server.source("crm", "acme/http", json!({}), json!([])).await;
    let crash = || track("Crash", "u", "m", json!({}));
    endpoint.expect(crash(), &["failed"]).await;
    endpoint.expect(crash(), &["failed"]).await;
    let found = issues(&server).await;
    assert_eq!(found.len(), 1, "{found:?}");
    let (issue, id) = (&found[0], found[0]["id"].as_str().unwrap());
    assert_eq!((&issue["stage"], &issue["kind"]), (&json!("translate"), &json!("failed")), "{issue}");
    assert_eq!((&issue["code"], &issue["state"], &issue["count"]), (&json!("trap"), &json!("open"), &json!(2)));
    assert_eq!(issue["plugin"], json!({"key": "acme/http", "version": "1.0.0"}));
    assert_eq!(issue["last_log_id"], server.last_log("crm").await["id"]);

    let resolved = post(&server, &format!("/v1/issues/{id}/resolve?environment=development"), json!({})).await;
    assert_eq!((resolved.0, &resolved.1["state"]), (200, &json!("resolved")));
    assert_eq!(server.get("/v1/changes").await["entries"][0]["operation"], "resolveIssue");
    let acknowledged = post(&server, &format!("/v1/issues/{id}/acknowledge?environment=development"), json!({})).await;
    assert_eq!(acknowledged.0, 409, "{}", acknowledged.1);
    endpoint.expect(crash(), &["failed"]).await;
    let again = server.get(&format!("/v1/issues/{id}")).await;
    assert_eq!((&again["state"], &again["count"], &again["reopened_count"]), (&json!("open"), &json!(3), &json!(1)));

    // Another version has an issue of its own.
    add("1.1.0").await;
    let used = post(&server, "/v1/sources/crm/plugin?environment=development", json!({"version": "1.1.0"})).await;
    assert_eq!(used.0, 200, "{}", used.1);
    endpoint.expect(crash(), &["failed"]).await;
    assert_eq!(issues(&server).await.len(), 2);
}

#[tokio::test]
async fn refused_requests_are_an_issue_until_it_is_acknowledged_and_stay_to_be_verified() {
    let server = Server::start().await;
    let shop = server.source("shop", "segment", json!({"signing_secret": "a typo"}), json!([])).await;
    let body = track("Paid", "u_1", "m-1", json!({}));
    let signature = hmac_sha1(SEGMENT_SECRET, body.as_bytes());
    let refuse = async || {
        let sent = shop.post(body.clone()).header("x-signature", &signature).send().await.unwrap();
        assert_eq!(sent.status(), 401);
    };
    refuse().await;
    refuse().await;
    let attention = async || {
        let status = server.get("/v1/sources/shop/status?environment=development").await;
        status["needs_attention"]["count"].clone()
    };
    let found = issues(&server).await.remove(0);
    assert_eq!((&found["stage"], &found["code"], &found["count"]), (&json!("verify"), &json!("failed"), &json!(2)));
    assert!(found["last_log_id"].is_null() && found["last_refused_id"].is_string(), "{found}");
    assert_eq!(attention().await, 2);
    let id = found["id"].as_str().unwrap();
    let muted = post(&server, &format!("/v1/issues/{id}/mute?environment=development"), json!({"seconds": 3600})).await;
    assert_eq!((muted.0, &muted.1["state"]), (200, &json!("muted")));
    assert!(muted.1["muted_until"].is_string(), "{}", muted.1);
    refuse().await;
    assert_eq!(attention().await, 0);
    let list = server.get("/v1/sources/shop/refused?environment=development").await;
    assert_eq!(list["entries"].as_array().unwrap().len(), 3, "they can still be verified");
    let wrong = post(
        &server,
        &format!("/v1/issues/{id}/mute?environment=development"),
        json!({"until": "2001-01-01T00:00:00Z"}),
    )
    .await;
    assert_eq!((wrong.0, &wrong.1["field"]), (422, &json!("until")), "{}", wrong.1);
    let reopened = post(&server, &format!("/v1/issues/{id}/reopen?environment=development"), json!({})).await;
    assert_eq!((reopened.0, attention().await), (200, json!(3)));
}

#[tokio::test]
async fn a_token_sees_and_changes_the_issues_of_its_environments_only() {
    let server = Server::start_with(ServerOptions::default()).await;
    let mapping = json!([{"event_type": "Broken", "action_type": "workflows_trigger",
        "action_parameters": {"key": "receipt", "recipients": "data.missing"}}]);
    let shop = server.source("shop", "segment", json!({}), mapping).await;
    shop.expect(track("Broken", "ana@example.com", "b-1", json!({})), &["failed"]).await;
    let found = issues(&server).await.remove(0);
    assert_eq!((&found["mapping"]["event_type"], &found["code"]), (&json!("Broken"), &json!("action_failed")));
    assert!(!found.to_string().contains("ana@example.com"), "{found}");
    let body = json!({"name": "p", "scopes": ["operate"], "environments": ["production"]});
    let token = server.management_token(body).await;
    let with = async |method, path: &str| {
        let answer = server.request_with(&token, method, path).json(&json!({})).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let id = found["id"].as_str().unwrap();
    assert_eq!(with(Method::GET, "/v1/issues?environment=development").await.0, 403);
    let (_, all) = with(Method::GET, "/v1/issues").await;
    assert_eq!(serde_json::from_str::<Value>(&all).unwrap()["entries"], json!([]));
    assert_eq!(with(Method::GET, &format!("/v1/issues/{id}")).await.0, 404);
    for (environment, expected) in [("production", 404), ("development", 403)] {
        let path = format!("/v1/issues/{id}/acknowledge?environment={environment}");
        assert_eq!(with(Method::POST, &path).await.0, expected, "{environment}");
    }
    assert_eq!(issues(&server).await[0]["state"], "open");
    assert_eq!(server.get("/v1/issues?environment=production").await["entries"], json!([]));
}
