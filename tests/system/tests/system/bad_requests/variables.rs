//! Calls about variables.

use inlet_system_tests::Server;
use reqwest::Method;
use serde_json::{Value, json};

use super::answers;

#[tokio::test]
async fn variables() {
    let server = Server::start().await;
    let mut table = Vec::new();
    let mut add = |name: &str, method: Method, path: &str, body: Value| {
        table.push((
            format!("{method} {path}: {name}").chars().take(120).collect(),
            server.manage(method, path).json(&body),
        ));
    };
    let path = "/v1/variables/plan?environment=development";
    for key in ["1plan", "pl%20an", "pl-an", "a%2Fb", "%C3%BC", &"x".repeat(65)] {
        let path = format!("/v1/variables/{key}?environment=development");
        add("a key", Method::PUT, &path, json!({"variable": {"value": "x"}}));
    }
    for (name, body) in [
        ("an array", json!([])),
        ("no variable", json!({})),
        ("a variable that is a text", json!({"variable": "pro"})),
        ("no value", json!({"variable": {}})),
        ("a value that is null", json!({"variable": {"value": null}})),
        ("a value that is a number", json!({"variable": {"value": 7}})),
        ("a value that is an object", json!({"variable": {"value": {}}})),
        ("a value of 257 KB", json!({"variable": {"value": "x".repeat(257 << 10)}})),
        ("a type", json!({"variable": {"value": "x", "type": "hidden"}})),
        ("a type that is a number", json!({"variable": {"value": "x", "type": 7}})),
        ("a description that is a number", json!({"variable": {"value": "x", "description": 7}})),
        ("a description of 5000 characters", json!({"variable": {"value": "x", "description": "d".repeat(5000)}})),
        ("another member", json!({"variable": {"value": "x", "secret": true}})),
    ] {
        add(name, Method::PUT, path, body);
    }
    let good = json!({"variable": {"value": "x"}});
    add("no environment", Method::PUT, "/v1/variables/plan", good.clone());
    add("another environment", Method::PUT, "/v1/variables/plan?environment=staging", good.clone());
    add("another parameter", Method::PUT, "/v1/variables/plan?environment=development&env=x", good.clone());
    add("a right one", Method::PUT, path, good);
    add("another type than before", Method::PUT, path, json!({"variable": {"value": "x", "type": "secret"}}));
    for path in ["/v1/variables/none?environment=development", "/v1/variables/plan?environment=production"] {
        add("a variable that is not there", Method::GET, path, json!({}));
        add("a variable that is not there", Method::DELETE, path, json!({}));
    }
    add("no environment", Method::DELETE, "/v1/variables/plan", json!({}));
    add("no environment", Method::GET, "/v1/variables", json!({}));
    add("a type", Method::GET, "/v1/variables?environment=development&type=hidden", json!({}));
    add("a method", Method::POST, path, json!({}));
    insta::assert_snapshot!(answers(table).await);
}
