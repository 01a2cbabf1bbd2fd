//! Responses about deliveries.

use inlet_api_types::deliveries::{
    Delivery, DeliveryAttempt, DeliveryCall, DeliveryCounts, DeliveryResponse, DeliveryStatus,
};
use inlet_core::{delivery as core, time};
use inlet_store::{ListedDelivery, StoredAttempt};

use super::personal_data;
use crate::stored_json::stored_json;

/// Returns a delivery. `hides` is true if the environment hides personal data.
pub fn delivery(listed: ListedDelivery, hides: bool) -> Delivery {
    let ListedDelivery { delivery, target, last_attempt } = match hides {
        true => personal_data::hide(listed),
        false => listed,
    };
    let is_waiting = delivery.status.is_open() && !delivery.is_under_way;
    Delivery {
        inserted_at: time::write_ms(delivery.created_at_ms()),
        id: delivery.id.to_string(),
        target,
        workflow_run_id: delivery.run.to_string(),
        workflow: delivery.workflow,
        source_event_id: delivery.source_event.to_string(),
        mapping_id: delivery.mapping.map(|id| id.to_string()),
        call: call(delivery.call),
        first_recipient: delivery.first_recipient,
        recipients_count: delivery.recipients,
        part: delivery.part,
        key: delivery.key.to_string(),
        status: status(delivery.status),
        under_way: delivery.is_under_way,
        attempts: delivery.attempts,
        tries: delivery.tries,
        next_attempt_at: delivery.due_at_ms.filter(|_| is_waiting).map(time::write_ms),
        last_response: last_attempt.and_then(response),
        last_error: delivery.last_error,
        downstream_id: delivery.downstream_id,
        finished_at: delivery.finished_at_ms.map(time::write_ms),
        attempt_log: None,
    }
}

/// Returns a delivery with its attempts.
pub fn whole_delivery(listed: ListedDelivery, attempts: Vec<StoredAttempt>, hides: bool) -> Delivery {
    let attempts = attempts.into_iter().map(|stored| match hides {
        true => personal_data::hide_attempt(stored),
        false => stored,
    });
    Delivery { attempt_log: Some(attempts.map(attempt).collect()), ..delivery(listed, hides) }
}

/// Returns the numbers of deliveries by status.
pub fn counts(counts: core::DeliveryCounts) -> DeliveryCounts {
    let core::DeliveryCounts { pending, retrying, delivered, dead, canceled } = counts;
    DeliveryCounts { pending, retrying, delivered, dead, canceled }
}

/// Returns the call of a delivery.
pub fn call(call: core::DeliveryCall) -> DeliveryCall {
    match call {
        core::DeliveryCall::Trigger => DeliveryCall::Trigger,
        core::DeliveryCall::Cancel => DeliveryCall::Cancel,
    }
}

/// Returns the status of a delivery.
pub fn status(status: core::DeliveryStatus) -> DeliveryStatus {
    match status {
        core::DeliveryStatus::Pending => DeliveryStatus::Pending,
        core::DeliveryStatus::Retrying => DeliveryStatus::Retrying,
        core::DeliveryStatus::Delivered => DeliveryStatus::Delivered,
        core::DeliveryStatus::Dead => DeliveryStatus::Dead,
        core::DeliveryStatus::Canceled => DeliveryStatus::Canceled,
    }
}

fn response(StoredAttempt { attempt, .. }: StoredAttempt) -> Option<DeliveryResponse> {
    Some(DeliveryResponse {
        status: attempt.status?,
        body: String::from_utf8_lossy(&attempt.response_body).into_owned(),
        duration_ms: attempt.duration_ms,
    })
}

fn attempt(StoredAttempt { number, is_counted, attempt }: StoredAttempt) -> DeliveryAttempt {
    DeliveryAttempt {
        number,
        attempted_at: time::write_ms(attempt.at_ms),
        duration_ms: attempt.duration_ms,
        outcome: attempt.outcome,
        counted: is_counted,
        status: attempt.status,
        error: attempt.error,
        request_headers: stored_json(attempt.request_headers),
        response_headers: stored_json(attempt.response_headers),
        response_body: String::from_utf8_lossy(&attempt.response_body).into_owned(),
    }
}
