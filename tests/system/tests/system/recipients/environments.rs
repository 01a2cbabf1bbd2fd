//! Two environments with the same users, objects, tenants, audiences and keys never see each other.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Api, answer};

/// Every path that shows something.
const READS: [&str; 11] = [
    "/v1/users",
    "/v1/users/ana",
    "/v1/users/ana/subscriptions",
    "/v1/objects/projects",
    "/v1/objects/projects/p1",
    "/v1/objects/projects/p1/subscriptions",
    "/v1/objects/projects/p1/subscriptions?mode=recipient",
    "/v1/tenants",
    "/v1/tenants/acme",
    "/v1/audiences/trial/members",
    "/v1/workflow_runs",
];

impl Api {
    async fn as_environment(&self, key: &str, method: Method, path: &str, body: Value) -> (u16, Value) {
        answer(self.server.request_with(key, method, path).json(&body).send().await.unwrap()).await
    }

    async fn everything(&self, key: &str) -> Vec<(u16, Value)> {
        let mut found = Vec::new();
        for path in READS {
            found.push(self.server.get_with_key(key, path).await);
        }
        found
    }
}

#[tokio::test]
async fn nothing_that_one_does_is_seen_or_changed_by_the_other() {
    let api = Api::start().await;
    let other = api.server.api_key("production").await;
    let empty = api.everything(&other).await;
    let writes = [
        (Method::PUT, "/v1/users/ana", json!({"name": "Ana"})),
        (Method::PUT, "/v1/objects/projects/p1", json!({"name": "Apollo"})),
        (Method::PUT, "/v1/tenants/acme", json!({"name": "Acme"})),
        (Method::POST, "/v1/objects/projects/p1/subscriptions", json!({"recipients": ["ana"]})),
        (Method::POST, "/v1/audiences/trial/members", json!({"members": [{"user": {"id": "ana"}, "tenant": "acme"}]})),
        (Method::POST, "/v1/workflows/order/trigger", json!({"recipients": ["ana"], "cancellation_key": "k"})),
    ];
    for (method, path, body) in &writes {
        let (status, answer) = api.as_environment(&api.key, method.clone(), path, body.clone()).await;
        assert!(status < 300, "{path}: {status}: {answer}");
    }
    assert_eq!(api.everything(&other).await, empty, "the other sees nothing of it");

    // The other has the same, and loses it again. The first keeps all.
    let kept = api.everything(&api.key).await;
    for (method, path, body) in &writes {
        assert!(api.as_environment(&other, method.clone(), path, body.clone()).await.0 < 300, "{path}");
    }
    for (method, path, body) in [
        (Method::POST, "/v1/workflows/order/cancel", json!({"cancellation_key": "k"})),
        (Method::DELETE, "/v1/objects/projects/p1/subscriptions", json!({"recipients": ["ana"]})),
        (
            Method::DELETE,
            "/v1/audiences/trial/members",
            json!({"members": [{"user": {"id": "ana"}, "tenant": "acme"}]}),
        ),
        (Method::DELETE, "/v1/objects/projects/p1", json!({})),
        (Method::DELETE, "/v1/tenants/acme", json!({})),
        (Method::DELETE, "/v1/users/ana", json!({})),
    ] {
        assert!(api.as_environment(&other, method, path, body).await.0 < 300, "{path}");
    }
    assert_eq!(api.everything(&api.key).await, kept);
    let run = kept[READS.len() - 1].1["entries"][0]["id"].as_str().unwrap();
    assert_eq!(api.server.get_with_key(&other, &format!("/v1/workflow_runs/{run}")).await.0, 404);
}

#[tokio::test]
async fn a_bulk_operation_and_an_idempotency_key_belong_to_their_environment() {
    let api = Api::start().await;
    let other = api.server.api_key("production").await;
    let (_, operation) = api.post("/v1/users/bulk/identify", json!({"users": [{"id": "ana"}]})).await;
    let path = format!("/v1/bulk_operations/{}", operation["id"].as_str().unwrap());
    assert_eq!(api.server.get_with_key(&other, &path).await.0, 404);
    let trigger = async |key: &str| {
        let request = api.server.request_with(key, Method::POST, "/v1/workflows/order/trigger");
        let request = request.header("idempotency-key", "k").json(&json!({"recipients": [{"id": "ana"}]}));
        answer(request.send().await.unwrap()).await.1["workflow_run_id"].clone()
    };
    let (first, second) = (trigger(&api.key).await, trigger(&other).await);
    assert_ne!(first, second);
    assert_eq!((trigger(&api.key).await, trigger(&other).await), (first, second), "each replays its own");
}
