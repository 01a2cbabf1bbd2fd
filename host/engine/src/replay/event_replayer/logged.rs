//! The parts of an event that its log entry keeps.

use inlet_core::{ByteString, contract::Body, event::LoggedEvent, log::Original};
use inlet_store::StoredEvent;

/// Returns what planning needs of an event that was planned once. `None` if it never was.
pub(super) fn planned(event: &StoredEvent) -> Option<LoggedEvent> {
    let data = event.data.as_ref()?.content.as_deref().filter(|data| !data.is_empty())?;
    Some(LoggedEvent {
        event_type: event.event_type.clone(),
        user_id: event.user_id.clone(),
        data: ByteString::from(data),
        data_at: event.data_at,
        original: event.original.content.clone()?,
        idempotency_key: event.idempotency_key.clone(),
        occurred_at_us: event.occurred_at_us,
        verification_status: event.verification_status.clone(),
        headers: event.headers.clone(),
        hints: event.hints.clone(),
        redacted: event.redacted.clone(),
    })
}

/// Returns the logged body of an item, as a body of its own.
pub(super) fn body_of(event: &StoredEvent) -> Option<Body> {
    match event.original.content.clone()? {
        Original::Json(text) | Original::Text(text) => Some(Body::Text(text)),
        Original::Bytes(bytes) => Some(Body::Bytes(bytes)),
    }
    .filter(|body: &Body| !body.as_bytes().is_empty())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use inlet_core::{
        Uuid,
        log::{EventFields, Outcome, PluginRef},
    };
    use inlet_store::{Kept, OriginalKind};

    use super::{super::error::EventReplayError, *};

    fn stored(original: &str, data: Option<&str>) -> StoredEvent {
        let original = Original::Json(original.into());
        let plugin = PluginRef { key: "http".to_owned(), version: String::new(), digest: String::new() };
        StoredEvent {
            fields: EventFields {
                event_type: "E".to_owned(),
                outcome: Outcome::Rejected,
                verification_status: "verified".to_owned(),
                ..EventFields::new(Uuid::nil(), 0, Arc::new(plugin))
            },
            source_environment_id: 1,
            data: data.map(|data| Kept { content: Some(data.to_owned()), size: data.len() as u64 }),
            data_at: None,
            original_kind: OriginalKind::Json,
            original: Kept { size: original.len() as u64, content: Some(original) },
            rerun_of: None,
            rerun_as: Vec::new(),
            resends: 0,
            needs_attention: true,
            retry_at_ms: None,
            body_removed: false,
            actions: Vec::new(),
            deliveries: None,
        }
    }

    #[test]
    fn what_was_planned_comes_from_its_log_and_all_else_from_what_came() {
        let event = stored(r#"{"a":1}"#, Some(r#"{"a":1}"#));
        assert_eq!(planned(&event).map(|logged| logged.data.to_string()).as_deref(), Some(r#"{"a":1}"#));
        let rejected = stored(r#"{"a":1}"#, None);
        assert!(planned(&rejected).is_none());
        assert_eq!(body_of(&rejected), Some(Body::Text(r#"{"a":1}"#.into())));
    }

    #[test]
    fn past_the_retention_of_bodies_there_is_nothing_to_carry_out_again() {
        for pruned in [stored("", None), stored("", Some(""))] {
            assert!(planned(&pruned).is_none());
            assert_eq!(body_of(&pruned), None);
        }
        insta::assert_snapshot!(EventReplayError::NothingKept, @"nothing is kept of what came: it was empty, or it is past its environment's retention of bodies; let the sender send it again");
    }
}
