//! What needs attention in the dashboard, in Chromium: the cures of causes on the overview.

use inlet_system_tests::{MANAGEMENT_TOKEN, SEGMENT_SECRET, Server, hmac_sha1, track};
use serde_json::json;

use super::dashboard::{has_browser, play};

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
