//! Events about sources and their plugins.

use std::{
    fs,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use inlet_system_tests::{Endpoint, Receiver, Server, track};
use serde_json::json;

use tempfile::TempDir;

use super::{PATIENCE, list, options, received, restart_changed, wait_for};
use crate::{quarantine, toolchains};

/// The message of the log for refused webhooks.
const REFUSED: &str = "webhooks were refused; the source's status and refused requests say more";

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

/// Returns the numbers of refusals of a cause that the log has told so far: at once, and once a minute.
fn refusals_told(server: &Server, cause: &str) -> Vec<u64> {
    let log = server.log();
    let lines = log.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let fields = lines.map(|line| line["fields"].clone()).filter(|fields| fields["message"] == REFUSED);
    fields.filter(|fields| fields["cause"] == cause).map(|fields| fields["count"].as_u64().unwrap()).collect()
}

/// Six minutes pass by libfaketime, one whenever the server has told of the one before.
#[tokio::test]
async fn a_source_whose_sender_is_refused_for_minutes() {
    let Some(library) = toolchains::libfaketime() else {
        return toolchains::skipped("minutes of refusals", "libfaketime is not installed");
    };
    let directory = TempDir::new().unwrap();
    let offset = directory.path().join("offset");
    // A file that is half written would be another time.
    let advance_to = |seconds: usize| {
        let next = directory.path().join("next");
        fs::write(&next, format!("+{seconds}")).unwrap();
        fs::rename(next, &offset).unwrap();
    };
    advance_to(0);
    let operations = Receiver::start();
    let options = options(&operations)
        .env("INLET_TRUSTED_PROXIES", r#"["127.0.0.1"]"#)
        .env("INLET_REFUSED_REQUESTS_PER_ADDRESS", "1")
        .env("LD_PRELOAD", library.display().to_string())
        .env("FAKETIME_TIMESTAMP_FILE", offset.display().to_string())
        .env("FAKETIME_NO_CACHE", "1");
    let server = Server::start_with(options).await;
    let settings = json!({"signing_secret": "a-secret-of-the-source"});
    let endpoint = server.source("shop", "http", settings.clone(), json!([])).await;
    server.source("other", "http", settings, json!([])).await;
    // A request is refused by the verification, all others of the minute for their number.
    let refuse = async |endpoint: &Endpoint| {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let request = endpoint.post(r#"{"event":"E"}"#).header("x-webhook-secret", "wrong");
            let status = request.header("x-forwarded-for", "198.51.100.1").send().await.unwrap().status().as_u16();
            match status {
                429 => return,
                401 => assert!(Instant::now() < deadline, "it is not refused for its number"),
                other => panic!("{other}"),
            }
        }
    };
    let told_of = async |lines: usize| {
        let deadline = Instant::now() + PATIENCE;
        while refusals_told(&server, "too_many_refused").len() < lines {
            assert!(Instant::now() < deadline, "{lines}: {:?}", refusals_told(&server, "too_many_refused"));
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    refuse(&endpoint).await;
    told_of(1).await;
    for minute in 1..=5 {
        assert!(!received(&operations).iter().any(|event| event["type"] == "source.rate_limited"), "minute {minute}");
        refuse(&endpoint).await;
        advance_to(61 * minute);
        told_of(1 + minute).await;
    }
    let event = wait_for(&operations, "source.rate_limited").await;
    let data = &event["data"];
    assert_eq!((&data["environment"], &data["source"]), (&json!("development"), &json!("shop")));
    assert_eq!((&data["cause"], &data["minutes"]), (&json!("too_many_refused"), &json!(5)));
    assert_eq!(data["reason"], "requests of the source \"shop\" have been refused for 5 minutes: too_many_refused");
    assert!(data["what_to_do"].as_str().unwrap().contains("let it send less at once"), "{event}");
    let listed = list(&server, "&type=source.rate_limited").await;
    assert_eq!(listed.len(), 1, "{listed:?}");
    assert_eq!(listed[0]["subject"], "source/shop/too_many_refused");
}
