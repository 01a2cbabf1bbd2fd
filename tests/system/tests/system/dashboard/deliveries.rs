//! Targets, runs and deliveries in the dashboard.

use std::time::Duration;

use inlet_system_tests::{Endpoint, MANAGEMENT_TOKEN, Receiver, ReceiverAnswer, Server, ServerOptions, track};
use serde_json::{Value, json};

use super::{has_browser, play};

/// A server that delivers to this machine, and gives up after the first failure.
async fn server() -> Server {
    let options = ServerOptions::default().env("INLET_DELIVERY_ALLOWED_ADDRESSES", "[\"127.0.0.0/8\"]");
    Server::start_with(options.env("INLET_DELIVERY_RETRY_SECONDS", "[]")).await
}

/// A source whose orders trigger a workflow for their user.
async fn shop(server: &Server) -> Endpoint {
    let mappings = json!([{"event_type": "track/Order", "action_type": "workflows_trigger",
        "action_parameters": {"key": "order", "recipients": {"id": "user_id"}, "cancellation_key": "data.order"}}]);
    server.source("shop", "segment", json!({}), mappings).await
}

async fn put_target(server: &Server, url: &str) {
    let target = json!({"target": {"kind": "webhook", "url": url}});
    let put = server.manage(reqwest::Method::PUT, "/v1/targets/crm?environment=development").json(&target);
    assert_eq!(put.send().await.unwrap().status(), 200);
}

/// Waits until so many deliveries have a status.
async fn wait_for(server: &Server, status: &str, count: usize) {
    for _ in 0..600 {
        let list: Value = server.get(&format!("/v1/deliveries?environment=development&status={status}")).await;
        if list["entries"].as_array().unwrap().len() == count {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("no {count} deliveries were {status} within 30 s");
}

#[tokio::test]
async fn a_target_is_added_changed_paused_and_deleted() {
    if !has_browser() {
        return;
    }
    let server = server().await;
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    play(&server, "targets", MANAGEMENT_TOKEN, &json!({"url": "https://crm.example.com/hook", "secret": secret}));
    assert!(!server.log().contains(secret));
}

#[tokio::test]
async fn what_was_given_up_is_retried_until_it_is_delivered() {
    if !has_browser() {
        return;
    }
    let server = server().await;
    let receiver = Receiver::start();
    put_target(&server, &receiver.url).await;
    let script = "<script>alert(1)</script>";
    let refusal = || ReceiverAnswer::new(400, format!("no such hook {script}")).header("x-note", script);
    receiver.answer_next([refusal(), refusal(), refusal()]);
    let shop = shop(&server).await;
    for number in 0..3 {
        shop.expect(
            track("Order", script.replace('/', "-").as_str(), &format!("m-{number}"), json!({})),
            &["executed"],
        )
        .await;
    }
    wait_for(&server, "dead", 3).await;
    play(&server, "deliveries", MANAGEMENT_TOKEN, &json!({"script": script}));
    let requests = receiver.requests();
    let (tests, runs): (Vec<_>, Vec<_>) =
        requests.iter().partition(|request| request.body.contains("\"inlet_test\":true"));
    assert_eq!(tests.len(), 1, "one test was sent");
    let mut keys: Vec<_> = runs.iter().map(|request| request.header("webhook-id").to_owned()).collect();
    keys.sort();
    assert_eq!(keys.len(), 6, "each was sent once and retried once");
    assert!(keys.chunks(2).all(|pair| pair[0] == pair[1]), "a retry has the same key: {keys:?}");
}

#[tokio::test]
async fn what_waits_is_discarded_and_a_run_without_a_target_says_so() {
    if !has_browser() {
        return;
    }
    let server = server().await;
    let shop = shop(&server).await;
    shop.expect(track("Order", "u_0", "m-0", json!({})), &["executed"]).await;
    put_target(&server, "https://crm.example.com/hook").await;
    let pause = server.manage(reqwest::Method::POST, "/v1/targets/crm/pause?environment=development");
    assert_eq!(pause.send().await.unwrap().status(), 200);
    shop.expect(track("Order", "u_1", "m-1", json!({})), &["executed"]).await;
    wait_for(&server, "pending", 1).await;
    play(&server, "discard", MANAGEMENT_TOKEN, &json!({}));
}

#[tokio::test]
async fn a_run_with_a_cancellation_key_is_canceled() {
    if !has_browser() {
        return;
    }
    let server = server().await;
    let receiver = Receiver::start();
    put_target(&server, &receiver.url).await;
    let pause = server.manage(reqwest::Method::POST, "/v1/targets/crm/pause?environment=development");
    assert_eq!(pause.send().await.unwrap().status(), 200);
    shop(&server).await.expect(track("Order", "u_1", "m-1", json!({"order": "o-1"})), &["executed"]).await;
    wait_for(&server, "pending", 1).await;
    play(&server, "cancel_run", MANAGEMENT_TOKEN, &json!({}));
    wait_for(&server, "canceled", 1).await;
    assert_eq!(receiver.requests().len(), 0, "nothing was sent");
}
