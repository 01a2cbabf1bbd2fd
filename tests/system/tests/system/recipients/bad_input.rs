//! Bodies, ids and queries that are refused. Every refusal is an error of the API that names its member.

use reqwest::Method;
use serde_json::{Value, json};

use super::Api;

/// A refused call: the method, the path, the body, the status and the member that the error names.
type Case<'a> = (Method, &'a str, Value, u16, Value);

#[tokio::test]
async fn what_is_refused_names_its_member() {
    let api = Api::start().await;
    let long = format!("/v1/users/{}", "x".repeat(257));
    let cases: Vec<Case<'_>> = vec![
        (Method::PUT, "/v1/users/a%2Fb", json!({}), 422, json!("id")),
        (Method::PUT, "/v1/users/a%23b", json!({}), 422, json!("id")),
        (Method::PUT, "/v1/users/a%00b", json!({}), 422, json!("id")),
        (Method::PUT, &long, json!({}), 422, json!("id")),
        (Method::DELETE, "/v1/users/a%2Fb", json!({}), 422, json!("id")),
        (Method::GET, "/v1/users/a%2Fb", json!({}), 404, json!(null)),
        (Method::PUT, "/v1/users/u", json!([]), 422, json!(null)),
        (Method::PUT, "/v1/users/u", json!("text"), 422, json!(null)),
        (Method::PUT, "/v1/users/u", json!({"email": ["a"]}), 422, json!("email")),
        (Method::PUT, "/v1/users/u", json!({"name": 7}), 422, json!("name")),
        (Method::PUT, "/v1/users/u", json!({"created_at": "soon"}), 422, json!("created_at")),
        (Method::PUT, "/v1/users/u", json!({"channel_data": "x"}), 422, json!("channel_data")),
        (Method::POST, "/v1/workflows/w/trigger", json!({}), 422, json!("recipients")),
        (Method::POST, "/v1/workflows/w/trigger", json!({"recipients": []}), 422, json!("recipients")),
        (Method::POST, "/v1/workflows/w/trigger", json!({"recipients": "u"}), 422, json!("recipients")),
        (Method::POST, "/v1/workflows/w/trigger", json!({"recipients": ["u", null]}), 422, json!("recipients[1]")),
        (Method::POST, "/v1/workflows/w/trigger", json!({"recipients": [{"name": "x"}]}), 422, json!("recipients[0]")),
        (Method::POST, "/v1/workflows/w/trigger", json!({"recipients": ["u"], "data": "x"}), 422, json!("data")),
        (Method::POST, "/v1/workflows/w/trigger", json!({"recipients": ["u"], "actor": 7}), 422, json!("actor")),
        (Method::POST, "/v1/workflows/w/trigger", json!({"recipients": ["u"], "tenant": []}), 422, json!("tenant")),
        (Method::POST, "/v1/workflows/w/trigger", json!({"recipients": vec!["u"; 1001]}), 422, json!("recipients")),
        (Method::POST, "/v1/workflows/w/trigger?x=1", json!({"recipients": ["u"]}), 422, json!("x")),
    ];
    for (method, path, body, status, field) in cases {
        let (found, answer) = api.send(method.clone(), path, body.to_string()).await;
        assert_eq!((found, &answer["field"]), (status, &field), "{method} {path} {body}: {answer}");
        assert!(answer["message"].as_str().unwrap().len() > 10, "{answer}");
    }
    assert_eq!(api.send(Method::PUT, "/v1/users/u", "{").await.0, 422);
    assert_eq!(api.send(Method::PUT, "/v1/users/u", "").await.0, 422);
    assert_eq!(api.get("/v1/users").await.1["entries"], json!([]), "nothing of it was written");
    assert!(api.server.logs("$api").await.is_empty(), "nothing of it was an operation");
}

#[tokio::test]
async fn only_a_key_of_an_environment_is_good() {
    let api = Api::start().await;
    for token in ["sk_unknown", ""] {
        let put = api.server.request_with(token, Method::PUT, "/v1/users/u").json(&json!({})).send().await.unwrap();
        assert_eq!(put.status(), 401);
    }
    let put = api.server.manage(Method::PUT, "/v1/users/u").json(&json!({})).send().await.unwrap();
    assert_eq!(put.status(), 403);
}
