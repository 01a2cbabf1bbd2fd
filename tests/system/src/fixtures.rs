//! Sources, settings and webhooks for tests.

use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};

use crate::server::{MANAGEMENT_TOKEN, Server};

/// The signing secret of Segment sources.
pub const SEGMENT_SECRET: &str = "s3cr3t";

/// An endpoint of the server under test.
#[derive(Clone)]
pub struct Endpoint {
    /// The whole URL.
    pub url: String,
    client: reqwest::Client,
}

impl Endpoint {
    /// Returns the endpoint at this URL.
    pub fn at(server: &Server, url: String) -> Self {
        Self { url, client: server.client.clone() }
    }

    /// Returns the path, for raw requests.
    pub fn path(&self) -> &str {
        let rest = self.url.split_once("://").unwrap().1;
        &rest[rest.find('/').unwrap()..]
    }

    /// Returns a POST of this body.
    pub fn post(&self, body: impl Into<reqwest::Body>) -> RequestBuilder {
        self.client.post(&self.url).body(body)
    }

    /// Posts a body, expects 200, and returns the answer.
    pub async fn send(&self, body: impl Into<reqwest::Body>) -> Value {
        let response = self.post(body).send().await.unwrap();
        assert_eq!(response.status(), 200, "{}", response.text().await.unwrap());
        read_json(response).await
    }

    /// Posts a body, and returns the status and the answer.
    pub async fn try_send(&self, body: impl Into<reqwest::Body>) -> (u16, Value) {
        let response = self.post(body).send().await.unwrap();
        (response.status().as_u16(), read_json(response).await)
    }

    /// Posts a body, expects these outcomes in order, and returns the answer.
    pub async fn expect(&self, body: impl Into<reqwest::Body>, outcomes: &[&str]) -> Value {
        let answer = self.send(body).await;
        let found: Vec<_> = answer["events"].as_array().unwrap().iter().map(|event| &event["outcome"]).collect();
        assert_eq!(found, outcomes, "{answer}");
        answer
    }
}

/// Returns the JSON of a response.
pub async fn read_json(response: Response) -> Value {
    let text = response.text().await.unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Returns a Segment track event.
pub fn track(event: &str, user: &str, message_id: &str, properties: Value) -> String {
    json!({
        "type": "track", "event": event, "userId": user, "messageId": message_id, "properties": properties,
        "timestamp": "2026-01-02T03:04:05.678Z",
    })
    .to_string()
}

/// Returns Segment's signature of the bytes, in hexadecimal digits.
pub fn hmac_sha1(secret: &str, bytes: &[u8]) -> String {
    let mut mac = Hmac::<sha1::Sha1>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(bytes);
    hex::encode(mac.finalize().into_bytes())
}

impl Server {
    /// Returns a request to the management API.
    pub fn manage(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.admin)).bearer_auth(MANAGEMENT_TOKEN)
    }

    /// Returns a request with this token or key.
    pub fn request_with(&self, token: &str, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.admin)).bearer_auth(token)
    }

    /// Creates a management token.
    pub async fn management_token(&self, asked: Value) -> String {
        let response = self.manage(Method::POST, "/v1/management_tokens").json(&asked).send().await.unwrap();
        let (status, answer) = (response.status(), read_json(response).await);
        assert_eq!(status, 201, "{answer}");
        answer["token"].as_str().unwrap().to_owned()
    }

    /// Returns a GET with the management token, at another base URL.
    pub fn manage_at(&self, base: &str, path: &str) -> RequestBuilder {
        self.client.get(format!("{base}{path}")).bearer_auth(MANAGEMENT_TOKEN)
    }

    /// GETs a path of the management API, which must succeed.
    pub async fn get(&self, path: &str) -> Value {
        let response = self.manage(Method::GET, path).send().await.unwrap();
        let (status, answer) = (response.status(), response.text().await.unwrap());
        assert_eq!(status, 200, "{path}: {answer}");
        serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{path}: {error}: {answer}"))
    }

    /// PUTs a source of one environment, and returns the status and the answer.
    pub async fn try_put_source(&self, key: &str, environment: &str, source: Value) -> (u16, Value) {
        let response = self
            .manage(Method::PUT, &format!("/v1/sources/{key}?environment={environment}"))
            .json(&json!({ "source": source }))
            .send()
            .await
            .unwrap();
        (response.status().as_u16(), read_json(response).await)
    }

    /// Creates or changes a source in `development`, and returns its endpoint there.
    pub async fn source(&self, key: &str, provider: &str, settings: Value, mappings: Value) -> Endpoint {
        let source = json!({
            "name": key, "preconfigured_provider": provider,
            "environment_settings": {"development": {"settings": settings, "mappings": mappings}},
        });
        let (status, answer) = self.try_put_source(key, "development", source).await;
        assert_eq!(status, 200, "{answer}");
        self.endpoint_of(&answer["source"], "development")
    }

    /// Returns the endpoint of a source from the API's answer.
    pub fn endpoint_of(&self, source: &Value, environment: &str) -> Endpoint {
        let endpoint = source["environment_settings"][environment]["settings"]["endpoint"].as_str().unwrap();
        let token = endpoint.rsplit('/').next().unwrap();
        Endpoint { url: format!("{}/integrations/receive/{token}", self.base), client: self.client.clone() }
    }

    /// Returns the log entries of a source in `development` with their actions, newest first.
    pub async fn logs(&self, key: &str) -> Vec<Value> {
        let page = self.get(&format!("/v1/sources/{key}/logs?environment=development&include=actions&limit=100")).await;
        page["entries"].as_array().unwrap().clone()
    }

    /// Returns the newest log entry of a source in `development`.
    pub async fn last_log(&self, key: &str) -> Value {
        self.logs(key).await.first().cloned().unwrap()
    }

    /// Creates an API key of an environment.
    pub async fn api_key(&self, environment: &str) -> String {
        let path = format!("/v1/environments/{environment}/api_keys");
        let response = self.manage(Method::POST, &path).send().await.unwrap();
        assert_eq!(response.status(), 201);
        read_json(response).await["key"].as_str().unwrap().to_owned()
    }

    /// GETs a path with an environment's key, and returns the status and the answer.
    pub async fn get_with_key(&self, key: &str, path: &str) -> (u16, Value) {
        let response = self.client.get(format!("{}{path}", self.admin)).bearer_auth(key).send().await.unwrap();
        (response.status().as_u16(), read_json(response).await)
    }

    /// Returns all workflow runs of an environment, newest first, read page by page.
    pub async fn all_runs(&self, key: &str) -> Vec<Value> {
        let mut runs = Vec::new();
        let mut after = String::new();
        loop {
            let (status, page) = self.get_with_key(key, &format!("/v1/workflow_runs?page_size=100{after}")).await;
            assert_eq!(status, 200, "{page}");
            runs.extend(page["entries"].as_array().unwrap().iter().cloned());
            match page["page_info"]["after"].as_str() {
                Some(cursor) => after = format!("&after={cursor}"),
                None => return runs,
            }
        }
    }

    /// Returns all log entries of a source in `development`, newest first, read page by page.
    pub async fn all_logs(&self, key: &str) -> Vec<Value> {
        let mut logs = Vec::new();
        let mut after = String::new();
        loop {
            let path = format!("/v1/sources/{key}/logs?environment=development&include=actions&limit=100{after}");
            let page = self.get(&path).await;
            logs.extend(page["entries"].as_array().unwrap().iter().cloned());
            match page["page_info"]["after"].as_str() {
                Some(cursor) => after = format!("&after={cursor}"),
                None => return logs,
            }
        }
    }
}
