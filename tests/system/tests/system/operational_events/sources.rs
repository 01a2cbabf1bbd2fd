//! Events about sources and their plugins.

use std::time::{SystemTime, UNIX_EPOCH};

use inlet_system_tests::{Receiver, Server, track};
use serde_json::json;

use super::{list, options, restart_changed, wait_for};
use crate::quarantine;

const HOUR_MS: i64 = 60 * 60 * 1000;

#[tokio::test]
async fn a_plugin_that_is_quarantined() {
    let operations = Receiver::start();
    let server = Server::start_with(options(&operations)).await;
    quarantine::add(&server, "1.0.0").await;
    let endpoint = server.source("crm", "acme/http", json!({}), json!([])).await;
    quarantine::until_quarantined(&endpoint).await;
    let event = wait_for(&operations, "plugin.quarantined").await;
    let data = &event["data"];
    assert_eq!((&data["environment"], &data["source"]), (&json!("development"), &json!("crm")));
    assert_eq!((&data["plugin"], &data["version"]), (&json!("acme/http"), &json!("1.0.0")));
    assert_eq!(
        data["reason"],
        "the plugin acme/http 1.0.0 failed on most requests of the source \"crm\": they are stored and not run"
    );
    let event = wait_for(&operations, "source.needs_attention").await;
    assert_eq!(event["data"]["source"], "crm");
}

/// Returns a map of hours as it is stored: a ring of 704 bits in words of 64, the least bit of a word first.
fn hours(marked: impl IntoIterator<Item = i64>) -> String {
    let mut words = [0_u64; 11];
    for hour in marked {
        let at = hour.rem_euclid(704);
        words[usize::try_from(at / 64).unwrap()] |= 1 << (at % 64);
    }
    words.iter().map(|word| format!("{word:016x}")).collect()
}

#[tokio::test]
async fn a_source_that_is_silent() {
    let operations = Receiver::start();
    let server = Server::start_with(options(&operations)).await;
    let endpoint = server.source("shop", "segment", json!({}), json!([])).await;
    let paid = |id: &str| track("Order Paid", "u_1", id, json!({}));
    endpoint.expect(paid("m-1"), &["logged"]).await;
    endpoint.expect(track("Rare", "u_1", "m-2", json!({})), &["logged"]).await;
    // As if the server had watched for four weeks, and the type had come in each hour until five hours ago.
    let now_ms = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap();
    let (now, last) = (now_ms / HOUR_MS, now_ms / HOUR_MS - 5);
    let statements = [
        format!("UPDATE event_types SET last_received_at_ms = {} WHERE event_type LIKE '%Order Paid'", now_ms - 5 * HOUR_MS),
        format!("INSERT OR REPLACE INTO watched_hours VALUES (1, {now}, x'{}')", hours(now - 671..=now)),
        format!(
            "INSERT OR REPLACE INTO event_type_hours
             SELECT source_environment_id, event_type, {last}, x'{}' FROM event_types WHERE event_type LIKE '%Order Paid'",
            hours(now - 100..=last)
        ),
    ];
    let (_directory, server) = restart_changed(server, options(&operations), &statements).await;
    let event = wait_for(&operations, "source.silent").await;
    let data = &event["data"];
    assert_eq!((&data["environment"], &data["source"]), (&json!("development"), &json!("shop")));
    assert_eq!(data["silent_types"], 1);
    let silent = &data["event_types"][0];
    assert!(silent["event_type"].as_str().unwrap().ends_with("Order Paid"), "{event}");
    // An hour may have ended since the clock was read.
    assert!([4, 5].contains(&silent["silent_hours"].as_i64().unwrap()), "{event}");
    assert_eq!(silent["longest_pause_hours"], 0);
    assert_eq!(list(&server, "&type=source.silent").await[0]["subject"], "source/shop");
}
