//! The response about an operational event.

use inlet_api_types::operational_events::{OperationalEvent, OperationalEventStatus};
use inlet_core::time;
use inlet_engine::snapshot::Snapshot;
use inlet_store::{OperationalEventRecord, OperationalEventStatus as Status};

use crate::stored_json::stored_json;

/// Returns the response for an event.
pub fn operational_event(record: OperationalEventRecord, snapshot: &Snapshot) -> OperationalEvent {
    let find = |id: i64| snapshot.environments.iter().find(|known| known.id == id);
    OperationalEvent {
        id: record.id.to_string(),
        event_type: record.event_type,
        timestamp: time::write_ms(record.raised_at_ms),
        environment: record.environment_id.and_then(find).map(|environment| environment.slug.clone()),
        subject: record.subject,
        data: stored_json(record.data),
        repeats: record.repeats,
        status: match record.status {
            Status::Pending => OperationalEventStatus::Pending,
            Status::Delivered => OperationalEventStatus::Delivered,
            Status::Dead => OperationalEventStatus::Dead,
            Status::Unsent => OperationalEventStatus::Unsent,
        },
        attempts: record.attempts,
        next_attempt_at: record.due_at_ms.map(time::write_ms),
        last_error: record.last_error,
    }
}
