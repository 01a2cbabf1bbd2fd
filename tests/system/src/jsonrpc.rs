//! A JSON-RPC 2.0 client over HTTP with a bearer token, as platforms use it.

use serde_json::{Value, json};

use crate::{Endpoint, Server, read_json};

/// The bearer token that the platform sends.
pub const BEARER: &str = "k-1f0c";

impl Endpoint {
    /// Calls a method, expects 200 and a result, and returns the result.
    pub async fn call(&self, method: &str, params: Value) -> Value {
        let answer = self.call_with("\"7\"", method, params).await;
        assert_eq!((&answer["jsonrpc"], &answer["id"]), (&json!("2.0"), &json!("7")), "{method}: {answer}");
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].clone()
    }

    /// Calls a method, expects 200 and an error, and returns the error's code and message.
    pub async fn failed_call(&self, method: &str, params: Value) -> (i64, String) {
        let answer = self.call_with("\"7\"", method, params).await;
        assert!(answer.get("result").is_none(), "{method}: {answer}");
        (answer["error"]["code"].as_i64().unwrap(), answer["error"]["message"].as_str().unwrap().to_owned())
    }

    /// Calls a method with `id` as the text of its id, and returns the whole answer.
    pub async fn call_with(&self, id: &str, method: &str, params: Value) -> Value {
        self.call_text(format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}","params":{params}}}"#)).await
    }

    /// Posts a text as a call, expects 200, and returns the whole answer.
    pub async fn call_text(&self, body: String) -> Value {
        let response = self.post(body).bearer_auth(BEARER).send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "application/json");
        read_json(response).await
    }
}

impl Server {
    /// Returns a user of `development` as the API's text, so that every digit is visible; `None` if there is no such
    /// user.
    pub async fn user_text(&self, id: &str) -> Option<String> {
        let key = self.api_key("development").await;
        let url = format!("{}/v1/users/{id}", self.admin);
        let response = self.client.get(url).bearer_auth(key).send().await.unwrap();
        match response.status().as_u16() {
            200 => Some(response.text().await.unwrap()),
            404 => None,
            other => panic!("{other}"),
        }
    }
}
