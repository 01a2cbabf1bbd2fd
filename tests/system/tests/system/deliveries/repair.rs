//! Many deliveries at once: sent again, or discarded.

use std::time::{Duration, Instant};

use inlet_system_tests::ReceiverAnswer;
use serde_json::json;

use super::{Deliveries, PATIENCE};

#[tokio::test]
async fn dead_deliveries_are_counted_and_sent_again_by_filter() {
    let deliveries = Deliveries::start_with("[0.05]").await;
    deliveries.webhook("crm").await;
    deliveries.webhook("mail").await;
    deliveries.receiver.answer_always(ReceiverAnswer::new(500, ""));
    for number in 1..=2 {
        deliveries.order(&format!("m-{number}"), json!({"to": [{"id": "u_1"}]})).await;
    }
    deliveries.wait("dead", 4).await;
    let redrive = |body| deliveries.post("/v1/deliveries/redrive", body);
    assert_eq!(
        redrive(json!({"target": "crm", "dry_run": true})).await,
        (200, json!({"matched": 2, "redriven": 0, "spread_seconds": 0}))
    );
    assert_eq!(
        redrive(json!({"workflow": "other"})).await,
        (200, json!({"matched": 0, "redriven": 0, "spread_seconds": 0}))
    );
    assert_eq!(deliveries.list("&status=dead").await.len(), 4);
    deliveries.receiver.answer_always(ReceiverAnswer::new(200, "{}"));
    assert_eq!(
        redrive(json!({"target": "crm"})).await,
        (200, json!({"matched": 2, "redriven": 2, "spread_seconds": 0}))
    );
    let delivered = deliveries.wait("delivered", 2).await;
    assert!(delivered.iter().all(|delivery| delivery["target"] == "crm"), "{delivered:?}");
    assert_eq!(
        redrive(json!({})).await,
        (200, json!({"matched": 2, "redriven": 2, "spread_seconds": 0})),
        "all that are dead"
    );
    deliveries.wait("delivered", 4).await;
    let (status, answer) = redrive(json!({"target": "crn"})).await;
    assert_eq!((status, &answer["field"]), (422, &json!("target")), "{answer}");
    let changes = deliveries.server.get("/v1/changes?environment=development&limit=1").await;
    assert_eq!(changes["entries"][0]["operation"], "redriveDeliveries", "{changes}");
}

#[tokio::test]
async fn a_redrive_is_spread_over_time_and_leaves_out_what_is_too_old() {
    let deliveries = Deliveries::start_with("[]").await;
    deliveries.webhook("crm").await;
    deliveries.receiver.answer_always(ReceiverAnswer::new(500, ""));
    for number in 1..=3 {
        deliveries.order(&format!("m-{number}"), json!({"to": [{"id": "u_1"}]})).await;
    }
    deliveries.wait("dead", 3).await;
    deliveries.post("/v1/targets/crm/pause", json!({})).await;
    let redrive = |body| deliveries.post("/v1/deliveries/redrive", body);
    let recent = json!({"max_age_seconds": 3600, "rate_per_second": 1, "dry_run": true});
    assert_eq!(redrive(recent).await, (200, json!({"matched": 3, "redriven": 0, "spread_seconds": 2})));
    // They become older than a second.
    let deadline = Instant::now() + PATIENCE;
    while redrive(json!({"max_age_seconds": 1, "dry_run": true})).await.1["matched"] != 0 {
        assert!(Instant::now() < deadline, "{:?}", deliveries.list("").await);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(redrive(json!({"max_age_seconds": 1})).await.1["redriven"], 0);
    let both = json!({"max_age_seconds": 60, "starting_at": "2026-01-02T03:04:05Z"});
    let (status, answer) = redrive(both).await;
    assert_eq!((status, &answer["field"]), (422, &json!("max_age_seconds")), "{answer}");
    let (status, answer) = redrive(json!({"rate_per_second": 0})).await;
    assert_eq!((status, &answer["field"]), (422, &json!("rate_per_second")), "{answer}");

    let slowly = json!({"rate_per_second": 1});
    assert_eq!(redrive(slowly).await, (200, json!({"matched": 3, "redriven": 3, "spread_seconds": 2})));
    // The target is paused, so that they are seen before they are sent: the oldest is due first, and one each second.
    let mut waiting = deliveries.wait("retrying", 3).await;
    waiting.reverse();
    // Their seconds, as text that sorts.
    let due: Vec<&str> = waiting.iter().map(|delivery| delivery["next_attempt_at"].as_str().unwrap()).collect();
    assert!(due[0][..19] < due[1][..19] && due[1][..19] < due[2][..19], "{due:?}");
    deliveries.receiver.answer_always(ReceiverAnswer::new(200, "{}"));
    deliveries.post("/v1/targets/crm/resume", json!({})).await;
    deliveries.wait("delivered", 3).await;
}

#[tokio::test]
async fn waiting_deliveries_are_counted_first_and_then_discarded() {
    let deliveries = Deliveries::start().await;
    deliveries.webhook("crm").await;
    deliveries.post("/v1/targets/crm/pause", json!({})).await;
    for number in 1..=3 {
        deliveries.order(&format!("m-{number}"), json!({"to": [{"id": "u_1"}]})).await;
    }
    let waiting = deliveries.wait("pending", 3).await;
    let mapping = &waiting[0]["mapping_id"];
    let discard = |body| deliveries.post("/v1/deliveries/discard", body);
    let (status, answer) = discard(json!({"mapping_id": mapping})).await;
    assert_eq!((status, &answer["field"]), (422, &json!("dry_run")), "{answer}");
    let (status, answer) = discard(json!({"dry_run": false})).await;
    assert_eq!(status, 422, "everything: {answer}");
    let from = &waiting[0]["inserted_at"];
    let later = json!({"mapping_id": mapping, "starting_at": "2999-01-01T00:00:00Z", "dry_run": true});
    assert_eq!(discard(later).await, (200, json!({"matched": 0, "discarded": 0})));
    let earlier = json!({"workflow": "order-confirmation", "ending_at": from, "dry_run": true});
    assert_eq!(discard(earlier).await.1["discarded"], 0);
    let all = json!({"mapping_id": mapping, "workflow": "order-confirmation", "dry_run": true});
    assert_eq!(discard(all).await, (200, json!({"matched": 3, "discarded": 0})));
    let all = json!({"mapping_id": mapping, "dry_run": false});
    assert_eq!(discard(all).await, (200, json!({"matched": 3, "discarded": 3})));
    deliveries.wait("canceled", 3).await;
    assert_eq!(deliveries.last_run().await["status"], "canceled");
    deliveries.post("/v1/targets/crm/resume", json!({})).await;
    deliveries.order("m-4", json!({"to": [{"id": "u_4"}]})).await;
    deliveries.wait("delivered", 1).await;
    assert_eq!(deliveries.receiver.requests().len(), 1, "the discarded ones are not sent");
}
