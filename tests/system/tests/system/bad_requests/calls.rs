//! Tables of calls with an environment's key.

use inlet_system_tests::Server;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::answers;

/// A table of calls with an environment's key.
pub struct Calls<'a> {
    pub server: &'a Server,
    pub key: &'a str,
    table: Vec<(String, RequestBuilder)>,
}

impl Calls<'_> {
    /// Adds a call with a JSON body.
    pub fn call(&mut self, name: &str, method: Method, path: &str, body: &Value) {
        let request = self.server.request_with(self.key, method.clone(), path).json(body);
        self.add(name, &method, path, request);
    }

    /// Adds a call with a body of any kind.
    pub fn text(&mut self, name: &str, method: Method, path: &str, content_type: &str, body: &str) {
        let request = self.server.request_with(self.key, method.clone(), path);
        let request = request.header("content-type", content_type).body(body.to_owned());
        self.add(name, &method, path, request);
    }

    pub fn add(&mut self, name: &str, method: &Method, path: &str, request: RequestBuilder) {
        let shown: String = path.chars().take(60).collect();
        self.table.push((format!("{method} {shown}: {name}"), request));
    }

    /// Adds the calls that every operation with a body answers alike.
    pub fn bodies(&mut self, method: &Method, path: &str) {
        for (name, body) in [
            ("no JSON", "{"),
            ("nothing", ""),
            ("an array", "[]"),
            ("a text", "\"x\""),
            ("null", "null"),
            ("a lone surrogate", r#"{"a":"\ud800"}"#),
        ] {
            self.text(name, method.clone(), path, "application/json", body);
        }
        let deep = format!("{}1{}", r#"{"a":"#.repeat(200), "}".repeat(200));
        self.text("200 levels", method.clone(), path, "application/json", &deep);
        self.text("another media type", method.clone(), path, "text/plain", "{}");
    }

    async fn answers(self) -> String {
        let found = answers(self.table).await;
        // The next request is served, and nothing of all that was written.
        let (status, users) = self.server.get_with_key(self.key, "/v1/users").await;
        assert_eq!((status, users["entries"].as_array().map(Vec::len)), (200, Some(1)), "{users}");
        found
    }
}

/// Starts a server with one user and what else is set, and makes the calls.
pub async fn calls(set: &[&str], fill: impl FnOnce(&mut Calls<'_>)) -> String {
    let server = Server::start().await;
    let key = server.api_key("development").await;
    for path in ["/v1/users/ana"].iter().chain(set) {
        let response = server.request_with(&key, Method::PUT, path).json(&json!({"name": "N"})).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
    }
    let mut calls = Calls { server: &server, key: &key, table: Vec::new() };
    fill(&mut calls);
    calls.answers().await
}

/// Properties that are too many, 257 KB.
pub fn large() -> Value {
    json!({"blob": "x".repeat(257 << 10)})
}

/// Ids in paths that are none.
pub const NO_IDS: [(&str, &str); 5] = [
    ("an id with a slash", "a%2Fb"),
    ("an id with a number sign", "a%23b"),
    ("an id with a control character", "a%07b"),
    ("an id that is not UTF-8", "a%FFb"),
    ("an empty id", "%20%20"),
];

/// Recipients in a body that are none.
pub fn no_recipients() -> Vec<(&'static str, Value)> {
    vec![
        ("none", json!([])),
        ("a text", json!("ana")),
        ("a number", json!([7])),
        ("null", json!([null])),
        ("an id with a slash", json!(["ana", "a/b"])),
        ("an empty id", json!([""])),
        ("no id", json!([{"name": "N"}])),
        ("an id that is an object", json!([{"id": {}}])),
        ("a collection that is a number", json!([{"id": "a", "collection": 7}])),
        ("a collection of ours", json!([{"id": "a", "collection": "$users"}])),
        ("an email that is an array", json!([{"id": "a", "email": []}])),
        ("257 KB of properties", json!([{"id": "a", "blob": "x".repeat(257 << 10)}])),
        ("1001", json!((0..1001).map(|n| format!("u{n}")).collect::<Vec<_>>())),
        ("1001 that are one", json!(vec!["ana"; 1001])),
    ]
}
