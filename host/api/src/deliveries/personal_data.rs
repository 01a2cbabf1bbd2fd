//! Masks deliveries of environments that hide personal data: what a target answered may repeat what it was sent. Statuses,
//! times, names of headers and what the server made stay.

use bytes::Bytes;
use inlet_core::json;
use inlet_store::{AttemptRecord, DeliveryRecord, ListedDelivery, StoredAttempt};

use crate::sources::logs::personal_data::{HIDDEN, hide_quoted};

/// Hides what the target answered.
pub fn hide(listed: ListedDelivery) -> ListedDelivery {
    let delivery = DeliveryRecord {
        last_error: listed.delivery.last_error.as_deref().map(hide_quoted),
        downstream_id: listed.delivery.downstream_id.map(|_| HIDDEN.to_owned()),
        ..listed.delivery
    };
    ListedDelivery { delivery, last_attempt: listed.last_attempt.map(hide_attempt), ..listed }
}

/// Hides what the target answered to an attempt.
pub fn hide_attempt(stored: StoredAttempt) -> StoredAttempt {
    let attempt = stored.attempt;
    let response_body = match attempt.response_body.is_empty() {
        true => Bytes::new(),
        false => Bytes::from_static(HIDDEN.as_bytes()),
    };
    let attempt = AttemptRecord {
        error: attempt.error.as_deref().map(hide_quoted),
        response_headers: json::mask(&attempt.response_headers),
        response_body,
        ..attempt
    };
    StoredAttempt { attempt, ..stored }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_was_answered_is_left() {
        let attempt = AttemptRecord {
            at_ms: 0,
            duration_ms: 7,
            outcome: "retry".to_owned(),
            status: Some(500),
            error: Some(r#"it answered 500: "ana is unwell""#.to_owned()),
            request_headers: r#"{"webhook-id":"k"}"#.to_owned(),
            response_headers: r#"{"x-user":"ana"}"#.to_owned(),
            response_body: Bytes::from_static(b"ana is unwell"),
        };
        let hidden = hide_attempt(StoredAttempt { number: 1, is_counted: true, attempt });
        insta::assert_snapshot!(hidden.attempt.error.as_deref().unwrap(), @r#"it answered 500: "…""#);
        assert_eq!(hidden.attempt.response_headers, r#"{"x-user":"…"}"#);
        assert_eq!(hidden.attempt.response_body, "…".as_bytes());
        assert_eq!(
            (hidden.attempt.status, hidden.attempt.request_headers.as_str()),
            (Some(500), r#"{"webhook-id":"k"}"#)
        );
    }
}
