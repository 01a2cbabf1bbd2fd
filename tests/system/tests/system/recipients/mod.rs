//! The recipients API, with plain HTTP.

mod audiences;
mod bad_input;
mod bulk;
mod cancel;
mod census;
mod environments;
mod hightouch;
mod log;
mod objects;
mod operators;
mod subscriptions;
mod tenants;
mod triggers;
mod users;

use inlet_system_tests::{Server, read_json};
use reqwest::Method;
use serde_json::Value;

/// A server with a key of `development`.
pub struct Api {
    pub server: Server,
    pub key: String,
}

impl Api {
    pub async fn start() -> Self {
        let server = Server::start().await;
        let key = server.api_key("development").await;
        Self { server, key }
    }

    /// Sends a request with a JSON body, and returns the status and the answer, null where it is empty.
    pub async fn send(&self, method: Method, path: &str, body: impl Into<reqwest::Body>) -> (u16, Value) {
        let request = self.server.request_with(&self.key, method, path).header("content-type", "application/json");
        answer(request.body(body).send().await.unwrap()).await
    }

    pub async fn get(&self, path: &str) -> (u16, Value) {
        answer(self.server.request_with(&self.key, Method::GET, path).send().await.unwrap()).await
    }

    pub async fn put(&self, path: &str, body: Value) -> (u16, Value) {
        self.send(Method::PUT, path, body.to_string()).await
    }

    pub async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        self.send(Method::POST, path, body.to_string()).await
    }

    pub async fn delete(&self, path: &str) -> u16 {
        let response = self.server.request_with(&self.key, Method::DELETE, path).send().await.unwrap();
        response.status().as_u16()
    }
}

impl Api {
    /// Returns the entries of a list, read page by page.
    async fn entries(&self, path: &str) -> Vec<Value> {
        let (mut entries, mut after) = (Vec::new(), String::new());
        loop {
            let (status, page) = self.get(&format!("{path}{after}")).await;
            assert_eq!(status, 200, "{path}: {page}");
            entries.extend(page["entries"].as_array().unwrap().iter().cloned());
            match page["page_info"]["after"].as_str() {
                Some(cursor) => after = format!("{}after={cursor}", if path.contains('?') { '&' } else { '?' }),
                None => return entries,
            }
        }
    }
}

pub async fn answer(response: reqwest::Response) -> (u16, Value) {
    match response.status().as_u16() {
        204 => (204, Value::Null),
        status => (status, read_json(response).await),
    }
}
