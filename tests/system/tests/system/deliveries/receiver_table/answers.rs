//! Answers that come at once.

use std::time::Duration;

use inlet_system_tests::{Receiver, ReceiverAnswer};
use serde_json::{Value, json};

use super::{RawReceiver, Row, SCHEDULE, SCHEDULED, check, webhook, webhook_with_success};
use crate::deliveries::Deliveries;

const PATIENCE: Duration = Duration::from_secs(60);

/// Starts a receiver with this answer; returns its URL.
fn answering(answer: ReceiverAnswer) -> String {
    let receiver = Receiver::start();
    receiver.answer_always(answer);
    receiver.url
}

fn status(status: u16) -> String {
    answering(ReceiverAnswer::new(status, "{}"))
}

fn with(status: u16, header: &'static str, value: &str) -> String {
    answering(ReceiverAnswer::new(status, "{}").header(header, value))
}

/// Returns a target `events`.
fn events(url: &str) -> Value {
    json!({"kind": "events", "url": url, "write_key": "w-1"})
}

#[tokio::test]
async fn a_webhook_judges_by_the_status_and_the_option_success() {
    let behind = Receiver::start();
    let year = (365 * 24 * 3600).to_string();
    let rows = vec![
        Row::delivered("ok", webhook(&status(204))),
        Row::delivered("ok-no-json", webhook(&answering(ReceiverAnswer::new(200, "<html>")))),
        Row::delivered("success", webhook_with_success(&answering(ReceiverAnswer::new(200, r#"{"ok":true}"#)))),
        Row::failed(
            "ok-that-fails",
            webhook_with_success(&answering(ReceiverAnswer::new(200, r#"{"ok":false}"#))),
            "its body says false at /ok",
        ),
        Row::failed("fails", webhook(&status(500)), "500"),
        Row::failed("refuses", webhook(&status(401)), "401"),
        Row::failed("bad-request", webhook(&status(422)), "422"),
        Row {
            wait: Some(1000..=1040),
            ..Row::failed("unavailable", webhook(&with(503, "retry-after", "1000")), "503")
        },
        Row::throttled("throttles", webhook(&with(429, "retry-after", "1000")), 1000..=1040),
        Row::throttled("throttles-soon", webhook(&with(429, "retry-after", "0")), SCHEDULED),
        Row::throttled("throttles-before", webhook(&with(429, "retry-after", "-5")), SCHEDULED),
        Row::throttled(
            "throttles-in-the-past",
            webhook(&with(429, "retry-after", "Thu, 01 Jan 1970 00:00:00 GMT")),
            SCHEDULED,
        ),
        Row::throttled("throttles-a-year", webhook(&with(429, "retry-after", &year)), 3600..=3640),
        Row::stopping("gone", webhook(&status(410)), "gone", "410", "disabled"),
        Row::failed(
            "redirects",
            webhook(&with(302, "location", &format!("{}/meta-data", behind.url))),
            "redirects are not followed",
        ),
        Row::failed("redirects-with-body", webhook(&with(307, "location", &behind.url)), "redirects are not followed"),
    ];
    check(&Deliveries::start_with(SCHEDULE).await, rows, PATIENCE).await;
    assert_eq!(behind.requests().len(), 0, "no redirect was followed");
}

#[tokio::test]
async fn other_kinds_tell_wrong_credentials_and_requests_that_never_succeed() {
    let temporal = |url: &str| json!({"kind": "temporal", "url": url});
    let knock = |url: &str| json!({"kind": "knock", "url": url, "api_key": "sk_1"});
    let novu = |url: &str| json!({"kind": "novu", "url": url, "api_key": "n_1"});
    let stopping = |key, target| Row::stopping(key, target, "wrong_credentials", "credentials", "paused");
    let rows = vec![
        stopping("events-401", events(&status(401))),
        stopping("events-403", events(&status(403))),
        stopping("temporal-401", temporal(&status(401))),
        stopping("knock-403", knock(&status(403))),
        stopping("novu-401", novu(&status(401))),
        Row::rejected("events-400", events(&status(400)), "400"),
        Row::rejected("events-413", events(&status(413)), "413"),
        Row::rejected("events-422", events(&status(422)), "422"),
        Row::rejected("temporal-400", temporal(&status(400)), "400"),
        Row::rejected("knock-413", knock(&status(413)), "413"),
        Row::rejected("novu-422", novu(&status(422)), "422"),
        Row::stopping("events-410", events(&status(410)), "gone", "410", "disabled"),
        Row::failed("temporal-404", temporal(&status(404)), "404"),
        Row::failed("knock-404", knock(&status(404)), "404"),
        Row::failed("novu-empty", novu(&status(201)), "its body says nothing"),
    ];
    check(&Deliveries::start_with(SCHEDULE).await, rows, PATIENCE).await;
}

#[tokio::test]
async fn broken_answers_are_failed_attempts() {
    let broken = "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{\"ok\":true}";
    let head = RawReceiver::start(|stream| {
        use std::io::Write as _;
        stream.write_all(b"HTTP/1.1 200 OK\r\n")?;
        loop {
            stream.write_all(&[b"x: ", [b'x'; 1000].as_slice(), b"\r\n"].concat())?;
        }
    });
    let rows = vec![
        Row::failed("closes", webhook(&RawReceiver::writing("").url), "connection closed"),
        Row::failed("no-http", webhook(&RawReceiver::writing("SSH-2.0-OpenSSH_9.2\r\n").url), "invalid HTTP"),
        Row::failed("endless-head", webhook(&head.url), "too large"),
        Row::delivered("breaks", webhook(&RawReceiver::writing(broken).url)),
        Row::failed("breaks-success", webhook_with_success(&RawReceiver::writing(broken).url), "the connection broke"),
    ];
    check(&Deliveries::start_with(SCHEDULE).await, rows, PATIENCE).await;
}
