//! The cures of causes on the overview, issues, and workflows, in Chromium.

use inlet_system_tests::{MANAGEMENT_TOKEN, SEGMENT_SECRET, Server, hmac_sha1, track};
use serde_json::json;

use super::{has_browser, play};

#[tokio::test]
async fn causes_are_cured_where_they_are_shown() {
    if !has_browser() {
        return;
    }
    let server = Server::start().await;
    let mapping = json!([{"event_type": "Broken", "action_type": "workflows_trigger",
        "action_parameters": {"key": "receipt", "recipients": "data.missing"}}]);
    let shop = server.source("shop", "segment", json!({}), mapping).await;
    shop.expect(track("Broken", "u_1", "b-1", json!({})), &["failed"]).await;
    let web = server.source("web", "segment", json!({"signing_secret": "a typo"}), json!([])).await;
    let body = track("Paid", "u_1", "m-1", json!({}));
    let signature = hmac_sha1(SEGMENT_SECRET, body.as_bytes());
    let sent = web.post(body).header("x-signature", signature).send().await.unwrap();
    assert_eq!(sent.status(), 401);
    let target = json!({"target": {"kind": "webhook", "url": "https://example.com/hook"}});
    let path = "/v1/targets/crm?environment=development";
    let answer = server.manage(reqwest::Method::PUT, path).json(&target).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
    let pause = server.manage(reqwest::Method::POST, "/v1/targets/crm/pause?environment=development");
    assert_eq!(pause.send().await.unwrap().status(), 200);

    let reader = server.management_token(json!({"name": "Ana", "scopes": ["read"]})).await;
    let input = json!({"secret": SEGMENT_SECRET, "reader": reader});
    play(&server, "cures", MANAGEMENT_TOKEN, &input);
    let log = server.last_log("web").await;
    assert_eq!(log["verification_status"], "enforced:verified", "{log}");
    assert!(!server.log().contains(SEGMENT_SECRET));
}

#[tokio::test]
async fn one_cause_is_one_issue_that_is_resolved_and_comes_again() {
    if !has_browser() {
        return;
    }
    let server = Server::start().await;
    let event = "<script>alert(1)</script>";
    let mapping = json!([{"event_type": event, "action_type": "workflows_trigger",
        "action_parameters": {"key": "receipt", "recipients": "data.missing"}}]);
    let shop = server.source("shop", "segment", json!({}), mapping).await;
    for number in 0..3 {
        shop.expect(track(event, "u_1", &format!("b-{number}"), json!({})), &["failed"]).await;
    }
    let reader = server.management_token(json!({"name": "Ana", "scopes": ["read"]})).await;
    let input = json!({
        "reader": reader,
        "event": event,
        "endpoint": shop.url,
        "failing": track(event, "u_1", "b-9", json!({})),
    });
    play(&server, "issues", MANAGEMENT_TOKEN, &input);
}

#[tokio::test]
async fn workflows_stand_with_their_triggers_targets_and_runs() {
    if !has_browser() {
        return;
    }
    let server = Server::start().await;
    let trigger = |event: &str, key: &str| {
        json!({"event_type": event, "action_type": "workflows_trigger",
               "action_parameters": {"key": key, "recipients": {"id": "user_id"}}})
    };
    let script = "<script>alert(1)</script>";
    let shop =
        server.source("shop", "segment", json!({}), json!([trigger("Paid", "receipt"), trigger("Left", script)])).await;
    server.source("web", "segment", json!({}), json!([trigger("Bought", "receipt")])).await;
    let target =
        json!({"target": {"kind": "webhook", "url": "https://192.0.2.1/hook", "workflows": ["receipt", "welcome"]}});
    let path = "/v1/targets/crm?environment=development";
    let answer = server.manage(reqwest::Method::PUT, path).json(&target).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
    shop.expect(track("Paid", "u_1", "m-1", json!({})), &["executed"]).await;
    shop.expect(track("Left", "u_1", "m-2", json!({})), &["executed"]).await;

    let list = server.get("/v1/workflows?environment=development").await;
    let keys: Vec<&str> =
        list["entries"].as_array().unwrap().iter().map(|found| found["key"].as_str().unwrap()).collect();
    assert_eq!(keys, [script, "receipt", "welcome"], "{list}");
    let receipt = &list["entries"][1];
    assert_eq!((&receipt["recent_runs"], &receipt["targets"]), (&json!(1), &json!(["crm"])), "{receipt}");
    assert_eq!(receipt["triggers"].as_array().unwrap().len(), 2, "{receipt}");
    assert_eq!(list["entries"][0]["has_no_target"], true, "{list}");
    let production = server.get("/v1/workflows?environment=production").await;
    assert_eq!(production["entries"], json!([]), "environments do not see each other");
    play(&server, "workflows", MANAGEMENT_TOKEN, &json!({"script": script}));
}
