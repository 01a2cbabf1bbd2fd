//! Bulk operations.

use std::time::Duration;

use inlet_system_tests::{Server, ServerOptions};
use serde_json::{Value, json};

use super::Api;

impl Api {
    /// Waits until a bulk operation has ended, and returns it.
    async fn ended(&self, id: &str) -> Value {
        for _ in 0..600 {
            let (status, operation) = self.get(&format!("/v1/bulk_operations/{id}")).await;
            assert_eq!(status, 200, "{operation}");
            if !matches!(operation["status"].as_str().unwrap(), "queued" | "processing") {
                return operation;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("a bulk operation did not end within 30 s");
    }

    async fn accepted(&self, path: &str, body: Value) -> String {
        let (status, operation) = self.post(path, body).await;
        assert_eq!((status, &operation["__typename"]), (200, &json!("BulkOperation")), "{operation}");
        operation["id"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn users_are_identified_and_deleted_in_bulk_and_what_fails_is_named() {
    let api = Api::start().await;
    let padding = "p".repeat(257 * 1024);
    let mut users: Vec<Value> = (0..250).map(|n| json!({"id": format!("u_{n}"), "n": n})).collect();
    users.extend([json!({"id": "too_large", "padding": padding}), json!({"id": "wrong", "email": 7})]);
    let id = api.accepted("/v1/users/bulk/identify", json!({"users": users})).await;
    let operation = api.ended(&id).await;
    assert_eq!((&operation["status"], &operation["name"]), (&json!("completed"), &json!("users.identify")));
    assert_eq!((&operation["estimated_total_rows"], &operation["processed_rows"]), (&json!(252), &json!(252)));
    assert_eq!((&operation["success_count"], &operation["error_count"]), (&json!(250), &json!(2)));
    let errors = operation["error_items"].as_array().unwrap();
    let of = |id: &str| errors.iter().find(|error| error["id"] == id).unwrap()["message"].as_str().unwrap().to_owned();
    assert!(of("too_large").contains("at most 262144"), "{errors:?}");
    assert!(of("wrong").starts_with("email: it is a number"), "{errors:?}");
    assert!(operation["started_at"].is_string() && operation["completed_at"].is_string());
    assert_eq!(operation["failed_at"], json!(null));
    assert!(operation["progress_path"].as_str().unwrap().ends_with(&format!("/v1/bulk_operations/{id}")));
    assert_eq!(api.get("/v1/users/u_249").await.1["n"], 249);
    assert_eq!(api.get("/v1/users/wrong").await.0, 404);
    assert_eq!(api.server.all_logs("$api").await.len(), 252, "one code path with events");

    let ids: Vec<String> = (0..200).map(|n| format!("u_{n}")).chain(["never_there".to_owned()]).collect();
    let id = api.accepted("/v1/users/bulk/delete", json!({"user_ids": ids})).await;
    let operation = api.ended(&id).await;
    assert_eq!((&operation["success_count"], &operation["error_items"]), (&json!(201), &json!([])));
    assert_eq!((api.get("/v1/users/u_0").await.0, api.get("/v1/users/u_200").await.0), (404, 200));

    let elsewhere = api.server.api_key("production").await;
    assert_eq!(api.server.get_with_key(&elsewhere, &format!("/v1/bulk_operations/{id}")).await.0, 404);
}

#[tokio::test]
async fn what_is_no_bulk_operation_is_refused_as_a_whole() {
    let api = Api::start().await;
    let many: Vec<Value> = (0..10_000).map(|n| json!({"id": n.to_string()})).collect();
    for (path, body, field) in [
        ("/v1/users/bulk/identify", json!({"users": many}), "users"),
        ("/v1/users/bulk/identify", json!({"users": []}), "users"),
        ("/v1/users/bulk/identify", json!({}), "users"),
        ("/v1/users/bulk/identify", json!({"users": ["u"]}), "users[0]"),
        ("/v1/users/bulk/identify", json!({"users": [{"id": "u"}, {"name": "x"}]}), "users[1].id"),
        ("/v1/users/bulk/identify", json!({"users": [{"id": 7}]}), "users[0].id"),
        ("/v1/users/bulk/delete", json!({"user_ids": [7]}), "user_ids[0]"),
        ("/v1/users/bulk/delete", json!({"ids": ["u"]}), "user_ids"),
        ("/v1/users/bulk/identify", json!({"users": [{"id": "u"}, {"id": "a/b"}]}), "users[1].id"),
        ("/v1/users/bulk/delete", json!({"user_ids": ["u", "a#b"]}), "user_ids[1]"),
        ("/v1/objects/a%2Fb/bulk/set", json!({"objects": [{"id": "o"}]}), "collection"),
        ("/v1/objects/projects/bulk/set", json!({"objects": 7}), "objects"),
        ("/v1/objects/projects/bulk/delete", json!({}), "object_ids"),
        ("/v1/objects/projects/bulk/set", json!({"objects": [{"id": ""}]}), "objects[0].id"),
        ("/v1/objects/projects/bulk/delete", json!({"object_ids": ["a\u{0}"]}), "object_ids[0]"),
        ("/v1/tenants/bulk/set", json!({"tenants": [7]}), "tenants[0]"),
        ("/v1/tenants/bulk/set", json!({"tenants": [{"id": "t"}, "a/b"]}), "tenants[1]"),
        ("/v1/tenants/bulk/set", json!({"tenants": [{"id": "x".repeat(257)}]}), "tenants[0].id"),
        ("/v1/tenants/bulk/delete", json!({}), "tenant_ids"),
        ("/v1/tenants/bulk/delete?tenant_ids[]=t&tenant_ids[]=a%2Fb", json!({}), "tenant_ids[1]"),
        ("/v1/tenants/bulk/delete?tenants[]=a", json!({}), "tenants[]"),
    ] {
        let (status, error) = api.post(path, body).await;
        assert_eq!((status, &error["field"]), (422, &json!(field)), "{path}: {error}");
    }
    assert!(api.server.logs("$api").await.is_empty(), "nothing of what was refused was accepted");
    assert_eq!(api.get("/v1/bulk_operations/x").await.0, 404);
    assert_eq!(api.get("/v1/bulk_operations/019b7c9b-7eae-7000-8000-000000000000").await.0, 404);
}

#[tokio::test]
async fn a_bulk_operation_survives_a_kill_and_does_nothing_twice() {
    let mut api = Api::start().await;
    let users: Vec<Value> = (0..1000).map(|n| json!({"id": format!("u_{n}"), "n": n})).collect();
    let id = api.accepted("/v1/users/bulk/identify", json!({"users": users})).await;
    let mut directories = Vec::new();
    // The first kill comes before the first chunk, or during it; the others between chunks, wherever they are.
    for _ in 0..3 {
        let Api { mut server, key } = api;
        server.kill();
        let (directory, data_dir) = server.take_data_dir();
        directories.extend(directory);
        let options = ServerOptions { data_dir: Some(data_dir), ..ServerOptions::default() };
        api = Api { server: Server::start_with(options).await, key };
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let operation = api.ended(&id).await;
    assert_eq!((&operation["success_count"], &operation["error_count"]), (&json!(1000), &json!(0)));
    assert_eq!(api.server.all_logs("$api").await.len(), 1000, "nothing twice");
    assert_eq!(api.get("/v1/users/u_999").await.1["n"], 999);
}
