//! Variables of environments: their API, and what mappings see of them.

use inlet_system_tests::{Server, all_files, read_json, track};
use reqwest::Method;
use serde_json::{Value, json};

/// The value of a secret variable, which must come out nowhere.
const SECRET: &str = "secret-canary-77aa31";

async fn call(server: &Server, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
    let request = server.manage(method, path);
    let request = match body {
        Some(body) => request.json(&body),
        None => request,
    };
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    (status, if status == 204 { Value::Null } else { read_json(response).await })
}

async fn put(server: &Server, key: &str, variable: Value) -> (u16, Value) {
    let path = format!("/v1/variables/{key}?environment=development");
    call(server, Method::PUT, &path, Some(json!({"variable": variable}))).await
}

fn mapping(data: Value, when: Value) -> Value {
    json!([{"event_type": "E", "action_type": "workflows_trigger", "when": when,
        "action_parameters": {"key": "k", "recipients": {"id": "user_id"}, "data": data}}])
}

async fn try_mapping(server: &Server, data: Value, when: Value) -> (u16, Value) {
    let source = json!({"name": "http", "preconfigured_provider": "http",
        "environment_settings": {"development": {"mappings": mapping(data, when)}}});
    server.try_put_source("http", "development", source).await
}

#[tokio::test]
async fn a_mapping_reads_public_variables_and_sees_a_change_at_once() {
    let server = Server::start().await;
    assert_eq!(put(&server, "base_url", json!({"value": "https://a.example"})).await.0, 200);
    assert_eq!(put(&server, "plan", json!({"value": "pro"})).await.0, 200);
    let data = json!({"url": {"$template": "{{ vars.base_url }}/{{ data.n }}"}, "plan": "vars.plan"});
    let (status, answer) = try_mapping(&server, data, json!({"vars.plan": "pro"})).await;
    assert_eq!((status, &answer["warnings"]), (200, &json!([])), "{answer}");
    let endpoint = server.endpoint_of(&answer["source"], "development");
    let key = server.api_key("development").await;
    endpoint.expect(track("E", "u", "m-1", json!({"n": 1})), &["executed"]).await;
    assert_eq!(server.all_runs(&key).await[0]["data"], json!({"url": "https://a.example/1", "plan": "pro"}));
    let (_, changed) = put(&server, "base_url", json!({"value": "https://b.example"})).await;
    assert_eq!(changed["value"], "https://b.example");
    let payload: Value = serde_json::from_str(&track("E", "u", "m-2", json!({"n": 2}))).unwrap();
    let path = "/v1/sources/http/rehearse?environment=development";
    let (_, rehearsed) = call(&server, Method::POST, path, Some(json!({"payload": payload}))).await;
    assert!(rehearsed.to_string().contains("https://b.example/2"), "{rehearsed}");
    endpoint.expect(track("E", "u", "m-2", json!({"n": 2})), &["executed"]).await;
    assert_eq!(server.all_runs(&key).await[0]["data"]["url"], "https://b.example/2");
    assert_eq!(put(&server, "plan", json!({"value": "free"})).await.0, 200);
    endpoint.expect(track("E", "u", "m-3", json!({"n": 3})), &["logged"]).await;

    let (status, refused) = call(&server, Method::DELETE, "/v1/variables/plan?environment=development", None).await;
    assert_eq!(status, 409);
    let sentence = refused["message"].as_str().unwrap();
    assert!(sentence.starts_with("mappings read vars.plan: http: \"E\" ("), "{sentence}");
    assert_eq!(try_mapping(&server, json!({"n": "data.n"}), Value::Null).await.0, 200);
    assert_eq!(call(&server, Method::DELETE, "/v1/variables/plan?environment=development", None).await.0, 204);
    assert_eq!(call(&server, Method::GET, "/v1/variables/plan?environment=development", None).await.0, 404);
}

#[tokio::test]
async fn a_mapping_reads_no_secret_and_no_unknown_variable() {
    let server = Server::start().await;
    assert_eq!(put(&server, "token", json!({"value": SECRET, "type": "secret"})).await.0, 200);
    assert_eq!(put(&server, "base_url", json!({"value": "x"})).await.0, 200);
    for (data, when, field, end) in [
        (json!({"t": "vars.token"}), Value::Null, "action_parameters", "a mapping reads public variables only"),
        (json!({"t": "vars.base_ulr"}), Value::Null, "action_parameters", "the nearest is vars.base_url"),
        (json!({}), json!({"vars.token": "x"}), "when", "a mapping reads public variables only"),
    ] {
        let (status, answer) = try_mapping(&server, data, when).await;
        let expected = format!("source.environment_settings.development.mappings[0].{field}");
        assert_eq!((status, answer["field"].as_str()), (422, Some(expected.as_str())), "{answer}");
        assert!(answer["message"].as_str().unwrap().ends_with(end), "{answer}");
    }
    // The whole object holds public variables only.
    let (status, answer) = try_mapping(&server, json!({"all": "vars"}), Value::Null).await;
    assert_eq!(status, 200, "{answer}");
    server.endpoint_of(&answer["source"], "development").send(track("E", "u", "m-1", json!({}))).await;
    let log = server.last_log("http").await;
    assert!(log.to_string().contains(r#"{"base_url":"x"}"#), "{log}");
}

#[tokio::test]
async fn a_secret_variable_is_sealed_and_comes_out_nowhere() {
    let server = Server::start().await;
    let (_, saved) =
        put(&server, "token", json!({"value": SECRET, "type": "secret", "description": "For targets"})).await;
    assert_eq!((&saved["value"], &saved["type"]), (&Value::Null, &json!("secret")), "{saved}");
    let (status, again) = put(&server, "token", saved.clone()).await;
    assert_eq!((status, &again), (200, &saved), "what is shown may be sent back, and keeps the value");
    assert_eq!(put(&server, "token", json!({"value": format!("{SECRET}-2")})).await.0, 200);
    let (status, answer) = put(&server, "token", json!({"value": "x", "type": "public"})).await;
    assert_eq!((status, &answer["field"]), (422, &json!("variable.type")));
    let mut said = server.log();
    for path in ["/v1/variables?environment=development", "/v1/variables/token", "/v1/changes?limit=100"] {
        said.push_str(&server.get(path).await.to_string());
    }
    assert!(said.contains("For targets") && !said.contains(SECRET), "{said}");
    let changes = server.get("/v1/changes?limit=2").await;
    assert_eq!(changes["entries"][0]["after"], json!({"value": "changed"}), "{changes}");
    assert_eq!(changes["entries"][1]["after"]["value"], "set", "{changes}");
    for (path, bytes) in all_files(server.data_dir()) {
        let is_there = bytes.windows(SECRET.len()).any(|window| window == SECRET.as_bytes());
        assert!(!is_there, "{}", path.display());
    }
}

#[tokio::test]
async fn variables_belong_to_an_environment_and_are_limited() {
    let server = Server::start().await;
    assert_eq!(put(&server, "a", json!({"value": "dev"})).await.0, 200);
    let production = "/v1/variables/a?environment=production";
    assert_eq!(call(&server, Method::GET, production, None).await.0, 404);
    call(&server, Method::PUT, production, Some(json!({"variable": {"value": "prod"}}))).await;
    let both = server.get("/v1/variables/a").await;
    assert_eq!(both["environment_values"], json!({"development": "dev", "production": "prod"}));
    assert_eq!(call(&server, Method::DELETE, "/v1/environments/production?confirm=production", None).await.0, 204);
    assert_eq!(server.get("/v1/variables/a").await["environment_values"], json!({"development": "dev"}));

    let stale = server.manage(Method::PUT, "/v1/variables/a?environment=development").header("if-match", "\"7\"");
    let stale = stale.json(&json!({"variable": {"value": "x"}})).send().await.unwrap();
    assert_eq!(stale.status(), 412);
    assert_eq!(put(&server, "2a", json!({"value": "x"})).await.1["field"], "key");
    assert_eq!(put(&server, "b", json!({})).await.1["field"], "variable.value");
    assert_eq!(put(&server, "b", json!({"value": "x".repeat(262_144)})).await.1["field"], "variable.value");
    for number in 1..100 {
        assert_eq!(put(&server, &format!("v{number}"), json!({"value": "x"})).await.0, 200, "{number}");
    }
    let (status, answer) = put(&server, "b", json!({"value": "x"})).await;
    assert_eq!((status, &answer["field"]), (422, &json!("key")), "{answer}");
    let list = server.get("/v1/variables?environment=development&type=public").await;
    assert_eq!(list["entries"].as_array().unwrap().len(), 100);
    assert_eq!(server.get("/v1/variables?environment=development&type=secret").await["entries"], json!([]));
}
