//! A source's event types, and trying a request.

use inlet_system_tests::{MANAGEMENT_TOKEN, SEGMENT_SECRET, Server, track};
use serde_json::json;

use super::{has_browser, play};

#[tokio::test]
async fn an_event_type_shows_its_fields_and_a_failed_event_beside_a_good_one() {
    if !has_browser() {
        return;
    }
    let server = Server::start().await;
    let hostile = "<script>alert(1)</script>";
    let event = format!("Paid {hostile}");
    let mapping = json!([{"event_type": event, "action_type": "workflows_trigger",
        "action_parameters": {"key": "receipt", "recipients": {"id": "data.to"}}}]);
    let shop = server.source("shop", "segment", json!({}), mapping).await;
    shop.expect(track("Other", "u_1", "o-1", json!({})), &["logged"]).await;
    let exact = |body: String| body.replace("\"EXACT\"", "12345678901234567890.10");
    shop.expect(exact(track(&event, "u_1", "m-1", json!({"to": "u_1", "total": "EXACT"}))), &["executed"]).await;
    shop.expect(exact(track(&event, "u_1", "m-2", json!({"to": "u_2", "total": "EXACT"}))), &["executed"]).await;
    shop.expect(track(&event, "u_1", "m-3", json!({hostile: hostile, "total": "12"})), &["failed"]).await;
    let input = json!({"hostile": hostile, "event": format!("track/{event}")});
    play(&server, "source_events", MANAGEMENT_TOKEN, &input);
}

#[tokio::test]
async fn a_request_is_tried_rehearsed_and_for_real() {
    if !has_browser() {
        return;
    }
    let server = Server::start().await;
    server.source("shop", "segment", json!({"signing_secret": SEGMENT_SECRET}), json!([])).await;
    play(&server, "try_it", MANAGEMENT_TOKEN, &json!({"hostile": "<script>alert(1)</script>"}));
}
