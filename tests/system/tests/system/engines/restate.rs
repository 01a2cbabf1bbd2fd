//! Restate, with a service of the official TypeScript SDK.

use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    Proxy, Shop, Worker, data_of_webhook, directory, expect_once, expect_once_over_a_kill, recipes::recipe,
    restate_server, turn, wait_for,
};

/// A running server with a service.
struct Restate {
    service: Worker,
    proxy: Proxy,
    admin: u64,
    _server: Worker,
    _data: TempDir,
}

impl Restate {
    async fn start() -> Self {
        let data = TempDir::new().unwrap();
        let mut command = Command::new(restate_server());
        command.args(["--no-logo", "--listen-mode", "tcp", "--use-random-ports", "true", "--bind-ip", "127.0.0.1"]);
        command.args(["--node-name", "test", "--default-num-partitions", "1", "--base-dir"]).arg(data.path());
        let server = Worker::start(command.env("RESTATE_LOG_FORMAT", "json"));
        let service = Worker::start(Command::new("node").arg(directory().join("restate_service.mjs")));
        let port = async |name: &str| {
            let of = |said: &Value| (said["span"]["server_name"] == name).then(|| said["span"]["server.port"].as_u64());
            server.says(name, |said| of(said).flatten()).await
        };
        let (ingress, admin) = (port("http-ingress-server").await, port("admin-api-server").await);
        let service_port = service.says("a service", |said| said["port"].as_u64()).await;
        let deployment = json!({"uri": format!("http://127.0.0.1:{service_port}")});
        let client = reqwest::Client::new();
        wait_for("a deployment", async || {
            let request = client.post(format!("http://127.0.0.1:{admin}/deployments")).json(&deployment);
            request.send().await.ok().filter(|response| response.status().is_success())
        })
        .await;
        let proxy = Proxy::start(ingress.try_into().unwrap(), "POST /");
        Self { service, proxy, admin, _server: server, _data: data }
    }

    fn target(&self) -> Value {
        recipe("restate", self.proxy.port)
    }
}

#[tokio::test]
async fn a_segment_webhook_is_one_invocation_with_every_digit() {
    let Some(_turn) = turn().await else { return };
    let restate = Restate::start().await;
    let shop = Shop::open(restate.target()).await;
    let invocation = |delivery: &Value| delivery["downstream_id"].as_str().unwrap().to_owned();
    expect_once(&shop, &restate.service, data_of_webhook, invocation).await;
}

#[tokio::test]
async fn its_services_are_the_workflows_that_a_mapping_may_name() {
    let Some(_turn) = turn().await else { return };
    let restate = Restate::start().await;
    let mut target = restate.target();
    target["options"]["admin_url"] = format!("http://127.0.0.1:{}", restate.admin).into();
    let shop = Shop::open(target).await;
    let listed = shop.server.get("/v1/targets/engine/workflows?environment=development").await;
    assert_eq!(listed["entries"], json!([{"key": "order-confirmation"}]), "{listed}");
}

#[tokio::test]
async fn what_is_sent_again_after_a_kill_was_previously_accepted() {
    let Some(_turn) = turn().await else { return };
    let restate = Restate::start().await;
    let mut shop = Shop::open(restate.target()).await;
    let delivery = expect_once_over_a_kill(&mut shop, (&restate.service, &restate.proxy), "o-1", async |_| {}).await;
    let answer: Value = serde_json::from_str(delivery["last_response"]["body"].as_str().unwrap()).unwrap();
    assert_eq!(answer, json!({"invocationId": delivery["downstream_id"], "status": "PreviouslyAccepted"}));
}
