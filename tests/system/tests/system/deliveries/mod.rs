//! Deliveries to a real receiver on this machine, by a real server.

mod api;
mod bad_targets;
mod cancellations;
mod crash_records;
mod crash_rounds;
mod engine_receiver;
mod events;
mod knock;
mod novu;
mod personal_data;
mod receiver_table;
mod repair;
mod retries;
mod signatures;
mod states;
mod webhook;
mod workflow_lists;

use std::time::{Duration, Instant};

use inlet_system_tests::{Endpoint, Receiver, Server, ServerOptions, read_json, track};
use reqwest::Method;
use serde_json::{Value, json};

/// The secret with which the tests' targets sign.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
/// The longest time that a test waits for something.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server whose deliveries may reach this machine, a source of it, and a receiver.
struct Deliveries {
    server: Server,
    endpoint: Endpoint,
    receiver: Receiver,
    key: String,
}

impl Deliveries {
    /// Starts them. Failed deliveries are tried twice more, at once.
    async fn start() -> Self {
        Self::start_with("[0.05, 0.05]").await
    }

    /// Starts them with this retry schedule, in seconds.
    async fn start_with(schedule: &str) -> Self {
        Self::start_on(options(schedule)).await
    }

    /// Starts them with these settings of the server.
    async fn start_on(options: ServerOptions) -> Self {
        let server = Server::start_with(options).await;
        let mappings = json!([{
            "event_type": "Order Completed", "action_type": "workflows_trigger",
            "action_parameters": {"key": "order-confirmation", "recipients": "data.to", "cancellation_key": "data.order"},
        }]);
        let endpoint = server.source("shop", "segment", json!({"enforce_idempotency": true}), mappings).await;
        let key = server.api_key("development").await;
        Self { server, endpoint, receiver: Receiver::start(), key }
    }

    /// Creates or changes a target of `development`.
    async fn put_target(&self, key: &str, target: Value) -> (u16, Value) {
        let path = format!("/v1/targets/{key}?environment=development");
        let response = self.server.manage(Method::PUT, &path).json(&json!({"target": target})).send().await.unwrap();
        (response.status().as_u16(), read_json(response).await)
    }

    /// Creates a webhook target that calls the receiver.
    async fn webhook(&self, key: &str) -> Value {
        let url = format!("{}/{key}", self.receiver.url);
        let target = json!({"kind": "webhook", "url": url, "signing_secret": SECRET});
        let (status, answer) = self.put_target(key, target).await;
        assert_eq!(status, 200, "{answer}");
        answer
    }

    /// Returns a target of `development`.
    async fn target(&self, key: &str) -> Value {
        self.server.get(&format!("/v1/targets/{key}?environment=development")).await
    }

    /// Waits until a target has this state, and returns it.
    async fn target_in(&self, key: &str, state: &str) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let target = self.target(key).await;
            if target["state"] == state {
                return target;
            }
            assert!(Instant::now() < deadline, "{state}: {target}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Posts to a path of the management API of `development`.
    async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        let path = format!("{path}?environment=development");
        let response = self.server.manage(Method::POST, &path).json(&body).send().await.unwrap();
        (response.status().as_u16(), read_json(response).await)
    }

    /// Sends an order for one recipient, and returns the id of its event.
    async fn order(&self, message_id: &str, properties: Value) -> String {
        let answer = self.endpoint.expect(track("Order Completed", "u_1", message_id, properties), &["executed"]).await;
        answer["events"][0]["id"].as_str().unwrap().to_owned()
    }

    /// Returns the deliveries of `development` that match, newest first.
    async fn list(&self, filter: &str) -> Vec<Value> {
        let page = self.server.get(&format!("/v1/deliveries?environment=development&limit=100{filter}")).await;
        page["entries"].as_array().unwrap().clone()
    }

    /// Waits until this many deliveries of `development` have a status, and returns them.
    async fn wait(&self, status: &str, count: usize) -> Vec<Value> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let found = self.list(&format!("&status={status}")).await;
            if found.len() == count {
                return found;
            }
            let all = || async { self.list("").await };
            assert!(Instant::now() < deadline, "{} of {count} are {status}: {:?}", found.len(), all().await);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Returns a delivery with its attempts.
    async fn delivery(&self, id: &Value) -> Value {
        self.server.get(&format!("/v1/deliveries/{}?environment=development", id.as_str().unwrap())).await
    }

    /// Returns the newest run of `development`, whole.
    async fn last_run(&self) -> Value {
        let (status, runs) = self.server.get_with_key(&self.key, "/v1/workflow_runs").await;
        assert_eq!(status, 200, "{runs}");
        let path = format!("/v1/workflow_runs/{}", runs["entries"][0]["id"].as_str().unwrap());
        self.server.get_with_key(&self.key, &path).await.1
    }

    /// Waits until the newest run has this status, and returns it.
    async fn run_in(&self, status: &str) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let run = self.last_run().await;
            if run["status"] == status {
                return run;
            }
            assert!(Instant::now() < deadline, "{status}: {run}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// Settings of a server whose deliveries may reach this machine.
fn options(schedule: &str) -> ServerOptions {
    ServerOptions::default()
        .env("INLET_DELIVERY_ALLOWED_ADDRESSES", "[\"127.0.0.0/8\"]")
        .env("INLET_DELIVERY_RETRY_SECONDS", schedule)
}
