//! The webhook of operational events. It is signed, sent and retried as a target of the kind `webhook` is, and takes the same
//! way out.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use inlet_core::{delivery::DeliveryCall, json, time};
use inlet_store::{
    CommitError, DueOperationalEvent, OperationalAttempt, OperationalEventRecord, ReadError, Store, StoredBody,
};
use serde_json::json;

use crate::{
    delivery_head::DeliveryHead,
    pace::{FailedAttempt, RetrySchedule},
    targets::{self, Target, TargetError},
    verdict::Verdict,
    way_out::{SendError, WayOut},
};

/// The events that are read at once.
const BATCH: u32 = 50;
/// Failures in a row after which the others wait for the next run: all go to one receiver.
const MAX_FAILURES: u32 = 3;

/// The webhook that operational events are sent to.
pub struct OperationalWebhook {
    target: Box<dyn Target>,
    way_out: WayOut,
    schedule: RetrySchedule,
}

/// The reason why operational events could not be sent.
#[derive(Debug, thiserror::Error)]
pub enum OperationalSendError {
    /// The store cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The store cannot be written.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The receiver does not take them.
    #[error("{count} in a row failed, the last because {reason}")]
    Failing {
        /// The number of failures.
        count: u32,
        /// The human-readable reason of the last one.
        reason: String,
    },
}

/// Checks the URL and the signing secret of the webhook.
pub fn check(url: &str, signing_secret: &str) -> Result<(), TargetError> {
    parse(url, signing_secret).map(|_| ())
}

fn parse(url: &str, signing_secret: &str) -> Result<Box<dyn Target>, TargetError> {
    targets::parse("webhook", &json!({"url": url}), &json!({"signing_secret": signing_secret}))
}

impl OperationalWebhook {
    /// Makes the webhook.
    pub fn new(url: &str, signing_secret: &str, way_out: WayOut, schedule: RetrySchedule) -> Result<Self, TargetError> {
        Ok(Self { target: parse(url, signing_secret)?, way_out, schedule })
    }

    /// Sends the events that are due, one after the other. An event may be sent again if the process ends before its success
    /// is written; its `webhook-id` and its body stay the same.
    pub async fn send_due(&self, store: &Arc<Store>) -> Result<(), OperationalSendError> {
        let mut failures = 0;
        loop {
            let due = store.operational_events_due(BATCH).await?;
            if due.is_empty() {
                return Ok(());
            }
            for event in due {
                let verdict = self.send(&event.record).await;
                let attempt = self.end(&event, &verdict);
                metrics::counter!("inlet_operational_event_attempts_total", "outcome" => verdict.outcome())
                    .increment(1);
                let reason = match &attempt {
                    OperationalAttempt::Delivered => None,
                    OperationalAttempt::Retry { reason, .. } | OperationalAttempt::Dead { reason } => {
                        Some(reason.clone())
                    }
                };
                store.operational_attempt_end(event.record.id, attempt).await?;
                failures = if reason.is_some() { failures + 1 } else { 0 };
                if let Some(reason) = reason.filter(|_| failures >= MAX_FAILURES) {
                    return Err(OperationalSendError::Failing { count: failures, reason });
                }
            }
        }
    }

    async fn send(&self, record: &OperationalEventRecord) -> Verdict {
        let now_ms = now_ms();
        let head = DeliveryHead {
            call: DeliveryCall::Trigger,
            run: record.id,
            workflow: record.event_type.clone(),
            key: record.id,
            created_at_ms: record.raised_at_ms,
            first_recipient: 0,
            recipients: 0,
            answers: 0,
        };
        let body = StoredBody { content_type: "application/json".to_owned(), body: Bytes::from(body(record)) };
        let request = match self.target.request(&head, &body, now_ms) {
            Ok(Some(request)) => request,
            // A webhook always makes one.
            Ok(None) => return Verdict::NotSent { reason: "there is nothing to send".to_owned() },
            Err(error) => return Verdict::Dead { reason: error.to_string() },
        };
        match self.way_out.send(request).await {
            Ok(answer) => self.target.judge(DeliveryCall::Trigger, &answer, now_ms),
            Err(SendError::NotSent(reason)) => Verdict::NotSent { reason },
            Err(SendError::Unanswered(reason)) => Verdict::Retry { reason, after: None },
        }
    }

    fn end(&self, event: &DueOperationalEvent, verdict: &Verdict) -> OperationalAttempt {
        let (is_counted, asked) = match verdict {
            Verdict::Delivered { .. } => return OperationalAttempt::Delivered,
            Verdict::Throttled { after, .. } => (false, *after),
            Verdict::NotSent { .. } => (false, None),
            Verdict::Retry { after, .. } => (true, *after),
            Verdict::Dead { .. } | Verdict::WrongCredentials { .. } | Verdict::TargetGone { .. } => (true, None),
        };
        let reason = verdict.reason().unwrap_or("the answer is no success").to_owned();
        let tries = event.record.attempts + 1;
        let failed = FailedAttempt { attempts: tries, tries, age: event.age, is_counted, asked };
        match self.schedule.next(failed, random()) {
            Some(after) => OperationalAttempt::Retry { after: after.max(Duration::from_millis(1)), reason },
            None => OperationalAttempt::Dead { reason },
        }
    }
}

/// Returns the body: the same at every attempt.
fn body(record: &OperationalEventRecord) -> String {
    let (event_type, timestamp) = (json::quote(&record.event_type), json::quote(&time::write_ms(record.raised_at_ms)));
    json::object([("type", event_type.as_str()), ("timestamp", &timestamp), ("data", &record.data)])
}

/// Returns the system's time, in milliseconds since 1970.
fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Returns a random number from 0 to 1; the middle if the system has none.
fn random() -> f64 {
    getrandom::u32().map_or(0.5, |number| f64::from(number) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use inlet_core::Uuid;
    use inlet_store::OperationalEventStatus;

    use super::*;

    #[test]
    fn a_body_is_the_events_type_time_and_data() {
        let record = OperationalEventRecord {
            id: Uuid::nil(),
            event_type: "target.disabled".to_owned(),
            environment_id: Some(1),
            subject: "target/crm".to_owned(),
            raised_at_ms: 1_767_323_045_000,
            data: r#"{"environment":"production","target":"crm"}"#.to_owned(),
            repeats: 3,
            status: OperationalEventStatus::Pending,
            attempts: 2,
            due_at_ms: None,
            last_error: None,
        };
        insta::assert_snapshot!(body(&record), @r#"{"type":"target.disabled","timestamp":"2026-01-02T03:04:05.000Z","data":{"environment":"production","target":"crm"}}"#);
    }

    #[test]
    fn settings_that_cannot_work_say_why() {
        assert!(check("https://ops.example.com/inlet", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").is_ok());
        insta::assert_snapshot!(check("ops.example.com", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap_err(), @"/url: it is no such URL; expected a URL that starts with https:// or http://");
        insta::assert_snapshot!(check("https://ops.example.com", "secret").unwrap_err(), @"/signing_secret: expected whsec_ and base64 of 24 to 64 bytes, or a list of these with the newest first");
    }
}
