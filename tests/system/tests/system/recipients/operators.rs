//! The rights of a management token over users, objects, tenants and audiences.

use std::time::Duration;

use inlet_system_tests::read_json;
use reqwest::Method;
use serde_json::{Value, json};

use super::Api;

impl Api {
    async fn with_token(&self, token: &str, method: Method, path: &str) -> (u16, Value) {
        let response = self.server.request_with(token, method, path).send().await.unwrap();
        (response.status().as_u16(), read_json(response).await)
    }

    async fn scoped(&self, scope: &str) -> String {
        let asked = json!({"name": scope, "scopes": [scope], "environments": ["development"]});
        self.server.management_token(asked).await
    }
}

async fn filled() -> Api {
    let api = Api::start().await;
    for (path, body) in [
        ("/v1/users/ana", json!({"name": "Ana Smith", "email": "Ana@Example.com"})),
        ("/v1/users/andy", json!({"name": "Andy"})),
        ("/v1/users/bo", json!({"name": "Bo"})),
        ("/v1/objects/projects/p1", json!({"name": "Apollo"})),
        ("/v1/objects/accounts/a1", json!({"name": "Acme"})),
        ("/v1/tenants/acme", json!({"name": "Acme"})),
    ] {
        assert_eq!(api.put(path, body).await.0, 200, "{path}");
    }
    assert_eq!(api.post("/v1/objects/projects/p1/subscriptions", json!({"recipients": ["ana"]})).await.0, 200);
    let members = json!({"members": [{"user": {"id": "ana"}, "tenant": "acme"}, {"user": {"id": "bo"}}]});
    assert_eq!(api.post("/v1/audiences/beta/members", members).await.0, 204);
    api
}

#[tokio::test]
async fn a_token_reads_what_the_environment_keeps() {
    let api = filled().await;
    let token = api.scoped("read").await;
    let get = async |path: &str| {
        let (status, answer) = api.with_token(&token, Method::GET, path).await;
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    };
    let names = |answer: &Value, name: &str| {
        let entries = answer["entries"].as_array().unwrap().iter();
        entries.map(|entry| entry[name].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(&get("/v1/objects?environment=development").await, "collection"), ["accounts", "projects"]);
    assert_eq!(names(&get("/v1/objects/projects?environment=development").await, "id"), ["p1"]);
    assert_eq!(get("/v1/objects/projects/p1?environment=development").await["properties"]["name"], "Apollo");
    assert_eq!(names(&get("/v1/tenants?environment=development").await, "id"), ["acme"]);
    assert_eq!(get("/v1/tenants/acme?environment=development").await["name"], "Acme");
    assert_eq!(names(&get("/v1/audiences?environment=development").await, "key"), ["beta"]);
    assert_eq!(names(&get("/v1/audiences/beta/members?environment=development").await, "user_id"), ["bo", "ana"]);
    let memberships = get("/v1/users/ana/audiences?environment=development").await;
    assert_eq!(
        (&memberships["entries"][0]["audience"], &memberships["entries"][0]["tenant"], &memberships["complete"]),
        (&json!("beta"), &json!("acme"), &json!(true))
    );
    for path in ["/v1/users/ana/subscriptions", "/v1/objects/projects/p1/subscriptions"] {
        let found = get(&format!("{path}?environment=development")).await;
        let entry = &found["entries"][0];
        assert_eq!((&entry["recipient"]["id"], &entry["object"]["id"]), (&json!("ana"), &json!("p1")), "{path}");
    }
    // With the environment's own key nothing needs to be named.
    assert_eq!(names(&api.get("/v1/objects").await.1, "collection"), ["accounts", "projects"]);
    for path in ["/v1/objects", "/v1/tenants/acme", "/v1/audiences/beta/members", "/v1/users/ana/export"] {
        let (status, answer) = api.with_token(&token, Method::GET, path).await;
        assert_eq!((status, &answer["field"]), (422, &json!("environment")), "{path}");
        let (status, _) = api.with_token(&token, Method::GET, &format!("{path}?environment=production")).await;
        assert_eq!(status, 403, "{path}");
    }
}

#[tokio::test]
async fn users_are_searched_by_the_beginning_of_an_id_or_by_a_text() {
    let api = filled().await;
    let found = async |query: &str| {
        let (status, answer) = api.get(&format!("/v1/users?{query}")).await;
        assert_eq!(status, 200, "{answer}");
        let ids = answer["entries"].as_array().unwrap().iter().map(|user| user["id"].as_str().unwrap().to_owned());
        (ids.collect::<Vec<_>>(), answer)
    };
    assert_eq!(found("id_prefix=an").await.0, ["ana", "andy"]);
    let (ids, page) = found("id_prefix=an&limit=1").await;
    assert_eq!(ids, ["ana"]);
    let after = page["page_info"]["after"].as_str().unwrap();
    assert_eq!(found(&format!("id_prefix=an&after={after}")).await.0, ["andy"]);
    let (ids, answer) = found("search=ana%40example").await;
    assert_eq!((ids, &answer["looked_at"]), (vec!["ana".to_owned()], &json!(3)));
    assert_eq!(found("search=SMITH").await.0, ["ana"]);
    assert_eq!(found("").await.1["looked_at"], Value::Null);
    let (status, answer) = api.get("/v1/users?search=a&id_prefix=b").await;
    assert_eq!((status, &answer["field"]), (422, &json!("search")));
    let (status, answer) = api.get("/v1/users?id_prefix=a&after=4").await;
    assert_eq!((status, &answer["field"]), (422, &json!("after")), "a cursor of another list: {answer}");
}

#[tokio::test]
async fn where_personal_data_is_hidden_a_token_reads_none_of_it() {
    let api = filled().await;
    let hide = api.server.manage(Method::PATCH, "/v1/environments/development");
    assert_eq!(hide.json(&json!({"hide_personal_data": true})).send().await.unwrap().status(), 200);
    let token = api.scoped("admin").await;
    for path in [
        "/v1/users",
        "/v1/users/ana",
        "/v1/users/ana/export",
        "/v1/users/ana/subscriptions",
        "/v1/users/ana/audiences",
        "/v1/objects/projects",
        "/v1/objects/projects/p1",
        "/v1/objects/projects/p1/subscriptions",
        "/v1/tenants",
        "/v1/tenants/acme",
        "/v1/audiences/beta/members",
    ] {
        let (status, answer) = api.with_token(&token, Method::GET, &format!("{path}?environment=development")).await;
        assert_eq!(status, 403, "{path}");
        let message = answer["message"].as_str().unwrap();
        assert!(message.starts_with("this environment hides personal data"), "{message}");
        assert_eq!(api.server.request_with(&api.key, Method::GET, path).send().await.unwrap().status(), 200, "{path}");
    }
    for path in ["/v1/objects", "/v1/audiences"] {
        let (status, _) = api.with_token(&token, Method::GET, &format!("{path}?environment=development")).await;
        assert_eq!(status, 200, "names of collections and audiences are no personal data");
    }
    let (status, _) = api.with_token(&token, Method::POST, "/v1/users/ana/forget?environment=development").await;
    assert_eq!(status, 202, "who is not seen can be forgotten");
}

#[tokio::test]
async fn an_admin_forgets_a_user_and_the_log_of_changes_names_the_admin_and_not_the_user() {
    let api = filled().await;
    let (operate, admin) = (api.scoped("operate").await, api.scoped("admin").await);
    let path = "/v1/users/ana/forget?environment=development";
    assert_eq!(api.with_token(&operate, Method::POST, path).await.0, 403);
    assert_eq!(api.with_token(&operate, Method::GET, path).await.0, 404, "nobody asked for it yet");
    let export = api.server.request_with(&operate, Method::GET, "/v1/users/ana/export?environment=development");
    let export = export.send().await.unwrap();
    assert_eq!(export.status(), 200);
    let lines = export.text().await.unwrap();
    assert!(lines.contains("Ana Smith") && lines.contains(r#"{"type":"end""#), "{lines}");
    let (status, request) = api.with_token(&admin, Method::POST, path).await;
    assert_eq!(status, 202, "{request}");
    assert_eq!(api.get("/v1/users/ana").await.0, 404, "it is deleted at once");
    let changes = api.server.get("/v1/changes?limit=1").await;
    let change = &changes["entries"][0];
    let resource = format!("forget_requests/{}", request["id"].as_str().unwrap());
    assert_eq!(
        (&change["operation"], &change["resource"], &change["environment"]),
        (&json!("forgetUser"), &json!(resource), &json!("development"))
    );
    assert!(change.to_string().contains("admin") && !change.to_string().contains("ana"), "{change}");
    let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
    loop {
        let (status, found) = api.with_token(&operate, Method::GET, path).await;
        assert_eq!((status, &found["id"]), (200, &request["id"]));
        if found["state"] == "completed" {
            assert_eq!(found["removed"]["users"], 1);
            break;
        }
        assert!(tokio::time::Instant::now() < deadline, "{found}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
