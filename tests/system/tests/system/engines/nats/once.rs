//! One message for each run.

use serde_json::{Value, json};

use super::{
    super::{Proxy, Shop, data_of_webhook, expect_once, expect_once_over_a_kill, turn},
    Nats, recipe,
};

#[tokio::test]
async fn a_segment_webhook_is_one_message_with_every_digit() {
    let Some(_turn) = turn().await else { return };
    let nats = Nats::start(&[]).await;
    let consumer = nats.consumer("nats://").await;
    let shop = Shop::open(nats.target()).await;
    let key = |delivery: &Value| delivery["key"].as_str().unwrap().to_owned();
    expect_once(&shop, &consumer, data_of_webhook, key).await;
}

#[tokio::test]
async fn what_is_published_again_after_a_kill_is_stored_once() {
    let Some(_turn) = turn().await else { return };
    let nats = Nats::start(&[]).await;
    let (consumer, proxy) = (nats.consumer("nats://").await, Proxy::start(nats.port, "HPUB "));
    let mut shop = Shop::open(recipe("nats", proxy.port)).await;
    let delivery = expect_once_over_a_kill(&mut shop, (&consumer, &proxy), "o-1", async |_| {}).await;
    let answer: Value = serde_json::from_str(delivery["last_response"]["body"].as_str().unwrap()).unwrap();
    assert_eq!(answer, json!({"stream": "RUNS", "seq": 1, "duplicate": true}));
    let second = |said: &Value| (said["sequence"] == 2).then(|| said["subject"].clone());
    assert_eq!(consumer.says("a second message", second).await, "inlet.runs.order-confirmation");
}
