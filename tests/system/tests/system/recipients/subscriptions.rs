//! Subscriptions of users and objects to objects.

use reqwest::Method;
use serde_json::{Value, json};

use super::Api;

const OF_PROJECT: &str = "/v1/objects/projects/p1/subscriptions";

impl Api {
    /// Starts a server with a user, a project and a team.
    async fn with_project() -> Self {
        let api = Self::start().await;
        for path in ["users/ana", "objects/projects/p1", "objects/projects/p2", "objects/teams/t1"] {
            assert_eq!(api.put(&format!("/v1/{path}"), json!({"name": path})).await.0, 200);
        }
        api
    }

    async fn subscribe(&self, path: &str, recipients: Value, properties: Value) -> Vec<Value> {
        let (status, answer) = self.post(path, json!({"recipients": recipients, "properties": properties})).await;
        assert_eq!(status, 200, "{answer}");
        answer.as_array().unwrap().clone()
    }

    /// Returns the recipients of all pages of a list, in order.
    async fn subscribers(&self, path: &str) -> Vec<String> {
        self.entries(path).await.iter().map(|entry| entry["recipient"]["id"].as_str().unwrap().to_owned()).collect()
    }

    /// Returns the objects of all pages of a list, in order.
    async fn subscribed(&self, path: &str) -> Vec<String> {
        self.entries(path).await.iter().map(|entry| entry["object"]["id"].as_str().unwrap().to_owned()).collect()
    }
}

#[tokio::test]
async fn users_and_objects_are_subscribed_with_properties_that_are_replaced() {
    let api = Api::with_project().await;
    let recipients = json!([{"collection": "teams", "id": "t1"}, "ana", {"id": "bo", "name": "Bo"}, "nobody"]);
    let added = api.subscribe(OF_PROJECT, recipients, json!({"role": "reader", "since": {"year": 2020}})).await;
    let found: Vec<_> = added.iter().map(|one| (&one["recipient"]["__typename"], &one["recipient"]["id"])).collect();
    let (user, object) = (json!("User"), json!("Object"));
    assert_eq!(found, [(&object, &json!("t1")), (&user, &json!("ana")), (&user, &json!("bo"))]);
    for subscription in &added {
        assert_eq!(subscription["__typename"], "Subscription");
        assert_eq!(subscription["object"]["id"], "p1");
        assert_eq!(subscription["object"]["properties"]["name"], "objects/projects/p1");
        assert_eq!(subscription["properties"], json!({"role": "reader", "since": {"year": 2020}}));
        assert!(subscription["inserted_at"].is_string() && subscription["updated_at"].is_string());
    }
    assert_eq!(added[2]["recipient"]["name"], "Bo");
    assert_eq!(api.get("/v1/users/bo").await.1["name"], "Bo", "identified by the subscription");
    assert_eq!(api.get("/v1/users/nobody").await.0, 404, "left out");

    // Properties are replaced, not merged, and null without any.
    let again = api.subscribe(OF_PROJECT, json!(["ana"]), json!({"role": "editor"})).await;
    assert_eq!(again[0]["properties"], json!({"role": "editor"}));
    assert_eq!(again[0]["inserted_at"], added[1]["inserted_at"]);
    let (status, bare) = api.post(OF_PROJECT, json!({"recipients": ["ana"]})).await;
    assert_eq!((status, &bare[0]["properties"]), (200, &json!(null)));
    assert_eq!(api.subscribers(OF_PROJECT).await.len(), 3, "once each");
}

#[tokio::test]
async fn subscriptions_are_listed_from_both_sides_in_pages_and_by_name() {
    let api = Api::with_project().await;
    let users: Vec<Value> = (0..5).map(|number| json!({"id": format!("u{number}")})).collect();
    api.subscribe(OF_PROJECT, json!(users), json!(null)).await;
    api.subscribe(OF_PROJECT, json!([{"collection": "teams", "id": "t1"}]), json!(null)).await;
    api.subscribe("/v1/objects/projects/p2/subscriptions", json!(["u1"]), json!(null)).await;
    let paged = api.subscribers(&format!("{OF_PROJECT}?page_size=2")).await;
    let mut sorted = paged.clone();
    sorted.sort();
    assert_eq!(sorted, ["t1", "u0", "u1", "u2", "u3", "u4"], "each once");
    assert_eq!(paged, api.subscribers(OF_PROJECT).await, "whatever the pages");
    assert_eq!(api.subscribers(&format!("{OF_PROJECT}?recipients[]=u3&recipients[]=nobody")).await, ["u3"]);
    let team = "recipients[0][collection]=teams&recipients[0][id]=t1";
    assert_eq!(api.subscribers(&format!("{OF_PROJECT}?{team}&include[]=preferences")).await, ["t1"]);
    assert_eq!(api.subscribed("/v1/objects/teams/t1/subscriptions?mode=recipient").await, ["p1"]);
    assert!(api.subscribed("/v1/objects/teams/t1/subscriptions?mode=object").await.is_empty());
    let mut of_user = api.subscribed("/v1/users/u1/subscriptions?page_size=1").await;
    of_user.sort();
    assert_eq!(of_user, ["p1", "p2"]);
    let p2 = "objects[0][collection]=projects&objects[0][id]=p2";
    assert_eq!(api.subscribed(&format!("/v1/users/u1/subscriptions?{p2}")).await, ["p2"]);
}

#[tokio::test]
async fn subscriptions_end_one_by_one_and_with_their_user() {
    let api = Api::with_project().await;
    api.subscribe(OF_PROJECT, json!(["ana", {"id": "bo"}, {"collection": "teams", "id": "t1"}]), json!({"n": 1})).await;
    let ending = json!({"recipients": ["ana", "nobody", {"collection": "teams", "id": "t1"}]});
    let (status, ended) = api.send(Method::DELETE, OF_PROJECT, ending.to_string()).await;
    let ids: Vec<_> = ended.as_array().unwrap().iter().map(|one| &one["recipient"]["id"]).collect();
    assert_eq!((status, ids), (200, vec![&json!("ana"), &json!("t1")]));
    assert_eq!(ended[0]["properties"], json!({"n": 1}));
    assert_eq!(api.send(Method::DELETE, OF_PROJECT, ending.to_string()).await, (200, json!([])));
    assert_eq!(api.subscribers(OF_PROJECT).await, ["bo"]);
    assert_eq!(api.delete("/v1/users/bo").await, 204);
    assert!(api.subscribers(OF_PROJECT).await.is_empty());
    api.put("/v1/users/bo", json!({})).await;
    assert!(api.subscribed("/v1/users/bo/subscriptions").await.is_empty(), "a new user with the id has none");
}

#[tokio::test]
async fn what_is_not_there_cannot_be_subscribed_to() {
    let api = Api::with_project().await;
    let nothing = "/v1/objects/projects/nothing/subscriptions";
    let (status, error) = api.post(nothing, json!({"recipients": ["ana"]})).await;
    assert_eq!((status, &error["code"]), (404, &json!("not_found")));
    assert_eq!(api.get(nothing).await.0, 404);
    assert_eq!(api.send(Method::DELETE, nothing, r#"{"recipients":["ana"]}"#).await.0, 404);
    assert_eq!(api.get("/v1/users/nobody/subscriptions").await.0, 404);
    let (status, error) = api.post(OF_PROJECT, json!({"recipients": ["nobody"]})).await;
    assert_eq!((status, &error["field"]), (422, &json!("recipients")), "{error}");
    assert_eq!(api.get("/v1/objects/projects/nothing").await.0, 404, "no object was made by the way");
}
