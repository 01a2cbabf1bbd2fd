//! Failures that were prepared, each found and cured from the overview.

use inlet_system_tests::{
    Endpoint, MANAGEMENT_TOKEN, Receiver, ReceiverAnswer, SEGMENT_SECRET, Server, ServerOptions, hmac_sha1,
    http_version, track,
};
use serde_json::{Value, json};

use super::{has_browser, play};
use crate::quarantine;

fn trigger(event: &str, key: &str, recipients: &str) -> Value {
    json!({"event_type": event, "action_type": "workflows_trigger",
        "action_parameters": {"key": key, "recipients": recipients}})
}

/// Creates a source with a name for people.
async fn source(server: &Server, key: &str, name: &str, provider: &str, settings: Value, mappings: Value) -> Endpoint {
    let source = json!({
        "name": name, "preconfigured_provider": provider,
        "environment_settings": {"development": {"settings": settings, "mappings": mappings}},
    });
    let (status, answer) = server.try_put_source(key, "development", source).await;
    assert_eq!(status, 200, "{answer}");
    server.endpoint_of(&answer["source"], "development")
}

/// Prepares ten failures, and returns the source whose plugin is quarantined.
async fn prepare(server: &Server, failing: &Receiver) {
    // A wrong secret, and a URL with a slash too many.
    let wrong_secret = json!({"signing_secret": "a typo"});
    let billing = source(server, "billing", "Billing", "segment", wrong_secret, json!([])).await;
    let body = track("Paid", "u_1", "b-1", json!({}));
    let signature = hmac_sha1(SEGMENT_SECRET, body.as_bytes());
    let sent = billing.post(body).header("x-signature", signature).send().await.unwrap();
    assert_eq!(sent.status(), 401);
    let nearly = billing.url.replace("/integrations/", "//integrations/");
    assert_eq!(server.client.post(nearly).body("{}").send().await.unwrap().status(), 404);

    // A payload that cannot be read.
    let tracker = source(server, "tracker", "Tracker", "segment", json!({}), json!([])).await;
    tracker.expect("{ this is no JSON", &["rejected"]).await;

    // Recipients that point nowhere or are unknown, a workflow without a target, one whose target answers 500, a type without a
    // mapping, and a duplicate.
    failing.answer_always(ReceiverAnswer::new(500, "the engine is down"));
    let target = json!({"target": {"kind": "webhook", "url": failing.url, "workflows": ["invoice"]}});
    let put = server.manage(reqwest::Method::PUT, "/v1/targets/crm?environment=development").json(&target);
    assert_eq!(put.send().await.unwrap().status(), 200);
    let mappings = json!([
        trigger("track/Refunded", "refund", "data.missing"),
        trigger("track/Welcomed", "welcome", "user_id"),
        trigger("track/Ordered", "order", "user_id"),
        trigger("track/Invoiced", "invoice", "user_id"),
    ]);
    let settings = json!({"handle_identifies": true, "enforce_idempotency": true});
    let shop = source(server, "shop", "Shop", "segment", settings, mappings).await;
    let identify = json!({"type": "identify", "userId": "u_1", "messageId": "i-1", "traits": {"name": "Ana"}});
    shop.expect(identify.to_string(), &["executed"]).await;
    shop.expect(track("Refunded", "u_1", "s-1", json!({"customer": "u_1"})), &["failed"]).await;
    shop.expect(track("Welcomed", "u_stranger", "s-2", json!({})), &["skipped"]).await;
    shop.expect(track("Ordered", "u_1", "s-3", json!({})), &["executed"]).await;
    shop.expect(track("Invoiced", "u_1", "s-4", json!({})), &["executed"]).await;
    shop.expect(track("Viewed", "u_1", "s-5", json!({})), &["logged"]).await;
    shop.expect(track("Ordered", "u_1", "s-3", json!({})), &["replayed"]).await;

    // A version that breaks off, after one that works.
    let (status, answer) = server.add_version("acme/http", "", &http_version("acme/http", "1.0.0")).await;
    assert_eq!(status, 201, "{answer}");
    let crm = source(server, "crm", "CRM", "acme/http", json!({}), json!([])).await;
    quarantine::add(server, "2.0.0").await;
    let (status, answer) = server.use_version("crm", "2.0.0", true).await;
    assert_eq!(status, 200, "{answer}");
    quarantine::until_quarantined(&crm).await;
}

/// Waits until the status of all sources has everything that the overview shows.
async fn settled(server: &Server) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    loop {
        let status = server.get("/v1/sources/shop/status?environment=development").await;
        let statistics = server.get("/v1/statistics?source=shop&environment=development").await;
        let counts = &statistics["entries"][0]["outcomes"];
        if status.to_string().contains("delivery_dead") && counts["replayed"].is_array() && counts["skipped"].is_array()
        {
            return;
        }
        assert!(std::time::Instant::now() < deadline, "{status} {statistics}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

/// Prints the clicks and the seconds of each.
#[tokio::test]
async fn failures_are_found_from_the_overview_and_cured() {
    if !has_browser() {
        return;
    }
    let options = ServerOptions::default().env("INLET_DELIVERY_ALLOWED_ADDRESSES", "[\"127.0.0.0/8\"]");
    let server = Server::start_with(options.env("INLET_DELIVERY_RETRY_SECONDS", "[]")).await;
    let (failing, working) = (Receiver::start(), Receiver::start());
    prepare(&server, &failing).await;
    settled(&server).await;
    let input = json!({"secret": SEGMENT_SECRET, "receiver": working.url});
    println!("{}", play(&server, "failures", MANAGEMENT_TOKEN, &input));
    // The delivery that was given up arrives where it should.
    let requests = working.wait_for(1).await;
    assert!(requests.iter().any(|request| request.json()["data"]["workflow"] == "invoice"), "{requests:?}");
}
