//! A server with a Segment source, whose orders trigger the workflow `order-confirmation`.

use std::path::Path;

use inlet_system_tests::{Endpoint, SEGMENT_SECRET, Server, ServerOptions, hmac_sha1, read_json};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::wait_for;

/// A server that can be killed and started again, with its source.
pub(super) struct Shop {
    pub server: Server,
    endpoint: Endpoint,
    key: String,
    data: TempDir,
}

impl Shop {
    /// Starts a server with this target as its only one.
    pub(super) async fn open(target: Value) -> Self {
        Self::open_with(target, |options| options).await
    }

    /// Starts a server that trusts this certificate.
    pub(super) async fn open_trusting(target: Value, certificate: &Path) -> Self {
        Self::open_with(target, |options| options.env("SSL_CERT_FILE", certificate.to_str().unwrap())).await
    }

    async fn open_with(target: Value, change: impl FnOnce(ServerOptions) -> ServerOptions) -> Self {
        let data = TempDir::new().unwrap();
        let server = Server::start_with(change(options(&data))).await;
        let mappings = json!([{
            "event_type": "Order Completed", "action_type": "workflows_trigger",
            "action_parameters": {"key": "order-confirmation", "recipients": "data.to", "cancellation_key": "data.order"},
        }]);
        let settings = json!({"enforce_idempotency": true, "signing_secret": SEGMENT_SECRET});
        let endpoint = server.source("shop", "segment", settings, mappings).await;
        let key = server.api_key("development").await;
        let shop = Self { server, endpoint, key, data };
        shop.put_target(target).await;
        shop
    }

    /// Changes the target.
    pub(super) async fn put_target(&self, target: Value) {
        let request = self.server.manage(Method::PUT, "/v1/targets/engine?environment=development");
        let response = request.json(&json!({ "target": target })).send().await.unwrap();
        let (status, answer) = (response.status(), read_json(response).await);
        assert_eq!(status, 200, "{answer}");
    }

    /// Waits until the target has this state, and returns it.
    pub(super) async fn target_in(&self, state: &str) -> Value {
        wait_for(state, async || {
            let target = self.server.get("/v1/targets/engine?environment=development").await;
            (target["state"] == state).then_some(target)
        })
        .await
    }

    /// Triggers the workflow for 1000 recipients of 2 KiB each, and returns their ids in order.
    pub(super) async fn trigger_large(&self) -> Vec<String> {
        let ids: Vec<String> = (0..1000).map(|number| format!("u_{number:04}")).collect();
        let recipients: Vec<Value> = ids.iter().map(|id| json!({"id": id, "note": "x".repeat(2048)})).collect();
        let body = json!({"recipients": recipients, "data": {"wait": false}});
        let request = self.server.request_with(&self.key, Method::POST, "/v1/workflows/order-confirmation/trigger");
        let response = request.json(&body).send().await.unwrap();
        assert_eq!(response.status(), 200, "{}", response.text().await.unwrap());
        ids
    }

    /// Waits until all parts of a delivery are delivered, and returns them.
    pub(super) async fn delivered_in_parts(&self) -> Vec<Value> {
        wait_for("all parts", async || {
            let all = self.list().await;
            let is_delivered = |delivery: &Value| delivery["status"] == "delivered";
            let covered: u64 = all.iter().map(|delivery| delivery["recipients_count"].as_u64().unwrap()).sum();
            (covered == 1000 && all.iter().all(is_delivered)).then_some(all)
        })
        .await
    }

    /// Sends an order as Segment does, expects this outcome, and returns the id of the event.
    pub(super) async fn order(&self, order: &str, outcome: &str) -> String {
        let properties = properties(order);
        let body = format!(
            r#"{{"type":"track","event":"Order Completed","userId":"u_1","messageId":"m-{order}","timestamp":"2026-01-02T03:04:05.678Z","properties":{properties}}}"#
        );
        let signature = hmac_sha1(SEGMENT_SECRET, body.as_bytes());
        let response = self.endpoint.post(body).header("x-signature", signature).send().await.unwrap();
        let (status, answer) = (response.status(), read_json(response).await);
        assert_eq!((status.as_u16(), &answer["events"][0]["outcome"]), (200, &json!(outcome)), "{answer}");
        answer["events"][0]["id"].as_str().unwrap().to_owned()
    }

    /// Cancels the run of an order.
    pub(super) async fn cancel(&self, order: &str) {
        let path = "/v1/workflows/order-confirmation/cancel";
        let request = self.server.request_with(&self.key, Method::POST, path);
        let response = request.json(&json!({"cancellation_key": order})).send().await.unwrap();
        assert_eq!(response.status(), 204);
    }

    /// Returns all deliveries, newest first.
    pub(super) async fn list(&self) -> Vec<Value> {
        let page = self.server.get("/v1/deliveries?environment=development&limit=100").await;
        page["entries"].as_array().unwrap().clone()
    }

    /// Waits until there are this many deliveries and all are delivered; returns them, newest first.
    pub(super) async fn delivered(&self, count: usize) -> Vec<Value> {
        wait_for(&format!("{count} deliveries"), async || {
            let all = self.list().await;
            assert!(all.iter().all(|delivery| delivery["status"] != "dead"), "{all:?}");
            let is_delivered = all.iter().all(|delivery| delivery["status"] == "delivered");
            (all.len() == count && is_delivered).then_some(all)
        })
        .await
    }

    /// Kills the server.
    pub(super) fn kill(&mut self) {
        self.server.kill();
    }

    /// Starts the server again with what it has stored.
    pub(super) async fn restart(&mut self) {
        self.server = Server::start_with(options(&self.data)).await;
        let url = format!("{}{}", self.server.base, self.endpoint.path());
        self.endpoint = Endpoint::at(&self.server, url);
    }
}

/// Returns the settings of a server whose deliveries may reach this machine.
fn options(data: &TempDir) -> ServerOptions {
    let options = ServerOptions { data_dir: Some(data.path().join("data")), ..ServerOptions::default() };
    options
        .env("INLET_DELIVERY_ALLOWED_ADDRESSES", "[\"127.0.0.0/8\"]")
        .env("INLET_DELIVERY_RETRY_SECONDS", "[0.1, 0.2, 0.5, 1, 1, 1, 2, 2, 2, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5]")
}

/// Returns the properties of an order, with numbers that a 64-bit float changes. The workflow of an order that is called
/// `waiting` waits until it is canceled.
fn properties(order: &str) -> String {
    let wait = order.starts_with("waiting");
    format!(
        r#"{{"order":"{order}","number":9007199254740993,"total":39.50,"wait":{wait},"to":[{{"id":"u_1","email":"ana@example.com","points":9007199254740993,"$trigger_data":{{"discount":39.50}}}}]}}"#
    )
}

/// Returns the data of an order's run, as a workflow is given it.
pub(super) fn data(order: &str, event: &str, delivery: &Value) -> String {
    let (run, properties) = (&delivery["workflow_run_id"], properties(order));
    format!(
        r#"{{"workflow_run_id":{run},"workflow":"order-confirmation","recipients":[{{"id":"u_1","email":"ana@example.com","points":9007199254740993,"trigger_data":{{"discount":39.50}}}}],"actor":null,"tenant":null,"data":{properties},"cancellation_key":"{order}","source_event_id":"{event}"}}"#
    )
}
