//! Calls about a person's data: forget and export.

use reqwest::Method;
use serde_json::json;

use super::calls::{NO_IDS, calls};

#[tokio::test]
async fn forget_and_export() {
    let found = calls(&[], |calls| {
        for (name, id) in NO_IDS {
            calls.call(name, Method::POST, &format!("/v1/users/{id}/forget"), &json!({}));
            calls.call(name, Method::GET, &format!("/v1/users/{id}/forget"), &json!({}));
            calls.call(name, Method::GET, &format!("/v1/users/{id}/export"), &json!({}));
        }
        let long = "x".repeat(257);
        calls.call("an id of 257 characters", Method::POST, &format!("/v1/users/{long}/forget"), &json!({}));
        calls.call("an id of 257 characters", Method::GET, &format!("/v1/users/{long}/export"), &json!({}));
        calls.call("nobody was forgotten", Method::GET, "/v1/users/ana/forget", &json!({}));
        calls.call("a parameter", Method::POST, "/v1/users/ana/forget?confirm=ana", &json!({}));
        calls.call("a parameter", Method::GET, "/v1/users/ana/export?format=csv", &json!({}));
        calls.call("a method", Method::DELETE, "/v1/users/ana/forget", &json!({}));
        calls.call("a method", Method::POST, "/v1/users/ana/export", &json!({}));
    });
    insta::assert_snapshot!(found.await);
}
