//! Converts stored event logs and action logs to responses.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use inlet_api_types::{
    RawJson,
    hints::EventHints,
    logs::{MAX_COUNTED_DELIVERIES, SourceLog, SourceLogAction, StageTimes},
};
use inlet_core::{
    Uuid,
    hints::Hints,
    log::{Original, Outcome, TimedStage},
    time,
};
use inlet_engine::snapshot::Endpoint;
use inlet_store::{Kept, StoredAction, StoredEvent};

use super::personal_data::hide;
use crate::{
    deliveries::response as deliveries, id::inserted_at, providers::response::plugin_ref, stored_json::stored_json,
};

const _: () = assert!(MAX_COUNTED_DELIVERIES as usize == StoredEvent::MAX_COUNTED, "the API tells the store's limit");

/// Returns the log entry of an event of this source environment.
pub fn log(event: StoredEvent, endpoint: &Endpoint, with_actions: bool) -> SourceLog {
    match endpoint.hides_personal_data {
        true => SourceLog { personal_data_hidden: true, ..shown(hide(event), endpoint, with_actions) },
        false => shown(event, endpoint, with_actions),
    }
}

/// Returns the log entry with its actions, for the code of the environment, from which nothing is hidden.
pub fn whole_log(event: StoredEvent, endpoint: &Endpoint) -> SourceLog {
    shown(event, endpoint, true)
}

fn shown(event: StoredEvent, endpoint: &Endpoint, with_actions: bool) -> SourceLog {
    let inserted_at = inserted_at(event.fields.id);
    let (original, original_text, original_base64) = match event.original.content {
        Some(Original::Json(text)) => (Some(stored_json(&*text)), None, None),
        Some(Original::Text(text)) => (None, Some(text.to_string()), None),
        Some(Original::Bytes(bytes)) => (None, None, Some(STANDARD.encode(bytes))),
        None => (None, None, None),
    };
    let actions =
        with_actions.then(|| event.actions.into_iter().map(|action| log_action(action, inserted_at.clone())).collect());
    let fields = event.fields;
    SourceLog {
        id: fields.id.to_string(),
        source: endpoint.source.clone(),
        environment: endpoint.environment.clone(),
        event: fields.event_type.clone(),
        event_type: fields.event_type,
        user_id: fields.user_id,
        hints: fields.hints.map(|hints| event_hints(*hints)),
        data_size: event.data.as_ref().map(|data| data.size),
        data: event.data.and_then(kept_json),
        original,
        original_text,
        original_base64,
        original_size: event.original.size,
        body_removed: event.body_removed,
        personal_data_hidden: false,
        outcome: fields.outcome.as_str().to_owned(),
        idempotent: fields.outcome == Outcome::Replayed,
        replay_of: id_text(fields.replay_of),
        resumes: id_text(fields.resumes),
        skipped_recipients_count: fields.skipped_recipients,
        rerun_of: id_text(event.rerun_of),
        rerun_as: event.rerun_as.iter().map(Uuid::to_string).collect(),
        resends: event.resends,
        needs_attention: event.needs_attention,
        retry_at: event.retry_at_ms.map(time::write_ms),
        idempotency_key: fields.idempotency_key,
        reason: fields.reason,
        code: fields.code,
        verification_status: fields.verification_status,
        occurred_at: time::write(fields.occurred_at_us),
        received_at: time::write_ms(fields.received_at_ms),
        inserted_at,
        headers: fields.headers.as_deref().map(stored_json),
        plugin: plugin_ref(&fields.plugin),
        logs: stored_json(fields.guest_logs.as_deref().unwrap_or("[]")),
        warnings: fields.warnings,
        redacted: fields.redacted,
        stage_times: fields.stage_times.map(stage_times),
        preprocess_output: (),
        actions,
        delivery_counts: event.deliveries.map(deliveries::counts),
        deliveries: None,
    }
}

/// Returns the hints of an event.
pub fn event_hints(hints: Hints) -> EventHints {
    let Hints { tenant, anonymous_id, group_id } = hints;
    EventHints { tenant, anonymous_id, group_id }
}

fn stage_times(times: inlet_core::log::StageTimes) -> StageTimes {
    StageTimes {
        receive_us: times.micros(TimedStage::Receive),
        verify_us: times.micros(TimedStage::Verify),
        translate_us: times.micros(TimedStage::Translate),
        plan_us: times.micros(TimedStage::Plan),
        settle_us: times.micros(TimedStage::Settle),
    }
}

fn log_action(action: StoredAction, inserted_at: String) -> SourceLogAction {
    SourceLogAction {
        id: action.id.to_string(),
        mapping_id: id_text(action.mapping),
        action_type: action.action_type,
        action_status: action.status.as_str().to_owned(),
        action_parameters: stored_json(action.parameters),
        action_payload_size: action.payload.size,
        action_payload: kept_json(action.payload),
        action_result: action.result.map(stored_json),
        reason: action.reason,
        found_in: stored_json(action.found_in),
        warnings: action.warnings,
        inserted_at,
    }
}

fn kept_json(kept: Kept<String>) -> Option<RawJson> {
    kept.content.map(stored_json)
}

fn id_text(id: Option<Uuid>) -> Option<String> {
    id.map(|id| id.to_string())
}
