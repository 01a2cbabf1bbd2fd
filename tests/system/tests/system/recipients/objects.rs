//! Objects: set, read, list and delete.

use reqwest::Method;
use serde_json::{Value, json};

use super::Api;

#[tokio::test]
async fn an_object_is_set_merged_read_and_deleted() {
    let api = Api::start().await;
    let body = r#"{"name":"Apollo","budget":9007199254740993,"price":1.10,"created_at":"2026-01-02T03:04:05Z",
        "owner":{"id":"u_1"},"channel_data":{"c1":{"connections":[]}},"preferences":{"default":{"workflows":{}}}}"#;
    let (status, object) = api.send(Method::PUT, "/v1/objects/projects/p1", body).await;
    assert_eq!(status, 200, "{object}");
    assert_eq!((&object["__typename"], &object["id"]), (&json!("Object"), &json!("p1")));
    assert_eq!(
        (&object["collection"], &object["created_at"]),
        (&json!("projects"), &json!("2026-01-02T03:04:05.000Z"))
    );
    let (_, object) = api.put("/v1/objects/projects/p1", json!({"name": null, "owner": {"since": 2020}})).await;
    assert_eq!(object["properties"]["name"], json!(null), "null overwrites");
    assert_eq!(object["properties"]["owner"], json!({"id": "u_1", "since": 2020}), "objects are merged");
    assert_eq!(object["properties"]["channel_data"], json!({"c1": {"connections": []}}), "kept as it came");
    assert_eq!(object["properties"]["preferences"], json!({"default": {"workflows": {}}}));
    let request = api.server.request_with(&api.key, Method::GET, "/v1/objects/projects/p1");
    let text = request.send().await.unwrap().text().await.unwrap();
    assert!(text.contains("9007199254740993") && text.contains("1.10"), "{text}");

    // The same id in another collection is another object.
    api.put("/v1/objects/teams/p1", json!({"name": "Team"})).await;
    assert_eq!(api.delete("/v1/objects/projects/p1").await, 204);
    let (status, error) = api.get("/v1/objects/projects/p1").await;
    assert_eq!((status, &error["code"]), (404, &json!("not_found")));
    assert_eq!(api.delete("/v1/objects/projects/p1").await, 404);
    assert_eq!(api.get("/v1/objects/teams/p1").await.1["properties"]["name"], "Team");
}

#[tokio::test]
async fn objects_of_a_collection_are_listed_page_by_page_the_newest_first() {
    let api = Api::start().await;
    for id in ["a", "b", "c", "d", "e"] {
        assert_eq!(api.put(&format!("/v1/objects/projects/{id}"), json!({})).await.0, 200);
    }
    api.put("/v1/objects/teams/t", json!({})).await;
    assert_eq!(ids(&api.entries("/v1/objects/projects?page_size=2").await), ["e", "d", "c", "b", "a"]);
    let (_, page) = api.get("/v1/objects/projects?page_size=2").await;
    assert_eq!(page["page_info"]["__typename"], "PageInfo");
    let after = page["page_info"]["after"].as_str().unwrap();
    let (_, second) = api.get(&format!("/v1/objects/projects?page_size=2&after={after}&include=preferences")).await;
    let before = second["page_info"]["before"].as_str().unwrap();
    let (_, first) = api.get(&format!("/v1/objects/projects?page_size=2&before={before}")).await;
    assert_eq!(ids(first["entries"].as_array().unwrap()), ["e", "d"]);
    let nothing = json!({"__typename": "PageInfo", "after": null, "before": null, "page_size": 50});
    assert_eq!(api.get("/v1/objects/nothing").await, (200, json!({"entries": [], "page_info": nothing})));
}

fn ids(entries: &[Value]) -> Vec<&str> {
    entries.iter().map(|entry| entry["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_deletion_takes_the_subscriptions_of_both_sides_along() {
    let api = Api::start().await;
    for path in ["users/ana", "objects/projects/p1", "objects/teams/t1", "objects/teams/t2"] {
        assert_eq!(api.put(&format!("/v1/{path}"), json!({})).await.0, 200);
    }
    let team = json!({"collection": "teams", "id": "t1"});
    for (object, recipients) in [("projects/p1", json!(["ana", team])), ("teams/t1", json!(["ana"]))] {
        let path = format!("/v1/objects/{object}/subscriptions");
        assert_eq!(api.post(&path, json!({ "recipients": recipients })).await.0, 200);
    }
    assert_eq!(api.delete("/v1/objects/teams/t1").await, 204);
    let (_, of_project) = api.get("/v1/objects/projects/p1/subscriptions").await;
    let left: Vec<_> =
        of_project["entries"].as_array().unwrap().iter().map(|entry| &entry["recipient"]["id"]).collect();
    assert_eq!(left, ["ana"], "the object as a recipient");
    let (_, of_user) = api.get("/v1/users/ana/subscriptions").await;
    let left: Vec<_> = of_user["entries"].as_array().unwrap().iter().map(|entry| &entry["object"]["id"]).collect();
    assert_eq!(left, ["p1"], "the object itself");
    // Set again, it is a new object without subscribers.
    api.put("/v1/objects/teams/t1", json!({})).await;
    assert_eq!(api.get("/v1/objects/teams/t1/subscriptions").await.1["entries"], json!([]));
    assert_eq!(api.get("/v1/objects/teams/t1/subscriptions?mode=recipient").await.1["entries"], json!([]));
}
