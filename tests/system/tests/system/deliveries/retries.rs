//! Failed attempts: what is sent again, and what becomes of it.

use inlet_system_tests::ReceiverAnswer;
use serde_json::{Value, json};

use super::Deliveries;

#[tokio::test]
async fn a_failed_attempt_is_repeated_with_the_same_key_and_body() {
    let deliveries = Deliveries::start().await;
    deliveries.webhook("crm").await;
    let failure = ReceiverAnswer::new(500, "out of order").header("x-trace", "t-1").header("set-cookie", "s=1");
    deliveries.receiver.answer_next([failure, ReceiverAnswer::new(302, "").header("location", "http://127.0.0.1:1/")]);
    let event = deliveries.order("m-1", json!({"to": [{"id": "u_1", "name": "Ana"}]})).await;
    let requests = deliveries.receiver.wait_for(3).await;
    for later in &requests[1..] {
        assert_eq!((&later.body, later.header("webhook-id")), (&requests[0].body, requests[0].header("webhook-id")));
    }
    let delivery = deliveries.wait("delivered", 1).await.remove(0);
    assert_eq!(delivery["attempts"], 3);
    let whole = deliveries.delivery(&delivery["id"]).await;
    let attempts = whole["attempt_log"].as_array().unwrap();
    let of = |member: &str| attempts.iter().map(|attempt| attempt[member].clone()).collect::<Vec<Value>>();
    assert_eq!(of("number"), [1, 2, 3]);
    assert_eq!(of("status"), [500, 302, 200]);
    assert_eq!(of("outcome"), ["failed", "failed", "delivered"]);
    assert_eq!(attempts[0]["response_body"], "out of order");
    assert_eq!(attempts[0]["response_headers"]["x-trace"], "t-1");
    assert_eq!(attempts[0]["response_headers"]["set-cookie"], Value::Null, "{whole}");
    assert_eq!(attempts[0]["request_headers"]["webhook-id"], delivery["key"], "{whole}");
    assert!(of("duration_ms").iter().all(Value::is_u64), "{whole}");

    // The run and the event show the same.
    assert_eq!(deliveries.last_run().await["deliveries"][0], whole);
    let log = deliveries.server.get(&format!("/v1/sources/shop/logs?environment=development&id={event}")).await;
    assert_eq!(log["entries"][0]["deliveries"][0], whole);
    assert_eq!(delivery["attempt_log"], Value::Null, "a list leaves them out");
}

#[tokio::test]
async fn a_delivery_that_was_given_up_is_listed_and_sent_again_with_its_key() {
    let deliveries = Deliveries::start().await;
    deliveries.webhook("crm").await;
    deliveries.receiver.answer_always(ReceiverAnswer::new(500, "x".repeat(100_000)));
    let event = deliveries.order("m-1", json!({"to": [{"id": "u_1"}]})).await;
    let dead = deliveries.wait("dead", 1).await.remove(0);
    assert_eq!((&dead["attempts"], &dead["next_attempt_at"]), (&json!(3), &Value::Null), "{dead}");
    assert_eq!(dead["last_response"]["body"], "x".repeat(4096));
    assert_eq!(deliveries.run_in("failed").await["delivery_counts"]["dead"], 1);

    let status = deliveries.server.get("/v1/sources/shop/status?environment=development").await;
    let cause = &status["needs_attention"]["causes"][0];
    assert_eq!((&cause["kind"], &cause["cause"]), (&json!("failed"), &json!("delivery_dead")), "{status}");
    assert!(cause["what_to_do"].as_str().unwrap().contains("/v1/deliveries/redrive"), "{status}");
    let log = deliveries.server.get(&format!("/v1/sources/shop/logs?environment=development&id={event}")).await;
    assert_eq!(log["entries"][0]["needs_attention"], true, "{log}");

    deliveries.receiver.answer_always(ReceiverAnswer::new(200, "{}"));
    let path = format!("/v1/deliveries/{}/redrive", dead["id"].as_str().unwrap());
    let (status, answer) = deliveries.post(&path, json!({})).await;
    assert_eq!((status, &answer["key"]), (200, &dead["key"]), "{answer}");
    let delivered = deliveries.wait("delivered", 1).await.remove(0);
    assert_eq!((&delivered["attempts"], &delivered["tries"]), (&json!(1), &json!(4)), "a new schedule: {delivered}");
    let requests = deliveries.receiver.wait_for(4).await;
    let same =
        |request: &inlet_system_tests::ReceivedRequest| (request.body.clone(), request.header("webhook-id").to_owned());
    assert!(requests.iter().all(|request| same(request) == same(&requests[0])), "{requests:?}");
    assert_eq!(deliveries.run_in("delivered").await["delivery_counts"]["dead"], 0);
    let status = deliveries.server.get("/v1/sources/shop/status?environment=development").await;
    assert_eq!(status["needs_attention"]["count"], 0, "{status}");
    let (status, answer) = deliveries.post(&path, json!({})).await;
    assert_eq!((status, &answer["code"]), (409, &json!("conflict")), "{answer}");
}

#[tokio::test]
async fn a_throttled_delivery_uses_up_no_attempt() {
    let deliveries = Deliveries::start_with("[0.05, 0.05, 600]").await;
    deliveries.webhook("crm").await;
    let throttled = |after: &str| ReceiverAnswer::new(429, "").header("retry-after", after);
    deliveries.receiver.answer_next([throttled("-5"), throttled("0"), ReceiverAnswer::new(500, "")]);
    deliveries.order("m-1", json!({"to": [{"id": "u_1"}]})).await;
    let delivery = deliveries.wait("delivered", 1).await.remove(0);
    let attempts = deliveries.delivery(&delivery["id"]).await["attempt_log"].clone();
    let of = |member: &str| {
        attempts.as_array().unwrap().iter().map(|attempt| attempt[member].clone()).collect::<Vec<Value>>()
    };
    assert_eq!(of("outcome"), ["throttled", "throttled", "failed", "delivered"]);
    assert_eq!(of("counted"), [false, false, true, true]);
}
