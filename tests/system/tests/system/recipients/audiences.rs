//! Audiences and their members.

use reqwest::Method;
use serde_json::{Value, json};

use super::Api;

const TRIAL: &str = "/v1/audiences/trial/members";

impl Api {
    /// Returns the members of an audience, each a user and a tenant, sorted.
    async fn members(&self, path: &str) -> Vec<(String, Value)> {
        let entries = self.entries(path).await;
        let member = |entry: &Value| (entry["user_id"].as_str().unwrap().to_owned(), entry["tenant"].clone());
        let mut members: Vec<_> = entries.iter().map(member).collect();
        members.sort_by_key(|(user, tenant)| format!("{user} {tenant}"));
        members
    }
}

#[tokio::test]
async fn members_are_identified_added_once_listed_and_removed() {
    let api = Api::start().await;
    assert_eq!(api.get(TRIAL).await.1["entries"], json!([]), "an audience needs not be created");
    let ana = json!({"user": {"id": "ana", "name": "Ana"}});
    let at_acme = json!({"user": {"id": "ana"}, "tenant": "acme"});
    let path = format!("{TRIAL}?create_audience=true");
    for members in [json!([ana, at_acme]), json!([ana, {"user": {"id": "bo"}, "tenant": null}])] {
        assert_eq!(api.post(&path, json!({ "members": members })).await.0, 204);
    }
    let entries = api.entries(TRIAL).await;
    for entry in &entries {
        assert_eq!((&entry["__typename"], &entry["user"]["id"]), (&json!("AudienceMember"), &entry["user_id"]));
        assert!(entry["added_at"].is_string(), "{entry}");
    }
    let ana_twice = [("ana".to_owned(), json!("acme")), ("ana".to_owned(), json!(null))];
    assert_eq!(api.members(TRIAL).await, [ana_twice.as_slice(), &[("bo".to_owned(), json!(null))]].concat());
    assert_eq!(api.get("/v1/users/ana").await.1["name"], "Ana");
    assert_eq!(api.get("/v1/audiences/other/members").await.1["entries"], json!([]));

    // Exactly the membership that is named ends.
    let remove =
        async |members: Value| api.send(Method::DELETE, TRIAL, json!({ "members": members }).to_string()).await.0;
    assert_eq!(remove(json!([{"user": {"id": "ana"}}])).await, 204);
    assert_eq!(remove(json!([{"user": {"id": "ana"}}, {"user": {"id": "nobody"}}])).await, 204, "no error");
    assert_eq!(api.members(TRIAL).await, [("ana".to_owned(), json!("acme")), ("bo".to_owned(), json!(null))]);
    assert_eq!(api.get("/v1/users/nobody").await.0, 404, "a removal identifies nobody");
    assert_eq!(api.delete("/v1/users/ana").await, 204);
    assert_eq!(api.members(TRIAL).await, [("bo".to_owned(), json!(null))], "a deletion takes memberships along");
}

/// A call with a tenant for each member is an operation for each tenant. Each has its own members in the log, or a thousand
/// of them would keep the body a thousand times.
#[tokio::test]
async fn the_log_of_a_call_for_many_tenants_has_each_member_once() {
    let api = Api::start().await;
    let members = json!([{"user": {"id": "ana", "n": 1.5}, "tenant": "a"}, {"user": {"id": "bo"}, "tenant": "b"},
        {"user": {"id": "cy"}}, {"user": {"id": "di"}, "tenant": "a"}]);
    assert_eq!(api.post(TRIAL, json!({ "members": members })).await.0, 204);
    let logs = api.server.all_logs("$api").await;
    let mut data: Vec<Value> = logs.iter().map(|log| log["data"]["members"].clone()).collect();
    data.sort_by_key(Value::to_string);
    let expected = [
        json!([{"user": {"id": "ana", "n": 1.5}, "tenant": "a"}, {"user": {"id": "di"}, "tenant": "a"}]),
        json!([{"user": {"id": "bo"}, "tenant": "b"}]),
        json!([{"user": {"id": "cy"}, "tenant": null}]),
    ];
    assert_eq!(data, expected);
    // A call with one tenant, or with none, is logged as it came.
    assert_eq!(api.post(TRIAL, json!({"members": [{"user": {"id": "ana"}}]})).await.0, 204);
    assert_eq!(api.server.last_log("$api").await["data"], json!({"members": [{"user": {"id": "ana"}}]}));
}

#[tokio::test]
async fn members_are_listed_page_by_page() {
    let api = Api::start().await;
    let members: Vec<Value> = (0..1000).map(|number| json!({"user": {"id": format!("u{number}")}})).collect();
    assert_eq!(api.post(TRIAL, json!({ "members": members })).await.0, 204);
    let tenants: Vec<Value> =
        (0..3).map(|number| json!({"user": {"id": "u7"}, "tenant": format!("t{number}")})).collect();
    assert_eq!(api.post(TRIAL, json!({ "members": tenants })).await.0, 204);
    let all = api.members(&format!("{TRIAL}?page_size=100")).await;
    let mut unique = all.clone();
    unique.dedup();
    assert_eq!((all.len(), unique.len()), (1003, 1003), "each once");
    let by_seven = api.members(&format!("{TRIAL}?page_size=7")).await;
    assert_eq!(by_seven, all);
    let mut more = members;
    more.push(json!({"user": {"id": "one_more"}}));
    let (status, error) = api.post(TRIAL, json!({ "members": more })).await;
    assert_eq!((status, &error["field"]), (422, &json!("members")), "{error}");
}
