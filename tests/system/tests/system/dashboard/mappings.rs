//! A source's mappings.

use inlet_system_tests::{
    Endpoint, MANAGEMENT_TOKEN, Receiver, SEGMENT_SECRET, Server, ServerOptions, hmac_sha1, track,
};
use serde_json::json;

use super::{has_browser, play};

/// Posts a signed webhook, which must be taken.
pub async fn post_signed(endpoint: &Endpoint, body: String) {
    let signature = hmac_sha1(SEGMENT_SECRET, body.as_bytes());
    let answer = endpoint.post(body).header("x-signature", signature).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
}

#[tokio::test]
async fn a_mapping_is_clicked_together_and_switched_on() {
    if !has_browser() {
        return;
    }
    let options = ServerOptions::default().env("INLET_DELIVERY_ALLOWED_ADDRESSES", "[\"127.0.0.0/8\"]");
    let server = Server::start_with(options).await;
    let receiver = Receiver::start();
    let target = json!({"target": {"kind": "webhook", "url": receiver.url}});
    let path = "/v1/targets/crm?environment=development";
    let answer = server.manage(reqwest::Method::PUT, path).json(&target).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
    let settings = json!({"signing_secret": SEGMENT_SECRET, "handle_identifies": true});
    let shop = server.source("shop", "segment", settings, json!([])).await;
    let identify = json!({"type": "identify", "userId": "u_1", "messageId": "i-1", "traits": {}});
    post_signed(&shop, identify.to_string()).await;
    let hostile = "</td><script>alert(1)</script>' onclick='alert(1)";
    let event = format!("Paid {hostile}");
    for total in ["9.99", "12.50", "20.00"] {
        let properties = json!({"customer": "u_1", "total": "TOTAL", hostile: hostile});
        let body = track(&event, "u_1", &format!("m-{total}"), properties).replace("\"TOTAL\"", total);
        post_signed(&shop, body).await;
    }
    let input = json!({
        "hostile": hostile, "event": format!("track/{event}"), "endpoint": shop.url, "secret": SEGMENT_SECRET,
    });
    play(&server, "mappings", MANAGEMENT_TOKEN, &input);
}

#[tokio::test]
async fn a_reader_sees_mappings_and_no_button_in_vain() {
    if !has_browser() {
        return;
    }
    let server = Server::start().await;
    let mapping = json!([{"event_type": "Paid", "action_type": "workflows_trigger", "when": {"data.total": {"$gte": 1}},
        "action_parameters": {"key": "receipt"}}]);
    server.source("shop", "segment", json!({}), mapping).await;
    let token = server.management_token(json!({"name": "Ana", "scopes": ["read"]})).await;
    play(&server, "mappings_read", &token, &json!({}));
}
