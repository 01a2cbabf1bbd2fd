//! Node-RED, with a flow that answers a webhook node.

use std::{fs, process::Command};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    Proxy, Shop, Worker, data_of_webhook, directory, expect_once, expect_once_over_a_kill, recipes::recipe, turn,
    worker::free_port,
};

/// A running Node-RED.
struct NodeRed {
    /// Follows the file to which the flow writes what ran.
    flow: Worker,
    proxy: Proxy,
    _server: Worker,
    _data: TempDir,
}

impl NodeRed {
    async fn start() -> Self {
        let data = TempDir::new().unwrap();
        let (port, node_red) = (free_port(), directory().join("node_red"));
        fs::copy(node_red.join("flows.json"), data.path().join("flows.json")).unwrap();
        fs::write(data.path().join("runs.jsonl"), "").unwrap();
        let mut command = Command::new("node");
        command
            .arg(directory().join("node_modules/node-red/red.js"))
            .arg("--settings")
            .arg(node_red.join("settings.cjs"));
        command.arg("--userDir").arg(data.path()).args(["--port", &port.to_string(), "flows.json"]);
        let server = Worker::start(command.current_dir(data.path()));
        server.prints("Started flows").await;
        let flow = Worker::start(Command::new("tail").args(["-n", "+1", "-F"]).arg(data.path().join("runs.jsonl")));
        Self { flow, proxy: Proxy::start(port, "POST /"), _server: server, _data: data }
    }

    fn target(&self) -> Value {
        recipe("node_red", self.proxy.port)
    }
}

#[tokio::test]
async fn a_segment_webhook_is_one_message_with_every_digit_where_its_node_takes_bytes() {
    let Some(_turn) = turn().await else { return };
    let node_red = NodeRed::start().await;
    let shop = Shop::open(node_red.target()).await;
    let key = |delivery: &Value| delivery["key"].as_str().unwrap().to_owned();
    expect_once(&shop, &node_red.flow, data_of_webhook, key).await;

    let url = format!("{}-parsed", node_red.target()["url"].as_str().unwrap());
    shop.put_target(json!({ "url": url })).await;
    shop.order("o-3", "executed").await;
    let parsed = node_red.flow.ran(3).await.remove(2).input;
    assert!(parsed.contains(r#""number":9007199254740992,"total":39.5,"#), "JavaScript rounds numbers: {parsed}");
}

#[tokio::test]
async fn what_is_sent_again_after_a_kill_is_recognized_by_the_flow() {
    let Some(_turn) = turn().await else { return };
    let node_red = NodeRed::start().await;
    let mut shop = Shop::open(node_red.target()).await;
    let (flow, proxy) = (&node_red.flow, &node_red.proxy);
    let delivery = expect_once_over_a_kill(&mut shop, (flow, proxy), "o-1", async |_| {}).await;
    assert_eq!(delivery["last_response"]["body"], r#"{"duplicate":true}"#);
}
