//! Converts stored event logs and action logs to responses.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use inlet_api_types::RawJson;
use inlet_core::{
    Uuid,
    log::{Original, Outcome},
    time,
};
use inlet_engine::snapshot::Endpoint;
use inlet_store::{Kept, StoredAction, StoredEvent};
use serde::Serialize;
use utoipa::ToSchema;

use super::personal_data::hide;
use crate::{id::inserted_at, providers::response::ShownPlugin, stored_json::stored_json};

/// What came, what it became, and what was done about it.
#[derive(Serialize, ToSchema)]
#[schema(as = SourceLog)]
pub struct LogEntry {
    /// Its id; later ones are greater.
    #[schema(format = Uuid)]
    id: String,
    /// The source.
    source: String,
    /// The environment.
    environment: String,
    /// The same as `event_type`.
    event: String,
    /// What mappings match on; empty when the item has none.
    event_type: String,
    /// Whom it is about.
    #[schema(required)]
    user_id: Option<String>,
    /// The event's data; null when the item is no event, or when it is too long for a list.
    #[schema(required, value_type = Option<Object>)]
    data: Option<RawJson>,
    /// The length of `data` in bytes; null when there is none.
    #[schema(required)]
    data_size: Option<u64>,
    /// The item as it came, if it is JSON; null in a list when it is too long, and when `body_removed` is true.
    #[schema(required, value_type = Value)]
    original: Option<RawJson>,
    /// The item as it came, if it is text and not JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    original_text: Option<String>,
    /// The item as it came, if it is no text.
    #[serde(skip_serializing_if = "Option::is_none")]
    original_base64: Option<String>,
    /// The length of what came, in bytes; 0 when `body_removed` is true.
    original_size: u64,
    /// Whether what came is not kept any longer (see the environment's `body_retention_days` and `keep_bodies`): then
    /// `original`, `data`, `headers` and payloads are null, and `logs` is empty.
    body_removed: bool,
    /// Whether the environment hides personal data: then every text and number that came shows as `…`.
    personal_data_hidden: bool,
    /// `executed`, `replayed`, `logged`, `failed`, `rejected` or `ignored`.
    #[schema(value_type = String)]
    outcome: &'static str,
    /// Whether it is a replay: an earlier execution with the same key counts.
    idempotent: bool,
    /// The execution that it replays.
    #[schema(required, format = Uuid)]
    replay_of: Option<String>,
    /// The execution whose failed actions it carried out.
    #[schema(required, format = Uuid)]
    resumes: Option<String>,
    /// The entry that this one was carried out again for: by a replay, or because the server tried again.
    #[schema(required, format = Uuid)]
    rerun_of: Option<String>,
    /// The entries that carried this one out again, oldest first, at most 100.
    rerun_as: Vec<String>,
    /// Whether it failed or was rejected, and was neither carried out again nor dismissed since.
    needs_attention: bool,
    /// When the server tries it again by itself; null when it does not.
    #[schema(required, format = DateTime)]
    retry_at: Option<String>,
    /// Null when there is none or it is invalid.
    #[schema(required)]
    idempotency_key: Option<String>,
    /// Why, for people.
    #[schema(required)]
    reason: Option<String>,
    /// Why, for programs.
    #[schema(required)]
    code: Option<String>,
    /// `verified`, `failed`, `missing` or `not_configured`, with `enforced:` before it where it is.
    verification_status: String,
    /// When it happened; when it was received, if the platform does not say.
    #[schema(format = DateTime)]
    occurred_at: String,
    /// When it was received.
    #[schema(format = DateTime)]
    received_at: String,
    /// When it was logged: the time in its id.
    #[schema(format = DateTime)]
    inserted_at: String,
    /// The headers that were kept.
    #[schema(required, value_type = Option<Object>)]
    headers: Option<RawJson>,
    /// What translated it.
    plugin: ShownPlugin,
    /// What the plugin logged about the request.
    #[schema(value_type = Vec<Object>)]
    logs: RawJson,
    /// What an operator should know though nothing failed.
    warnings: Vec<String>,
    /// The paths that were blanked.
    redacted: Vec<String>,
    /// Not supported: always null.
    #[schema(required, value_type = Option<Object>)]
    preprocess_output: (),
    /// What was done, in that order; only with `include=actions` or `id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    actions: Option<Vec<ActionEntry>>,
}

impl LogEntry {
    /// The entry of an event of this source environment.
    pub fn of(event: StoredEvent, endpoint: &Endpoint, with_actions: bool) -> Self {
        let event = if endpoint.hides_personal_data { hide(event) } else { event };
        let inserted_at = inserted_at(event.id);
        let (original, original_text, original_base64) = match event.original.content {
            Some(Original::Json(text)) => (Some(stored_json(&*text)), None, None),
            Some(Original::Text(text)) => (None, Some(text.to_string()), None),
            Some(Original::Bytes(bytes)) => (None, None, Some(STANDARD.encode(bytes))),
            None => (None, None, None),
        };
        let actions = with_actions
            .then(|| event.actions.into_iter().map(|action| ActionEntry::of(action, inserted_at.clone())).collect());
        let fields = event.fields;
        Self {
            id: fields.id.to_string(),
            source: endpoint.source.clone(),
            environment: endpoint.environment.clone(),
            event: fields.event_type.clone(),
            event_type: fields.event_type,
            user_id: fields.user_id,
            data_size: event.data.as_ref().map(|data| data.size),
            data: event.data.and_then(raw),
            original,
            original_text,
            original_base64,
            original_size: event.original.size,
            body_removed: event.body_removed,
            personal_data_hidden: endpoint.hides_personal_data,
            outcome: fields.outcome.as_str(),
            idempotent: fields.outcome == Outcome::Replayed,
            replay_of: shown(fields.replay_of),
            resumes: shown(fields.resumes),
            rerun_of: shown(event.rerun_of),
            rerun_as: event.rerun_as.iter().map(Uuid::to_string).collect(),
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
            plugin: ShownPlugin::from(&*fields.plugin),
            logs: stored_json(fields.guest_logs.as_deref().unwrap_or("[]")),
            warnings: fields.warnings,
            redacted: fields.redacted,
            preprocess_output: (),
            actions,
        }
    }
}

/// What was done about one mapping.
#[derive(Serialize, ToSchema)]
#[schema(as = SourceLogAction)]
pub struct ActionEntry {
    /// Its id.
    #[schema(format = Uuid)]
    id: String,
    /// The mapping; null for the built-in identify and for the error of too many recipients.
    #[schema(required, format = Uuid)]
    mapping_id: Option<String>,
    /// What was to be done, for example `workflows_trigger`.
    action_type: String,
    /// `success`, `skipped` or `error`.
    #[schema(value_type = String)]
    action_status: &'static str,
    /// The mapping's parameters.
    #[schema(value_type = Object)]
    action_parameters: RawJson,
    /// The parameters resolved; null in a list when they are too long.
    #[schema(required, value_type = Option<Object>)]
    action_payload: Option<RawJson>,
    /// The length of the payload, in bytes.
    action_payload_size: u64,
    /// What came of it; null when it was not carried out. Of a trigger: `workflow_run_id` (null when nobody was left),
    /// `recipients`, and `skipped_recipients` with `id` and `reason` each.
    #[schema(required, value_type = Option<Object>)]
    action_result: Option<RawJson>,
    /// Why it was skipped or failed, for people.
    #[schema(required)]
    reason: Option<String>,
    /// By parameter, where its value was found: `event`, `item`, `headers` or `constant`.
    #[schema(value_type = Object)]
    found_in: RawJson,
    /// When it was logged.
    #[schema(format = DateTime)]
    inserted_at: String,
}

impl ActionEntry {
    fn of(action: StoredAction, inserted_at: String) -> Self {
        Self {
            id: action.id.to_string(),
            mapping_id: shown(action.mapping),
            action_type: action.action_type,
            action_status: action.status.as_str(),
            action_parameters: stored_json(action.parameters),
            action_payload_size: action.payload.size,
            action_payload: raw(action.payload),
            action_result: action.result.map(stored_json),
            reason: action.reason,
            found_in: stored_json(action.found_in),
            inserted_at,
        }
    }
}

fn raw(kept: Kept<String>) -> Option<RawJson> {
    kept.content.map(stored_json)
}

fn shown(id: Option<Uuid>) -> Option<String> {
    id.map(|id| id.to_string())
}
