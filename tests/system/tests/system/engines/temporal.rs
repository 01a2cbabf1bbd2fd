//! Temporal, with a worker of the official Python SDK.

use std::process::Command;

use inlet_system_tests::read_json;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    Proxy, Shop, Worker, directory, expect_once, expect_once_over_a_kill, recipes::recipe, recipients_of, turn,
    wait_for, worker::free_port,
};

/// A running server with a worker.
struct Temporal {
    worker: Worker,
    proxy: Proxy,
    /// The URL of the HTTP API for one namespace.
    namespace: String,
    client: reqwest::Client,
    _server: Worker,
    _data: TempDir,
}

impl Temporal {
    async fn start() -> Self {
        let data = TempDir::new().unwrap();
        let (grpc_port, http_port) = (free_port(), free_port());
        let mut command = Command::new(directory().join(".venv/bin/temporal"));
        command.args(["server", "start-dev", "--headless", "--ip", "127.0.0.1", "--log-format", "json"]);
        command.args(["--port", &grpc_port.to_string(), "--http-port", &http_port.to_string(), "--db-filename"]);
        let server = Worker::start(command.arg(data.path().join("temporal.db")));
        let namespace = format!("http://127.0.0.1:{http_port}/api/v1/namespaces/default");
        let client = reqwest::Client::new();
        wait_for("a namespace", async || {
            client.get(&namespace).send().await.ok().filter(|response| response.status().is_success())
        })
        .await;
        let mut command = Command::new(directory().join(".venv/bin/python"));
        let address = format!("127.0.0.1:{grpc_port}");
        let worker = Worker::start(command.arg(directory().join("temporal_worker.py")).arg(address));
        worker.says("a worker", |said| said["ready"].as_bool()).await;
        let proxy = Proxy::start(http_port, "POST /api/");
        Self { worker, proxy, namespace, client, _server: server, _data: data }
    }

    fn target(&self) -> Value {
        recipe("temporal", self.proxy.port)
    }

    /// Returns an answer of the HTTP API.
    async fn get(&self, path: &str) -> Value {
        read_json(self.client.get(format!("{}/{path}", self.namespace)).send().await.unwrap()).await
    }

    /// Starts a workflow execution of this id as somebody else does.
    async fn start_workflow(&self, id: &str) {
        let workflow = json!({
            "workflowType": {"name": "order-confirmation"}, "taskQueue": {"name": "inlet"},
            "input": [{"data": {"wait": false}}],
        });
        let request = self.client.post(format!("{}/workflows/{id}", self.namespace)).json(&workflow);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200, "{}", response.text().await.unwrap());
    }

    /// Waits until a workflow execution has this status.
    async fn wait_for_status(&self, id: &str, status: &str) {
        let status = format!("WORKFLOW_EXECUTION_STATUS_{status}");
        wait_for(&status, async || {
            let execution = self.get(&format!("workflows/{id}")).await;
            (execution["workflowExecutionInfo"]["status"] == status).then_some(())
        })
        .await;
    }
}

/// Returns the id of the workflow execution of a delivery.
fn workflow_id(delivery: &Value) -> String {
    format!("inlet-{}", delivery["key"].as_str().unwrap())
}

/// Returns the last answer to a delivery.
fn last_answer(delivery: &Value) -> (u64, Value) {
    let response = &delivery["last_response"];
    (response["status"].as_u64().unwrap(), serde_json::from_str(response["body"].as_str().unwrap()).unwrap())
}

#[tokio::test]
async fn a_segment_webhook_is_one_execution_with_every_digit() {
    let Some(_turn) = turn().await else { return };
    let temporal = Temporal::start().await;
    let shop = Shop::open(temporal.target()).await;
    expect_once(&shop, &temporal.worker, |input| input, workflow_id).await;
    for delivery in shop.list().await {
        temporal.wait_for_status(&workflow_id(&delivery), "COMPLETED").await;
    }
    wait_for("two executions", async || (temporal.get("workflow-count").await["count"] == "2").then_some(())).await;
}

#[tokio::test]
async fn what_is_started_again_after_a_kill_runs_once_although_it_has_ended() {
    let Some(_turn) = turn().await else { return };
    let temporal = Temporal::start().await;
    let mut shop = Shop::open(temporal.target()).await;
    let ended = async |id: &str| temporal.wait_for_status(id, "COMPLETED").await;
    let engine = (&temporal.worker, &temporal.proxy);
    let delivery = expect_once_over_a_kill(&mut shop, engine, "o-1", ended).await;
    // Temporal knows the request's id again, and repeats its answer.
    let (status, answer) = last_answer(&delivery);
    assert_eq!((status, &answer["status"]), (200, &json!("WORKFLOW_EXECUTION_STATUS_COMPLETED")), "{answer}");
    assert_eq!(answer["runId"], delivery["downstream_id"]);
}

#[tokio::test]
async fn an_execution_of_the_same_id_that_has_ended_is_a_success() {
    let Some(_turn) = turn().await else { return };
    let temporal = Temporal::start().await;
    let shop = Shop::open(temporal.target()).await;
    shop.put_target(json!({"active": false})).await;
    shop.order("o-1", "executed").await;
    let id = workflow_id(&shop.list().await[0]);
    temporal.start_workflow(&id).await;
    temporal.wait_for_status(&id, "COMPLETED").await;
    shop.put_target(json!({"active": true})).await;
    let (status, answer) = last_answer(&shop.delivered(1).await[0]);
    assert_eq!((status, &answer["code"]), (409, &json!(6)), "{answer}");
    assert_eq!(temporal.worker.ran(1).await.len(), 1);
}

#[tokio::test]
async fn a_large_run_is_several_executions_with_every_recipient_once() {
    let Some(_turn) = turn().await else { return };
    let temporal = Temporal::start().await;
    let shop = Shop::open(temporal.target()).await;
    let recipients = shop.trigger_large().await;
    let deliveries = shop.delivered_in_parts().await;
    let ran = temporal.worker.ran(deliveries.len()).await;
    assert!(ran.len() > 1 && ran.len() == deliveries.len(), "{} executions", ran.len());
    assert_eq!(recipients_of(&ran, "/recipients"), recipients);
}

#[tokio::test]
async fn a_cancellation_ends_the_execution_that_runs() {
    let Some(_turn) = turn().await else { return };
    let temporal = Temporal::start().await;
    let shop = Shop::open(temporal.target()).await;
    shop.order("waiting", "executed").await;
    let id = workflow_id(&shop.delivered(1).await[0]);
    temporal.worker.ran(1).await;
    temporal.wait_for_status(&id, "RUNNING").await;
    shop.cancel("waiting").await;
    let canceled = |said: &Value| (said["canceled"] == id.as_str()).then_some(());
    temporal.worker.says("a cancellation", canceled).await;
    temporal.wait_for_status(&id, "CANCELED").await;
    let cancel = shop.delivered(2).await.remove(0);
    assert_eq!((&cancel["call"], last_answer(&cancel).0), (&json!("cancel"), 200), "{cancel}");

    shop.order("o-1", "executed").await;
    let id = workflow_id(&shop.delivered(3).await[0]);
    temporal.wait_for_status(&id, "COMPLETED").await;
    shop.cancel("o-1").await;
    let cancel = shop.delivered(4).await.remove(0);
    assert_eq!((&cancel["call"], last_answer(&cancel).0), (&json!("cancel"), 200), "{cancel}");
    temporal.wait_for_status(&id, "COMPLETED").await;
}
