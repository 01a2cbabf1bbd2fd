//! The trace of a log entry: where its values were found, and which mappings match it.

use std::time::{Duration, Instant};

use inlet_system_tests::{Server, track};
use reqwest::Method;
use serde_json::{Value, json};

/// Returns the trace of the newest log entry of a source in `development`.
async fn trace(server: &Server, source: &str) -> Value {
    let log = server.last_log(source).await;
    let path = format!("/v1/sources/{source}/logs/{}/trace?environment=development", log["id"].as_str().unwrap());
    let trace = server.get(&path).await;
    assert_eq!(trace["id"], log["id"]);
    trace
}

/// Returns the places of a trace's values as pairs of member and pointer.
fn places(trace: &Value) -> Vec<(String, Value)> {
    let entries = trace["values"]["entries"].as_array().unwrap().iter();
    entries.map(|entry| (entry["field"].as_str().unwrap().to_owned(), entry["pointer"].clone())).collect()
}

fn place(field: &str, pointer: &str) -> (String, Value) {
    (field.to_owned(), json!(pointer))
}

#[tokio::test]
async fn values_are_traced_into_the_item_of_a_batch_and_mappings_say_why_not() {
    let server = Server::start().await;
    let mapping = |event_type: &str, when: Value| {
        json!({"event_type": event_type, "action_type": "workflows_trigger", "when": when,
            "action_parameters": {"key": "w", "recipients": "user_id"}})
    };
    let mappings = json!([
        mapping("Order Completed", json!({"data.total": {"$gt": 10}})),
        mapping("Order Completed", json!({"data.total": {"$gt": 100}})),
        mapping("Order Cancelled", Value::Null),
    ]);
    let endpoint = server.source("shop", "segment", json!({}), mappings).await;
    let batch = format!(
        "[{},{}]",
        track("Other", "u_1", "m-0", json!({})),
        track("Order Completed", "u_1", "m-1", json!({"total": 39.5}))
    );
    endpoint.send(batch).await;
    let trace = trace(&server, "shop").await;
    assert_eq!((&trace["values"]["status"], &trace["values"]["reason"]), (&json!("found"), &Value::Null), "{trace}");
    assert!(trace["values"]["duration_us"].is_u64() && trace["values"]["plugin"]["version"].is_string());
    assert_eq!(
        places(&trace),
        [
            place("user_id", "/userId"),
            place("data", "/properties"),
            place("idempotency_key", "/messageId"),
            place("occurred_at", "/timestamp")
        ]
    );
    let matched: Vec<(&Value, &Value)> = trace["mappings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|mapping| (&mapping["matched"], &mapping["condition_held"]))
        .collect();
    assert_eq!(matched, [(&json!(true), &json!(true)), (&json!(false), &json!(false)), (&json!(false), &Value::Null)]);
    insta::assert_snapshot!(trace["mappings"][1]["why_not"].as_str().unwrap());
}

#[tokio::test]
async fn an_assembled_row_is_traced_member_by_member_or_says_why_not() {
    let server = Server::start().await;
    let endpoint = server.source("crm", "hightouch", json!({}), json!([])).await;
    let sync = include_str!("../../../../examples/hightouch/add.json");
    endpoint.post(sync).header("content-type", "application/json").send().await.unwrap();
    let trace = trace(&server, "crm").await;
    insta::assert_json_snapshot!(json!([
        trace["values"]["status"],
        trace["values"]["reason"],
        trace["values"]["entries"]
    ]));
}

#[tokio::test]
async fn what_is_no_event_or_no_longer_stored_has_no_places() {
    let server = Server::start().await;
    let endpoint = server.source("shop", "segment", json!({}), json!([])).await;
    endpoint.try_send("[17]").await;
    let rejected = trace(&server, "shop").await;
    assert_eq!(
        (&rejected["values"]["status"], &rejected["values"]["reason"]),
        (&json!("unknown"), &json!("the item is no event"))
    );

    endpoint.send(track("Paid", "u_1", "m-1", json!({}))).await;
    let deadline = Instant::now() + Duration::from_secs(60);
    while server.last_log("shop").await["body_removed"] != true {
        assert!(Instant::now() < deadline, "the body is not removed in time");
        // Each change triggers retention again.
        let keep = json!({"keep_bodies": "failures"});
        let kept = server.manage(Method::PATCH, "/v1/environments/development").json(&keep).send().await.unwrap();
        assert_eq!(kept.status(), 200);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let removed = trace(&server, "shop").await;
    assert_eq!(
        (&removed["values"]["status"], &removed["values"]["reason"]),
        (&json!("unknown"), &json!("what came is no longer stored"))
    );

    let path = "/v1/sources/shop/logs/019b7c9b-7eae-7000-8000-000000000000/trace?environment=development";
    assert_eq!(server.manage(Method::GET, path).send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn an_unreadable_item_is_traced_to_its_whole_request_unless_values_are_hidden() {
    let server = Server::start().await;
    let endpoint = server.source("shop", "segment", json!({}), json!([])).await;
    endpoint.try_send("[17]").await;
    let found = trace(&server, "shop").await;
    let request = &found["request"];
    assert_eq!((&request["method"], &request["body"]), (&json!("POST"), &json!("[17]")), "{found}");
    assert_eq!((&request["body_size"], &request["body_is_cut"]), (&json!(4), &json!(false)), "{found}");
    assert!(request["query"].is_array() && request["headers"].is_array(), "{found}");

    let long = format!("[17,\"{}\"]", "✓".repeat(100_000));
    endpoint.try_send(long.clone()).await;
    let cut = trace(&server, "shop").await;
    let body = cut["request"]["body"].as_str().unwrap();
    assert!(long.starts_with(body) && body.len() <= 256 << 10 && body.len() > (256 << 10) - 4, "{}", body.len());
    assert_eq!((&cut["request"]["body_size"], &cut["request"]["body_is_cut"]), (&json!(long.len()), &json!(true)));

    // The event that was read has no request of its own.
    endpoint.send(track("Paid", "u_1", "m-1", json!({}))).await;
    assert_eq!(trace(&server, "shop").await["request"], Value::Null);

    let redacting = server.source("crm", "segment", json!({"redact_paths": ["data.email"]}), json!([])).await;
    redacting.try_send("[17]").await;
    assert_eq!(trace(&server, "crm").await["request"], Value::Null);
    // Paths that are set later hold for what was kept before.
    endpoint.try_send("[18]").await;
    assert_eq!(trace(&server, "shop").await["request"]["body"], "[18]");
    server.source("shop", "segment", json!({"redact_paths": ["data.email"]}), json!([])).await;
    assert_eq!(trace(&server, "shop").await["request"], Value::Null);
    server.source("shop", "segment", json!({"redact_paths": []}), json!([])).await;
    assert_eq!(trace(&server, "shop").await["request"]["body"], "[18]");
    let hide = json!({"hide_personal_data": true});
    let hidden = server.manage(Method::PATCH, "/v1/environments/development").json(&hide).send().await.unwrap();
    assert_eq!(hidden.status(), 200);
    assert_eq!(trace(&server, "shop").await["request"], Value::Null);
}
