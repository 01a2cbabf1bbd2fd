//! Hints: what a plugin says about an event beside its values, from the request to its log, to mappings and to a replay.

use inlet_system_tests::Server;
use reqwest::Method;
use serde_json::{Value, json};

/// Returns the payloads of an event's actions.
fn payloads(log: &Value) -> Vec<Value> {
    log["actions"].as_array().unwrap().iter().map(|action| action["action_payload"].clone()).collect()
}

#[tokio::test]
async fn the_log_shows_them_and_mappings_and_replays_read_them() {
    let server = Server::start().await;
    let parameters =
        json!({"key": "order", "recipients": "hints.anonymous_id", "tenant": "hints.group_id", "data": {}});
    let mapping = json!({"event_type": "Paid", "action_type": "workflows_trigger", "action_parameters": parameters,
        "when": {"hints.group_id": {"$startsWith": "g-"}}});
    let web = server.source("web", "segment", json!({}), json!([mapping])).await;
    web.expect(r#"{"type":"identify","userId":"a-1","traits":{}}"#, &["logged"]).await;
    assert!(server.last_log("web").await.get("hints").is_none(), "absent where there is none");
    let paid = r#"{"type":"track","event":"Paid","anonymousId":"a-1","context":{"groupId":"g-1"},"properties":{}}"#;
    web.expect(paid, &["skipped"]).await;
    let log = server.last_log("web").await;
    assert_eq!(log["hints"], json!({"anonymous_id": "a-1", "group_id": "g-1"}), "{log}");
    let expected = json!({"key": "order", "recipients": "a-1", "tenant": "g-1", "data": {}});
    assert_eq!(payloads(&log), std::slice::from_ref(&expected));

    let path = format!("/v1/sources/web/logs/{}/replay?environment=development", log["id"].as_str().unwrap());
    let replayed = server.manage(Method::POST, &path).json(&json!({})).send().await.unwrap();
    assert_eq!(replayed.status(), 200);
    let again = server.last_log("web").await;
    assert_ne!(again["id"], log["id"]);
    assert_eq!(
        (&again["hints"], payloads(&again)),
        (&log["hints"], vec![expected]),
        "a replay reads them from the log"
    );

    let hidden =
        server.manage(Method::PATCH, "/v1/environments/development").json(&json!({"hide_personal_data": true}));
    assert_eq!(hidden.send().await.unwrap().status(), 200);
    assert_eq!(server.last_log("web").await["hints"], json!({"anonymous_id": "…", "group_id": "…"}));
}

#[tokio::test]
async fn a_long_one_is_dropped_with_a_warning() {
    let server = Server::start().await;
    let web = server.source("web", "segment", json!({}), json!([])).await;
    let body = json!({"type": "track", "event": "Paid", "anonymousId": "a".repeat(256), "groupId": "g"});
    web.expect(body.to_string(), &["logged"]).await;
    let log = server.last_log("web").await;
    assert_eq!(log["hints"], json!({"group_id": "g"}));
    assert_eq!(log["warnings"], json!(["The hint anonymous_id has more than 255 characters and was not used."]));
}
