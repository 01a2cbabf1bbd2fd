//! Users, objects, tenants and audiences in the dashboard.

use inlet_system_tests::{MANAGEMENT_TOKEN, Server, read_json, track};
use reqwest::Method;
use serde_json::{Value, json};

use super::{has_browser, play};

/// Puts recipients into `development`, and returns the key that did.
async fn fill(server: &Server, email: &str) -> String {
    let key = server.api_key("development").await;
    let send = async |method: Method, path: &str, body: Value| {
        let answer = server.request_with(&key, method, path).json(&body).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.text().await.unwrap());
    };
    let mappings = json!([{"event_type": "track/Order", "action_type": "workflows_trigger",
        "action_parameters": {"key": "order", "recipients": "user_id"}}]);
    let shop = server.source("shop", "segment", json!({}), mappings).await;
    let ana = json!({"name": "Ana", "email": email, "credit": 9_007_199_254_740_993_i64});
    send(Method::PUT, "/v1/users/u_1", ana).await;
    send(Method::PUT, "/v1/objects/projects/p1", json!({"name": "Apollo", "owner": email})).await;
    send(Method::PUT, "/v1/tenants/acme", json!({"name": "Acme", "contact": email})).await;
    send(Method::POST, "/v1/objects/projects/p1/subscriptions", json!({"recipients": ["u_1"]})).await;
    send(Method::POST, "/v1/audiences/beta/members", json!({"members": [{"user": {"id": "u_1"}, "tenant": "acme"}]}))
        .await;
    shop.expect(track("Order", "u_1", "m-1", json!({"email": email})), &["executed"]).await;
    key
}

#[tokio::test]
async fn a_user_is_found_shown_exported_and_forgotten() {
    if !has_browser() {
        return;
    }
    let server = Server::start().await;
    let hostile = "</td><script>alert(1)</script>' onclick='alert(1)";
    let key = fill(&server, "ana@example.com").await;
    for id in ["u_2", "<script>alert(2)<-script>"] {
        let path = format!("/v1/users/{}", id.replace('<', "%3C").replace('>', "%3E"));
        let put = server.request_with(&key, Method::PUT, &path).json(&json!({"name": hostile}));
        assert_eq!(put.send().await.unwrap().status(), 200);
    }
    play(&server, "users", MANAGEMENT_TOKEN, &json!({"hostile": hostile}));
    // The connections of the server's own client may have been idle for too long.
    let changes = reqwest::Client::new().get(format!("{}/v1/changes?limit=1", server.admin));
    let changes = read_json(changes.bearer_auth(MANAGEMENT_TOKEN).send().await.unwrap()).await;
    assert_eq!(changes["entries"][0]["operation"], "forgetUser", "{changes}");
}

#[tokio::test]
async fn a_reader_sees_nothing_personal_and_nothing_of_another_environment() {
    if !has_browser() {
        return;
    }
    let server = Server::start().await;
    let secret = "ana.private@example.com";
    fill(&server, secret).await;
    for environment in ["development", "production"] {
        let target = json!({"target": {"kind": "webhook", "url": "https://crm.example.com/hook"}});
        let path = format!("/v1/targets/crm?environment={environment}");
        assert_eq!(server.manage(Method::PUT, &path).json(&target).send().await.unwrap().status(), 200);
    }
    let hide = server.manage(Method::PATCH, "/v1/environments/development").json(&json!({"hide_personal_data": true}));
    assert_eq!(hide.send().await.unwrap().status(), 200);
    let reader = json!({"name": "Ana", "scopes": ["read"], "environments": ["development"]});
    let token = server.management_token(reader).await;
    play(&server, "users_read", &token, &json!({"secret": secret}));
}
