//! Events about targets and their deliveries.

use inlet_system_tests::{Endpoint, Receiver, ReceiverAnswer, Server, track};
use reqwest::Method;
use serde_json::json;

use super::{listed_as, options, wait_for};

/// A server with one webhook target, its receiver, and the receiver of operational events.
struct Targets {
    server: Server,
    endpoint: Endpoint,
    target: Receiver,
    operations: Receiver,
}

impl Targets {
    async fn start() -> Self {
        let (target, operations) = (Receiver::start(), Receiver::start());
        let server = Server::start_with(options(&operations)).await;
        let mappings = json!([{"event_type": "Order Completed", "action_type": "workflows_trigger",
            "action_parameters": {"key": "order-confirmation", "recipients": "data.to"}}]);
        let endpoint = server.source("shop", "segment", json!({}), mappings).await;
        let body = json!({"target": {"kind": "webhook", "url": format!("{}/crm", target.url)}});
        let path = "/v1/targets/crm?environment=development";
        assert_eq!(server.manage(Method::PUT, path).json(&body).send().await.unwrap().status(), 200);
        Self { server, endpoint, target, operations }
    }

    async fn order(&self, message_id: &str) {
        let body = track("Order Completed", "u_1", message_id, json!({"to": [{"id": "u_1"}]}));
        self.endpoint.expect(body, &["executed"]).await;
    }
}

#[tokio::test]
async fn a_target_that_is_disabled_and_works_again() {
    let targets = Targets::start().await;
    targets.target.answer_next([ReceiverAnswer::new(410, "")]);
    targets.order("m-1").await;
    let event = wait_for(&targets.operations, "target.disabled").await;
    let data = &event["data"];
    assert_eq!((&data["environment"], &data["target"]), (&json!("development"), &json!("crm")));
    assert_eq!((&data["kind"], &data["state"]), (&json!("webhook"), &json!("disabled")));
    assert_eq!(data["reason"], "the target answered 410 Gone: it wants nothing more");
    assert!(data["what_to_do"].as_str().unwrap().contains("POST /v1/targets/{key}/enable"), "{event}");
    let path = "/v1/targets/crm/enable?environment=development";
    assert_eq!(targets.server.manage(Method::POST, path).send().await.unwrap().status(), 200);
    let event = wait_for(&targets.operations, "target.recovered").await;
    assert_eq!(event["data"]["target"], "crm");
    let listed = listed_as(&targets.server, "target.disabled", "delivered").await;
    assert_eq!((&listed["subject"], &listed["environment"]), (&json!("target/crm"), &json!("development")));
}

#[tokio::test]
async fn a_target_that_fails_its_exhausted_deliveries_and_its_recovery() {
    let targets = Targets::start().await;
    targets.target.answer_always(ReceiverAnswer::new(500, "out of order"));
    for number in 0..6 {
        targets.order(&format!("m-{number}")).await;
    }
    let event = wait_for(&targets.operations, "delivery.exhausted").await;
    let data = &event["data"];
    assert_eq!((&data["target"], &data["workflow"]), (&json!("crm"), &json!("order-confirmation")));
    assert_eq!(data["attempts"], 3);
    assert_eq!(data["reason"], "a delivery to the target \"crm\" was given up; its last attempt ended with status 500");
    let delivery = format!("/v1/deliveries/{}?environment=development", data["delivery_id"].as_str().unwrap());
    assert_eq!(targets.server.get(&delivery).await["status"], "dead");

    let event = wait_for(&targets.operations, "source.needs_attention").await;
    let data = &event["data"];
    assert_eq!((&data["source"], &data["cause"]), (&json!("shop"), &json!("failed:delivery_dead")));

    let event = wait_for(&targets.operations, "target.failing").await;
    let data = &event["data"];
    assert!(data["failures"].as_u64().unwrap() >= 10, "{event}");
    assert!(data["reason"].as_str().unwrap().contains("attempts in a row failed; since "), "{event}");
    targets.target.answer_always(ReceiverAnswer::new(200, "{}"));
    targets.order("m-last").await;
    wait_for(&targets.operations, "target.recovered").await;
}
