//! The webhook target: what arrives, and how often.

use inlet_system_tests::Server;
use serde_json::{Value, json};

use super::Deliveries;

/// An event as Segment sends it. Numbers that a 64-bit float would change show that they are passed on as text.
const ORDER: &str = r#"{"type":"track","event":"Order Completed","userId":"u_1","messageId":"m-1","timestamp":"2026-01-02T03:04:05.678Z","properties":{"order":"o-1","total":39.50,"number":9007199254740993,"to":[{"id":"u_1","email":"ana@example.com","points":9007199254740993,"$trigger_data":{"discount":1.10}},{"collection":"teams","id":"t1","name":"T"}]}}"#;

#[tokio::test]
async fn a_segment_webhook_arrives_with_every_digit_and_sent_again_it_arrives_once() {
    let deliveries = Deliveries::start().await;
    deliveries.webhook("crm").await;
    let event = deliveries.endpoint.expect(ORDER, &["executed"]).await["events"][0]["id"].clone();
    let received = deliveries.receiver.wait_for(1).await.remove(0);

    let delivery = deliveries.wait("delivered", 1).await.remove(0);
    let run = deliveries.run_in("delivered").await;
    let run_id = run["id"].as_str().unwrap();
    assert_eq!((received.method.as_str(), received.path.as_str()), ("POST", "/crm"));
    assert_eq!(received.header("content-type"), "application/json");
    let timestamp = received.json()["timestamp"].as_str().unwrap().to_owned();
    let event_id = event.as_str().unwrap();
    let data = r#"{"order":"o-1","total":39.50,"number":9007199254740993,"to":[{"id":"u_1","email":"ana@example.com","points":9007199254740993,"$trigger_data":{"discount":1.10}},{"collection":"teams","id":"t1","name":"T"}]}"#;
    let expected = format!(
        r#"{{"type":"workflow_run.created","timestamp":"{timestamp}","data":{{"workflow_run_id":"{run_id}","workflow":"order-confirmation","recipients":[{{"id":"u_1","email":"ana@example.com","points":9007199254740993,"trigger_data":{{"discount":1.10}}}},{{"collection":"teams","id":"t1","name":"T"}}],"actor":null,"tenant":null,"data":{data},"cancellation_key":"o-1","source_event_id":"{event_id}"}}}}"#
    );
    assert_eq!(received.body, expected);

    assert_eq!(received.header("webhook-id"), delivery["key"].as_str().unwrap());
    assert_eq!((&delivery["target"], &delivery["workflow_run_id"]), (&json!("crm"), &json!(run_id)));
    assert_eq!((&delivery["attempts"], &delivery["next_attempt_at"]), (&json!(1), &Value::Null));
    assert_eq!((&delivery["last_response"]["status"], &delivery["last_response"]["body"]), (&json!(200), &json!("{}")));
    assert!(delivery["last_response"]["duration_ms"].is_u64(), "{delivery}");
    assert_eq!(run["deliveries"][0]["id"], delivery["id"]);
    assert_eq!(run["delivery_counts"]["delivered"], 1);
    assert_eq!(run["recipients"][0]["status"], "delivered", "{run}");
    let log = &deliveries.server.get(&format!("/v1/sources/shop/logs?environment=development&id={event_id}")).await;
    assert_eq!(log["entries"][0]["deliveries"][0]["id"], delivery["id"], "{log}");

    deliveries.endpoint.expect(ORDER, &["replayed"]).await;
    // Another order that arrives shows that the first one does not come again before it.
    deliveries.order("m-2", json!({"order": "o-2", "to": [{"id": "u_2"}]})).await;
    let all = deliveries.receiver.wait_for(2).await;
    assert_eq!(all[1].json()["data"]["recipients"], json!([{"id": "u_2"}]));
    assert_eq!(deliveries.wait("delivered", 2).await.len(), 2);
    assert_eq!(deliveries.list("").await.len(), 2);
}

#[tokio::test]
async fn a_run_that_no_target_wants_is_recorded_and_stays_so() {
    let deliveries = Deliveries::start().await;
    deliveries.order("m-1", json!({"to": [{"id": "u_1"}]})).await;
    assert_eq!(deliveries.last_run().await["status"], "recorded");
    let url = format!("{}/other", deliveries.receiver.url);
    let target = json!({"kind": "webhook", "url": url, "workflows": ["another"]});
    assert_eq!(deliveries.put_target("other", target).await.0, 200);
    deliveries.order("m-2", json!({"to": [{"id": "u_2"}]})).await;
    let run = deliveries.last_run().await;
    assert_eq!((&run["status"], &run["deliveries"]), (&json!("recorded"), &json!([])), "it wants other workflows");
    assert_eq!(deliveries.list("").await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_mapping_names_its_targets_and_an_api_trigger_reaches_all() {
    let deliveries = Deliveries::start().await;
    deliveries.webhook("crm").await;
    deliveries.webhook("mail").await;
    let mappings = |targets: Value| {
        json!([{
            "event_type": "Order Completed", "action_type": "workflows_trigger",
            "action_parameters": {"key": "order-confirmation", "recipients": "data.to", "targets": targets},
        }])
    };
    deliveries.server.source("shop", "segment", json!({}), mappings(json!(["mail"]))).await;
    deliveries.order("m-1", json!({"to": [{"id": "u_1"}]})).await;
    assert_eq!(deliveries.wait("delivered", 1).await[0]["target"], "mail");
    let body = json!({"recipients": [{"id": "u_2"}]}).to_string();
    let response = deliveries
        .server
        .request_with(&deliveries.key, reqwest::Method::POST, "/v1/workflows/welcome/trigger")
        .header("content-type", "application/json")
        .body(body)
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 200);
    deliveries.wait("delivered", 3).await;
    let mut paths: Vec<String> =
        deliveries.receiver.wait_for(3).await.into_iter().map(|request| request.path).collect();
    paths.sort();
    assert_eq!(paths, ["/crm", "/mail", "/mail"]);

    let refused = json!({"environment_settings": {"development": {"mappings": mappings(json!(["mial"]))}}});
    let (status, answer) = deliveries.server.try_put_source("shop", "development", refused).await;
    assert_eq!(status, 422, "{answer}");
    let field = "source.environment_settings.development.mappings[0].action_parameters.targets[0]";
    assert_eq!(
        (&answer["field"], &answer["message"]),
        (&json!(field), &json!(r#"there is no target "mial" here; the nearest is "mail""#))
    );
}

#[tokio::test]
async fn deliveries_outlive_a_kill() {
    let deliveries = Deliveries::start().await;
    deliveries.webhook("crm").await;
    let path = "/v1/targets/crm/pause";
    assert_eq!(deliveries.post(path, json!({})).await.0, 200);
    for number in 1..=3 {
        deliveries.order(&format!("m-{number}"), json!({"to": [{"id": format!("u_{number}")}]})).await;
    }
    let keys: Vec<Value> = deliveries.wait("pending", 3).await.iter().map(|delivery| delivery["key"].clone()).collect();
    let Deliveries { mut server, endpoint, receiver, key } = deliveries;
    server.kill();
    let (_dir, data_dir) = server.take_data_dir();
    let mut options = super::options("[0.05]");
    options.data_dir = Some(data_dir);
    let deliveries = Deliveries { server: Server::start_with(options).await, endpoint, receiver, key };
    assert_eq!(deliveries.target("crm").await["open_deliveries"], 3);
    assert_eq!(deliveries.post("/v1/targets/crm/resume", json!({})).await.0, 200);
    let delivered = deliveries.wait("delivered", 3).await;
    assert_eq!(delivered.iter().map(|delivery| delivery["key"].clone()).collect::<Vec<_>>(), keys);
    assert_eq!(deliveries.receiver.wait_for(3).await.len(), 3);
}
