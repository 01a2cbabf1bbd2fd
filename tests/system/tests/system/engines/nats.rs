//! NATS JetStream, with a consumer of the official Python client.

use std::{fs, process::Command};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    Proxy, Shop, Worker, data_of_webhook, directory, expect_once, expect_once_over_a_kill, recipes::recipe, turn,
    wait_for,
};

/// A running server with a consumer.
struct Nats {
    consumer: Worker,
    proxy: Proxy,
    _server: Worker,
    _data: TempDir,
}

impl Nats {
    async fn start() -> Self {
        let data = TempDir::new().unwrap();
        let mut command = Command::new(directory().join(".venv/bin/nats-server"));
        command.args(["-js", "-a", "127.0.0.1", "-p", "-1", "--ports_file_dir"]).arg(data.path());
        let server = Worker::start(command.arg("-sd").arg(data.path()));
        let port = wait_for("the port of NATS", async || {
            let mut files = fs::read_dir(data.path()).unwrap().flatten().map(|file| file.path());
            let ports = files.find(|file| file.extension().is_some_and(|name| name == "ports"))?;
            let ports: Value = serde_json::from_str(&fs::read_to_string(ports).ok()?).ok()?;
            ports["nats"][0].as_str()?.rsplit(':').next()?.parse::<u16>().ok()
        })
        .await;
        let mut command = Command::new(directory().join(".venv/bin/python"));
        let url = format!("nats://127.0.0.1:{port}");
        let consumer = Worker::start(command.arg(directory().join("nats_consumer.py")).arg(url));
        consumer.says("a consumer", |said| said["ready"].as_bool()).await;
        Self { consumer, proxy: Proxy::start(port, "HPUB "), _server: server, _data: data }
    }

    fn target(&self) -> Value {
        recipe("nats", self.proxy.port)
    }
}

#[tokio::test]
async fn a_segment_webhook_is_one_message_with_every_digit() {
    let Some(_turn) = turn().await else { return };
    let nats = Nats::start().await;
    let shop = Shop::open(nats.target()).await;
    let key = |delivery: &Value| delivery["key"].as_str().unwrap().to_owned();
    expect_once(&shop, &nats.consumer, data_of_webhook, key).await;
}

#[tokio::test]
async fn what_is_published_again_after_a_kill_is_stored_once() {
    let Some(_turn) = turn().await else { return };
    let nats = Nats::start().await;
    let mut shop = Shop::open(nats.target()).await;
    let delivery = expect_once_over_a_kill(&mut shop, (&nats.consumer, &nats.proxy), "o-1", async |_| {}).await;
    let answer: Value = serde_json::from_str(delivery["last_response"]["body"].as_str().unwrap()).unwrap();
    assert_eq!(answer, json!({"stream": "RUNS", "seq": 1, "duplicate": true}));
    let sequences = |said: &Value| (said["sequence"] == 2).then(|| said["subject"].clone());
    assert_eq!(nats.consumer.says("a second message", sequences).await, "inlet.runs.order-confirmation");
}
