//! Targets that are paused, disabled or deleted: what waits for them is kept.

use inlet_system_tests::ReceiverAnswer;
use reqwest::Method;
use serde_json::{Value, json};

use super::Deliveries;

#[tokio::test]
async fn what_a_paused_target_would_get_is_kept_and_arrives_when_it_resumes() {
    let deliveries = Deliveries::start().await;
    deliveries.webhook("crm").await;
    let (status, target) = deliveries.post("/v1/targets/crm/pause", json!({})).await;
    assert_eq!((status, &target["state"], &target["active"]), (200, &json!("paused"), &json!(false)));
    for number in 1..=3 {
        deliveries.order(&format!("m-{number}"), json!({"to": [{"id": format!("u_{number}")}]})).await;
    }
    assert_eq!(deliveries.wait("pending", 3).await[0]["attempts"], 0);
    assert_eq!(deliveries.last_run().await["status"], "delivering");
    assert_eq!(deliveries.target("crm").await["open_deliveries"], 3);
    let status = deliveries.server.get("/v1/sources/shop/status?environment=development").await;
    let note = status["notes"][0].as_str().unwrap();
    assert!(note.contains(r#"the target "crm" is paused"#) && note.contains("3 deliveries wait"), "{status}");
    assert_eq!(deliveries.receiver.requests().len(), 0);

    let (status, answer) = deliveries.post("/v1/targets/crm/enable", json!({})).await;
    assert_eq!((status, &answer["code"]), (409, &json!("conflict")), "it is not disabled");
    let (status, target) = deliveries.post("/v1/targets/crm/resume", json!({})).await;
    assert_eq!((status, &target["state"]), (200, &json!("running")));
    deliveries.wait("delivered", 3).await;
    assert_eq!(deliveries.receiver.wait_for(3).await.len(), 3);
    assert_eq!(deliveries.target("crm").await["open_deliveries"], 0);
}

#[tokio::test]
async fn a_target_that_is_gone_is_disabled_says_so_and_keeps_everything() {
    let deliveries = Deliveries::start().await;
    deliveries.webhook("crm").await;
    deliveries.receiver.answer_always(ReceiverAnswer::new(410, "gone"));
    deliveries.order("m-1", json!({"to": [{"id": "u_1"}]})).await;
    let target = deliveries.target_in("crm", "disabled").await;
    assert!(target["state_reason"].as_str().unwrap().contains("410"), "{target}");
    deliveries.order("m-2", json!({"to": [{"id": "u_2"}]})).await;
    assert_eq!(deliveries.target("crm").await["open_deliveries"], 2);
    for call in ["pause", "resume"] {
        let (status, answer) = deliveries.post(&format!("/v1/targets/crm/{call}"), json!({})).await;
        assert_eq!(status, 409, "{answer}");
        assert!(answer["message"].as_str().unwrap().contains("410"), "{answer}");
    }
    // A response that is sent back does not enable it.
    assert_eq!(deliveries.put_target("crm", target).await.1["state"], "disabled");

    deliveries.receiver.answer_always(ReceiverAnswer::new(200, "{}"));
    let (status, target) = deliveries.post("/v1/targets/crm/enable", json!({})).await;
    assert_eq!((status, &target["state"], &target["state_reason"]), (200, &json!("running"), &Value::Null));
    deliveries.wait("delivered", 2).await;
    let changes = deliveries.server.get("/v1/changes?environment=development").await;
    let operations: Vec<&str> =
        changes["entries"].as_array().unwrap().iter().map(|change| change["operation"].as_str().unwrap()).collect();
    assert_eq!(operations[..2], ["setTargetState", "setTargetState"], "it was disabled, and enabled: {changes}");
}

#[tokio::test]
async fn wrong_credentials_pause_a_target_and_nothing_is_lost() {
    let deliveries = Deliveries::start().await;
    let target = json!({"kind": "events", "url": deliveries.receiver.url, "write_key": "wrong-write-key"});
    let (status, answer) = deliveries.put_target("segment", target).await;
    assert_eq!(status, 200, "{answer}");
    deliveries.receiver.answer_always(ReceiverAnswer::new(401, "no such key"));
    deliveries.order("m-1", json!({"to": [{"id": "u_1"}]})).await;
    let target = deliveries.target_in("segment", "paused").await;
    assert!(target["state_reason"].as_str().unwrap().contains("credentials"), "{target}");
    assert_eq!(target["open_deliveries"], 1);
    let waiting = deliveries.list("").await.remove(0);
    assert_eq!((&waiting["attempts"], &waiting["tries"]), (&json!(0), &json!(1)), "{waiting}");
    deliveries.receiver.answer_always(ReceiverAnswer::new(200, "{}"));
    let (status, target) =
        deliveries.put_target("segment", json!({"write_key": "right-write-key", "active": true})).await;
    assert_eq!((status, &target["state"]), (200, &json!("running")), "{target}");
    let delivery = deliveries.wait("delivered", 1).await.remove(0);
    let whole = deliveries.delivery(&delivery["id"]).await.to_string();
    assert!(!whole.contains("write-key") && !whole.contains("d3JvbmctO"), "{whole}");
}

#[tokio::test]
async fn the_deliveries_of_a_deleted_target_are_canceled_and_its_key_is_free() {
    let deliveries = Deliveries::start().await;
    deliveries.webhook("crm").await;
    deliveries.post("/v1/targets/crm/pause", json!({})).await;
    deliveries.order("m-1", json!({"to": [{"id": "u_1"}]})).await;
    deliveries.wait("pending", 1).await;
    let delete = || deliveries.server.manage(Method::DELETE, "/v1/targets/crm?environment=development").send();
    assert_eq!(delete().await.unwrap().status(), 204);
    assert_eq!(delete().await.unwrap().status(), 404);
    let canceled = deliveries.wait("canceled", 1).await.remove(0);
    assert_eq!((&canceled["target"], &canceled["attempts"]), (&json!("crm"), &json!(0)), "{canceled}");
    let created = deliveries.webhook("crm").await;
    assert_eq!((&created["state"], &created["open_deliveries"]), (&json!("running"), &json!(0)), "another one");
}

#[tokio::test]
async fn what_died_is_sent_again_while_its_target_is_disabled_and_arrives_once_it_is_enabled() {
    let deliveries = Deliveries::start_with("[]").await;
    deliveries.webhook("crm").await;
    deliveries.receiver.answer_next([ReceiverAnswer::new(500, "")]);
    deliveries.receiver.answer_always(ReceiverAnswer::new(410, ""));
    deliveries.order("m-1", json!({"to": [{"id": "u_1"}]})).await;
    let dead = deliveries.wait("dead", 1).await.remove(0);
    deliveries.order("m-2", json!({"to": [{"id": "u_2"}]})).await;
    deliveries.target_in("crm", "disabled").await;
    let (status, answer) = deliveries.post("/v1/deliveries/redrive", json!({"target": "crm"})).await;
    assert_eq!((status, &answer["redriven"]), (200, &json!(1)), "{answer}");
    assert_eq!(deliveries.delivery(&dead["id"]).await["status"], "retrying");
    assert_eq!(deliveries.target("crm").await["open_deliveries"], 2);
    deliveries.receiver.answer_always(ReceiverAnswer::new(200, "{}"));
    assert_eq!(deliveries.post("/v1/targets/crm/enable", json!({})).await.0, 200);
    let delivered = deliveries.wait("delivered", 2).await;
    assert!(delivered.iter().any(|delivery| delivery["key"] == dead["key"]), "{delivered:?}");
}
