//! Users: identify, read, list and delete.

use reqwest::Method;
use serde_json::json;

use super::Api;

#[tokio::test]
async fn a_user_is_identified_merged_read_and_deleted() {
    let api = Api::start().await;
    let body = r#"{"name":"Ana","email":"ana@example.com","credit":9007199254740993,"price":1.10,
        "address":{"city":"Porto"},"channel_data":{"c1":{"tokens":["t"]}},"preferences":{"default":{"workflows":{}}}}"#;
    let (status, user) = api.send(Method::PUT, "/v1/users/u_1", body).await;
    assert_eq!(status, 200, "{user}");
    assert_eq!(user["__typename"], "User");
    assert_eq!((&user["id"], &user["name"], &user["phone_number"]), (&json!("u_1"), &json!("Ana"), &json!(null)));
    let (_, user) = api.put("/v1/users/u_1", json!({"name": null, "address": {"zip": "4000"}})).await;
    assert_eq!(user["name"], json!(null), "null overwrites");
    assert_eq!(user["address"], json!({"city": "Porto", "zip": "4000"}), "objects are merged");
    assert_eq!(user["email"], "ana@example.com", "nothing is removed");
    assert_eq!(user["channel_data"], json!({"c1": {"tokens": ["t"]}}));
    assert_eq!(user["preferences"], json!({"default": {"workflows": {}}}));
    let text =
        api.server.request_with(&api.key, Method::GET, "/v1/users/u_1").send().await.unwrap().text().await.unwrap();
    assert!(text.contains("9007199254740993") && text.contains("1.10"), "{text}");

    let elsewhere = api.server.api_key("production").await;
    assert_eq!(api.server.get_with_key(&elsewhere, "/v1/users/u_1").await.0, 404, "environments never see each other");

    assert_eq!(api.delete("/v1/users/u_1").await, 204);
    let (status, error) = api.get("/v1/users/u_1").await;
    assert_eq!((status, &error["code"]), (404, &json!("not_found")));
    assert_eq!(api.delete("/v1/users/u_1").await, 404);
}

#[tokio::test]
async fn users_are_listed_page_by_page_the_newest_first() {
    let api = Api::start().await;
    for id in ["a", "b", "c"] {
        assert_eq!(api.put(&format!("/v1/users/{id}"), json!({})).await.0, 200);
    }
    let ids = |page: &serde_json::Value| -> Vec<String> {
        page["entries"].as_array().unwrap().iter().map(|user| user["id"].as_str().unwrap().to_owned()).collect()
    };
    let (_, first) = api.get("/v1/users?page_size=2&include[]=preferences").await;
    assert_eq!((ids(&first), &first["page_info"]["page_size"]), (vec!["c".to_owned(), "b".to_owned()], &json!(2)));
    assert_eq!(first["page_info"]["before"], json!(null));
    let after = first["page_info"]["after"].as_str().unwrap();
    let (_, second) = api.get(&format!("/v1/users?page_size=2&after={after}")).await;
    assert_eq!((ids(&second), &second["page_info"]["after"]), (vec!["a".to_owned()], &json!(null)));
    let before = second["page_info"]["before"].as_str().unwrap();
    assert_eq!(ids(&api.get(&format!("/v1/users?page_size=2&before={before}")).await.1), ids(&first));
    let (status, error) = api.get("/v1/users?pagesize=2").await;
    assert_eq!((status, &error["field"]), (422, &json!("pagesize")));
}
