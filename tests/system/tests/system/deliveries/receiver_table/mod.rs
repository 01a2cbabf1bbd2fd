//! Receivers of all sorts, and what the table of OPERATING.md ("Deliveries") says of each.
//!
//! A test sends one event to many targets at once, one for each row.

mod answers;
mod connections;
mod gigabyte;
mod raw_receiver;
mod slow;

use std::{
    ops::RangeInclusive,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use self::raw_receiver::RawReceiver;
use super::Deliveries;

/// The retry schedule, in seconds.
const SCHEDULE: &str = "[600, 3600]";
/// The seconds until the next attempt, as the schedule says, with its jitter and the time until an attempt is recorded.
const SCHEDULED: RangeInclusive<i64> = 480..=760;

/// A receiver, and what follows from its answer.
struct Row {
    /// The key of the target.
    key: &'static str,
    /// The target.
    target: Value,
    /// The outcome of the attempt.
    outcome: &'static str,
    /// A part of the attempt's error; empty if there is none.
    error: &'static str,
    /// The status of the delivery.
    status: &'static str,
    /// The state of the target.
    state: &'static str,
    /// The seconds until the next attempt; none if there is none, or it waits for the target.
    wait: Option<RangeInclusive<i64>>,
}

impl Row {
    /// A receiver that takes the delivery.
    fn delivered(key: &'static str, target: Value) -> Self {
        Self { key, target, outcome: "delivered", error: "", status: "delivered", state: "running", wait: None }
    }

    /// A receiver at which the attempt fails and counts.
    fn failed(key: &'static str, target: Value, error: &'static str) -> Self {
        let wait = Some(SCHEDULED);
        Self { key, target, outcome: "failed", error, status: "retrying", state: "running", wait }
    }

    /// A receiver to which nothing is sent.
    fn not_sent(key: &'static str, target: Value, error: &'static str) -> Self {
        Self { outcome: "not_sent", ..Self::failed(key, target, error) }
    }

    /// A receiver that takes no more for now.
    fn throttled(key: &'static str, target: Value, wait: RangeInclusive<i64>) -> Self {
        Self { outcome: "throttled", wait: Some(wait), ..Self::failed(key, target, "429") }
    }

    /// A receiver that refuses the request for ever.
    fn rejected(key: &'static str, target: Value, error: &'static str) -> Self {
        Self { outcome: "rejected", status: "dead", wait: None, ..Self::failed(key, target, error) }
    }

    /// A receiver that stops its target.
    fn stopping(
        key: &'static str,
        target: Value,
        outcome: &'static str,
        error: &'static str,
        state: &'static str,
    ) -> Self {
        Self { outcome, state, wait: None, ..Self::failed(key, target, error) }
    }
}

/// Returns a target `webhook`.
fn webhook(url: &str) -> Value {
    json!({"kind": "webhook", "url": url})
}

/// Returns a target `webhook` that asks for `{"ok": true}`.
fn webhook_with_success(url: &str) -> Value {
    json!({"kind": "webhook", "url": url, "options": {"success": {"pointer": "/ok", "equals": true}}})
}

/// Sends one event to the targets of all rows, and checks each row after its first attempt.
async fn check(deliveries: &Deliveries, rows: Vec<Row>, patience: Duration) {
    for row in &rows {
        let (status, answer) = deliveries.put_target(row.key, row.target.clone()).await;
        assert_eq!(status, 200, "{}: {answer}", row.key);
    }
    deliveries.order("m-1", json!({"to": [{"id": "u_1"}]})).await;
    let deadline = Instant::now() + patience;
    for row in rows {
        let key = row.key;
        let (delivery, attempt) = first_attempt(deliveries, key, deadline).await;
        assert_eq!(attempt["outcome"], row.outcome, "{key}: {attempt}");
        let is_counted = !["not_sent", "throttled", "wrong_credentials", "gone"].contains(&row.outcome);
        assert_eq!(attempt["counted"], is_counted, "{key}: {attempt}");
        let error = attempt["error"].as_str().unwrap_or_default();
        assert!(error.contains(row.error) && error.is_empty() == row.error.is_empty(), "{key}: {attempt}");
        assert_eq!(delivery["status"], row.status, "{key}: {delivery}");
        let target = match row.state {
            "running" => deliveries.target(key).await,
            state => deliveries.target_in(key, state).await,
        };
        assert_eq!(target["state"], row.state, "{key}: {target}");
        let is_open = row.status == "retrying";
        assert_eq!(target["open_deliveries"], u32::from(is_open), "{key}: nothing is lost: {target}");
        if let Some(expected) = row.wait {
            let ended = milliseconds(&attempt["attempted_at"]) + attempt["duration_ms"].as_i64().unwrap();
            let wait = milliseconds(&delivery["next_attempt_at"]) - ended;
            assert!(expected.contains(&(wait / 1000)), "{key}: the next attempt comes after {wait} ms: {delivery}");
        }
    }
}

/// Waits until the delivery to a target had its first attempt; returns both.
async fn first_attempt(deliveries: &Deliveries, target: &str, deadline: Instant) -> (Value, Value) {
    loop {
        let found = deliveries.list(&format!("&target={target}")).await;
        assert_eq!(found.len(), 1, "{target}");
        let delivery = deliveries.delivery(&found[0]["id"]).await;
        if let Some(attempt) = delivery["attempt_log"].get(0) {
            return (delivery.clone(), attempt.clone());
        }
        assert!(Instant::now() < deadline, "{target} had no attempt: {delivery}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Returns a time in milliseconds since 1970.
pub(super) fn milliseconds(time: &Value) -> i64 {
    time.as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_millisecond()
}
