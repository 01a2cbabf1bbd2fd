//! Every main page: light and wide, then dark and as narrow as a phone; and the keys.

use inlet_system_tests::{MANAGEMENT_TOKEN, Receiver, Server, ServerOptions, track};
use serde_json::json;

use super::{has_browser, play};

#[tokio::test]
async fn every_main_page_is_accessible_and_fits_a_phone() {
    if !has_browser() {
        return;
    }
    let server =
        Server::start_with(ServerOptions::default().env("INLET_DELIVERY_ALLOWED_ADDRESSES", "[\"127.0.0.0/8\"]")).await;
    let receiver = Receiver::start();
    let target = json!({"target": {"kind": "webhook", "url": receiver.url}});
    let path = "/v1/targets/crm?environment=development";
    let answer = server.manage(reqwest::Method::PUT, path).json(&target).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
    let trigger = |event: &str, recipients: &str| {
        json!({"event_type": event, "action_type": "workflows_trigger",
            "action_parameters": {"key": "receipt", "recipients": recipients}})
    };
    let mappings = json!([trigger("Paid", "user_id"), trigger("Broken", "data.missing")]);
    let shop = server.source("shop", "segment", json!({"handle_identifies": true}), mappings).await;
    let identify =
        json!({"type": "identify", "userId": "u_1", "messageId": "i-1", "traits": {"email": "ana@example.com"}});
    shop.expect(identify.to_string(), &["executed"]).await;
    shop.expect(track("Paid", "u_1", "p-1", json!({"total": 39.5, "note": "it's 5 € \"net\""})), &["executed"]).await;
    for number in 0..3 {
        shop.expect(track("Broken", "u_1", &format!("b-{number}"), json!({})), &["failed"]).await;
    }
    shop.try_send("[17]").await;
    play(&server, "walk", MANAGEMENT_TOKEN, &json!({"endpoint": shop.url}));
}
