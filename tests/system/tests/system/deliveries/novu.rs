//! The target `novu` and a receiver that checks every request with the schemas of Novu's own client.

use std::collections::HashSet;

use inlet_system_tests::track;
use serde_json::{Value, json};

use super::{
    Deliveries,
    engine_receiver::{EngineReceiver, body},
};
use crate::clients;

/// A server with a target `novu`, and its receiver.
struct Novu {
    deliveries: Deliveries,
    receiver: EngineReceiver,
}

impl Novu {
    /// Starts them; none if the receiver cannot run here.
    async fn start() -> Option<Self> {
        if !clients::is_installed() {
            return None;
        }
        let deliveries = Deliveries::start_with("[0.05, 0.05, 0.05, 600]").await;
        let receiver = EngineReceiver::start("novu.mjs");
        let target = json!({"kind": "novu", "url": receiver.url, "api_key": "n_right"});
        let (status, answer) = deliveries.put_target("novu", target).await;
        assert_eq!(status, 200, "{answer}");
        let mappings = json!([{
            "event_type": "Order Completed", "action_type": "workflows_trigger",
            "action_parameters": {
                "key": "order-paid", "recipients": "data.to", "actor": "data.seller", "tenant": "data.shop",
                "data": "data.order", "cancellation_key": "data.order.id", "on_overflow": "split",
            },
        }, {
            "event_type": "Order Canceled", "action_type": "workflows_cancel",
            "action_parameters": {"key": "order-paid", "cancellation_key": "data.order.id", "recipients": "data.to"},
        }, {
            "event_type": "Order Refused", "action_type": "workflows_cancel",
            "action_parameters": {"key": "order-paid", "cancellation_key": "data.order.id"},
        }]);
        deliveries.server.source("shop", "segment", json!({"enforce_idempotency": true}), mappings).await;
        Some(Self { deliveries, receiver })
    }

    /// Sends an event that is carried out.
    async fn event(&self, name: &str, message_id: &str, properties: Value) {
        self.deliveries.endpoint.expect(track(name, "u_1", message_id, properties), &["executed"]).await;
    }
}

fn key(request: &Value) -> &str {
    request["headers"]["idempotency-key"].as_str().unwrap()
}

fn transaction(request: &Value) -> String {
    body(request)["transactionId"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_webhook_becomes_a_trigger_for_subscribers() {
    let Some(novu) = Novu::start().await else { return };
    let ana = json!({
        "id": "u_1", "name": "Ana Maria Lopes", "email": "ana@example.com", "phone_number": 351_900_000_000_u64,
        "locale": "pt_PT", "plan": "pro", "tags": ["a", "b"], "address": {"city": "Lisboa"}, "nothing": null,
    });
    let event = json!({
        "to": [ana, {"collection": "teams", "id": "t1", "name": "T", "size": 3}],
        "seller": {"collection": "shops", "id": "s1"}, "shop": {"id": "acme", "name": "Acme"}, "order": {"id": "o-1", "total": 39.5},
    });
    novu.event("Order Completed", "m-1", event).await;
    let delivery = novu.deliveries.wait("delivered", 1).await.remove(0);
    let request = novu.receiver.wait_for(1).await.remove(0);
    assert_eq!(
        body(&request),
        json!({
            "name": "order-paid",
            "to": [
                {
                    "subscriberId": "u_1", "firstName": "Ana", "lastName": "Maria Lopes", "email": "ana@example.com",
                    "phone": "351900000000", "locale": "pt_PT",
                    "data": {"name": "Ana Maria Lopes", "plan": "pro", "tags": ["a", "b"], "address": "{\"city\":\"Lisboa\"}"},
                },
                {"subscriberId": "teams:t1", "firstName": "T", "data": {"name": "T", "size": 3}},
            ],
            "payload": {"id": "o-1", "total": 39.5}, "transactionId": delivery["key"], "actor": "shops:s1", "tenant": "acme",
        })
    );
    assert_eq!(key(&request), delivery["key"].as_str().unwrap());
    assert_eq!(delivery["downstream_id"], delivery["key"]);
}

#[tokio::test]
async fn recipients_come_in_calls_of_a_hundred_and_within_512_kilobytes() {
    let Some(novu) = Novu::start().await else { return };
    // 250 small ones, and 8 of which three fill a call; one of them has data of its own.
    let small = (0..250).map(|number| json!({"id": format!("u_{number:03}")}));
    let large = (0..8).map(|number| json!({"id": format!("w_{number}"), "story": "x".repeat(150_000)}));
    let to: Vec<Value> = small.collect();
    novu.event("Order Completed", "m-1", json!({"to": to, "order": {"id": "o-1"}})).await;
    let mut to: Vec<Value> = large.collect();
    to[4]["$trigger_data"] = json!({"discount": 1.1});
    novu.event("Order Completed", "m-2", json!({"to": to, "order": {"id": "o-2"}})).await;

    let deadline = std::time::Instant::now() + super::PATIENCE;
    let requests = loop {
        let requests = novu.receiver.requests().await;
        let count: usize = requests.iter().map(|request| body(request)["to"].as_array().unwrap().len()).sum();
        if count >= 258 {
            break requests;
        }
        assert!(std::time::Instant::now() < deadline, "{count} recipients came");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    };
    let mut ids: Vec<String> = Vec::new();
    for request in &requests {
        let body = body(request);
        ids.extend(body["to"].as_array().unwrap().iter().map(|to| to["subscriberId"].as_str().unwrap().to_owned()));
        let is_own = body["payload"]["discount"] == 1.1;
        let has_own = body["to"].as_array().unwrap().iter().any(|to| to["subscriberId"] == "w_4");
        assert_eq!(is_own, has_own, "all recipients of a call have the same data");
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 258, "every recipient once");
    let transactions: HashSet<String> = requests.iter().map(transaction).collect();
    assert_eq!(transactions.len(), requests.len(), "a call has its own transaction");
    let of = |order: &str| requests.iter().filter(|request| body(request)["payload"]["id"] == order).count();
    assert_eq!(of("o-1"), 3);
    assert!(of("o-2") >= 4, "{} calls", of("o-2"));
}

#[tokio::test]
async fn a_201_that_is_a_failure_is_tried_again_with_another_key() {
    let Some(novu) = Novu::start().await else { return };
    let refused = |status: &str| json!({"status": 201, "body": {"data": {"acknowledged": true, "status": status}}});
    novu.receiver
        .answer_next(json!([refused("error"), refused("trigger_not_active"), refused("invalid_recipients")]))
        .await;
    novu.event("Order Completed", "m-1", json!({"to": [{"id": "u_1"}], "order": {"id": "o-1"}})).await;
    let delivery = novu.deliveries.wait("delivered", 1).await.remove(0);
    let log = novu.deliveries.delivery(&delivery["id"]).await["attempt_log"].clone();
    let log = log.as_array().unwrap();
    for (attempt, status) in log.iter().zip(["error", "trigger_not_active", "invalid_recipients"]) {
        assert_eq!(
            (&attempt["status"], &attempt["outcome"], &attempt["counted"]),
            (&json!(201), &json!("failed"), &json!(true))
        );
        assert!(attempt["error"].as_str().unwrap().contains(status), "{attempt}");
    }
    assert_eq!((log.len(), &log[3]["outcome"]), (4, &json!("delivered")));
    let requests = novu.receiver.requests().await;
    let keys: HashSet<&str> = requests.iter().map(key).collect();
    assert_eq!(keys.len(), 4, "the same key would be answered with the same error");
    assert!(requests.iter().all(|request| request["body"] == requests[0]["body"]));
}

#[tokio::test]
async fn an_answer_that_is_lost_is_asked_for_again_with_the_same_key() {
    let Some(novu) = Novu::start().await else { return };
    novu.receiver.answer_next(json!([{"hang_up": true}])).await;
    novu.event("Order Completed", "m-1", json!({"to": [{"id": "u_1"}], "order": {"id": "o-1"}})).await;
    novu.deliveries.wait("delivered", 1).await;
    let requests = novu.receiver.wait_for(2).await;
    assert_eq!(key(&requests[0]), key(&requests[1]));
    assert_eq!(requests[1]["answer"]["headers"]["idempotency-replay"], "true", "it ran once");
}

#[tokio::test]
async fn a_run_that_is_canceled_is_canceled_by_its_transaction() {
    let Some(novu) = Novu::start().await else { return };
    let to: Vec<Value> = (0..120).map(|number| json!({"id": format!("u_{number:03}")})).collect();
    novu.event("Order Completed", "m-1", json!({"to": to, "order": {"id": "o-1"}})).await;
    novu.deliveries.wait("delivered", 2).await;
    // All of the second call's recipients, and one of the first's: Novu can only cancel the second.
    let canceled: Vec<&Value> = to[99..].iter().map(|user| &user["id"]).collect();
    novu.event("Order Canceled", "m-2", json!({"to": canceled, "order": {"id": "o-1"}})).await;
    novu.deliveries.wait("delivered", 3).await;
    let not_made = novu.deliveries.wait("canceled", 1).await.remove(0);
    insta::assert_snapshot!(not_made["last_error"].as_str().unwrap());
    let requests = novu.receiver.wait_for(3).await;
    assert_eq!(requests[2]["method"], "DELETE");
    assert_eq!(requests[2]["path"], format!("/v1/events/trigger/{}", transaction(&requests[1])));
    assert_eq!(requests[2]["answer"]["body"]["data"], true);
    // The whole run: both transactions are named.
    novu.event("Order Refused", "m-3", json!({"order": {"id": "o-1"}})).await;
    let deadline = std::time::Instant::now() + super::PATIENCE;
    loop {
        let requests = novu.receiver.requests().await;
        let first = format!("/v1/events/trigger/{}", transaction(&requests[0]));
        if requests.iter().any(|request| request["method"] == "DELETE" && request["path"] == first) {
            return;
        }
        assert!(std::time::Instant::now() < deadline, "{:?}", novu.deliveries.list("").await);
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_wrong_key_pauses_the_target_until_it_is_right() {
    let Some(novu) = Novu::start().await else { return };
    assert_eq!(novu.deliveries.put_target("novu", json!({"api_key": "n_wrong"})).await.0, 200);
    novu.event("Order Completed", "m-1", json!({"to": [{"id": "u_1"}], "order": {"id": "o-1"}})).await;
    novu.deliveries.target_in("novu", "paused").await;
    assert_eq!(novu.deliveries.put_target("novu", json!({"api_key": "n_right"})).await.0, 200);
    assert_eq!(novu.deliveries.post("/v1/targets/novu/resume", json!({})).await.0, 200);
    novu.deliveries.wait("delivered", 1).await;
}
