//! The log of API calls.

use reqwest::Method;
use serde_json::json;

use super::Api;

#[tokio::test]
async fn calls_are_logged_in_a_source_that_is_not_listed() {
    let api = Api::start().await;
    api.put("/v1/users/u_1", json!({"name": "Ana"})).await;
    api.put("/v1/users/u_2", json!({})).await;
    api.delete("/v1/users/u_1").await;
    let found = api.server.get("/v1/sources/$api/logs?environment=development&user_id=u_1&include=actions").await;
    let types: Vec<_> = found["entries"].as_array().unwrap().iter().map(|log| log["event_type"].clone()).collect();
    assert_eq!(types, ["users.delete", "users.identify"]);
    let identify = &found["entries"][1];
    assert_eq!((&identify["data"], &identify["outcome"]), (&json!({"name": "Ana"}), &json!("executed")));
    assert_eq!((&identify["source"], &identify["verification_status"]), (&json!("$api"), &json!("enforced:verified")));
    assert_eq!(identify["actions"][0]["action_type"], "users_identify");
    assert_eq!(identify["actions"][0]["action_payload"]["user_id"], "u_1");
    assert_eq!(api.server.get("/v1/sources/$api/logs?environment=production").await["entries"], json!([]));

    assert_eq!(api.server.get("/v1/sources").await["entries"], json!([]));
    for (method, path) in [
        (Method::GET, "/v1/sources/$api?environment=development"),
        (Method::DELETE, "/v1/sources/$api"),
        (Method::GET, "/v1/sources/$api/status?environment=development"),
    ] {
        let response = api.server.manage(method.clone(), path).send().await.unwrap();
        assert_eq!(response.status(), 404, "{method} {path}");
    }
    let (status, _) = api.server.try_put_source("$api", "development", json!({"name": "x"})).await;
    assert_eq!(status, 422, "no source can have the key");
}

#[tokio::test]
async fn a_new_environment_has_a_log_and_a_deleted_one_has_none() {
    let api = Api::start().await;
    let body = json!({"slug": "staging", "name": "Staging"});
    let created = api.server.manage(Method::POST, "/v1/environments").json(&body).send().await.unwrap();
    assert_eq!(created.status(), 201);
    let key = api.server.api_key("staging").await;
    let put = api.server.request_with(&key, Method::PUT, "/v1/users/u").json(&json!({})).send().await.unwrap();
    assert_eq!(put.status(), 200);
    let logs = api.server.get("/v1/sources/$api/logs?environment=staging").await;
    assert_eq!(logs["entries"].as_array().unwrap().len(), 1);
    let deleted = api.server.manage(Method::DELETE, "/v1/environments/staging?confirm=staging").send().await.unwrap();
    assert!(deleted.status().is_success(), "{}", deleted.status());
    let put = api.server.request_with(&key, Method::PUT, "/v1/users/u").json(&json!({})).send().await.unwrap();
    assert_eq!(put.status(), 401);
}

#[tokio::test]
async fn a_call_that_fails_is_logged_and_needs_no_attention() {
    let api = Api::start().await;
    let padding = "p".repeat(257 * 1024);
    let (status, error) = api.put("/v1/users/u", json!({"padding": padding})).await;
    assert_eq!(status, 422);
    assert!(error["message"].as_str().unwrap().contains("at most 262144 are allowed"), "{error}");
    assert_eq!(api.get("/v1/users/u").await.0, 404, "nothing is written");
    let log = api.server.last_log("$api").await;
    assert_eq!((&log["outcome"], &log["needs_attention"]), (&json!("failed"), &json!(false)));
}
