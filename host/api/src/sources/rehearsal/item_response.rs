//! Converts one item of a rehearsed request: its fields, the idempotency verdict, and the actions.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use inlet_api_types::rehearsals::{RehearsedAction, RehearsedIdempotency, RehearsedItem};
use inlet_core::{
    Uuid,
    log::{ACTION_FAILED, ActionLog, Original, Outcome},
    settle::{Prepared, Settlement},
    time,
};
use inlet_engine::snapshot::Endpoint;

use super::{super::logs::response::event_hints, mapping_matches::mapping_matches, response_budget::ResponseBudget};

/// Returns the response for an item of this source environment, within the budget.
pub fn rehearsed_item(
    item: &Prepared,
    settlement: &Settlement,
    endpoint: &Endpoint,
    budget: &mut ResponseBudget,
) -> RehearsedItem {
    let log = &item.log;
    let (original, original_text, original_base64) = match &log.original {
        Original::Json(text) => (budget.json(text), None, None),
        Original::Text(text) => (None, budget.text(text), None),
        Original::Bytes(bytes) => (None, None, budget.text(&STANDARD.encode(bytes))),
    };
    let (mappings, mappings_left_out) = mapping_matches(endpoint, item.plan.as_ref().map(|_| log), budget);
    RehearsedItem {
        id: log.id.to_string(),
        event_type: log.event_type.clone(),
        user_id: log.user_id.clone(),
        hints: log.hints.clone().map(|hints| event_hints(*hints)),
        idempotency_key: log.idempotency_key.clone(),
        occurred_at: time::write(log.occurred_at_us),
        outcome: settlement.outcome.as_str().to_owned(),
        reason: settlement.reason.clone(),
        code: log.code.clone().or((settlement.outcome == Outcome::Failed).then(|| ACTION_FAILED.to_owned())),
        skipped_recipients_count: settlement.skipped_recipients,
        warnings: [&log.warnings[..], &settlement.warnings].concat(),
        redacted: log.redacted.clone(),
        headers: log.headers.as_deref().and_then(|headers| budget.json(headers)),
        data: log.data.as_ref().and_then(|data| budget.json(data)),
        original,
        original_text,
        original_base64,
        idempotency: idempotency(settlement, endpoint.settings.enforce_idempotency),
        mappings,
        mappings_left_out,
        actions: settlement.actions.iter().map(|action| rehearsed_action(action, budget)).collect(),
    }
}

fn idempotency(settlement: &Settlement, enforced: bool) -> RehearsedIdempotency {
    let (verdict, of) = match (settlement.replay_of, settlement.resumes) {
        (Some(event), _) => ("replays", Some(event)),
        (None, Some(event)) => ("resumes", Some(event)),
        (None, None) => ("none", None),
    };
    RehearsedIdempotency { enforced, verdict: verdict.to_owned(), of: of.as_ref().map(Uuid::to_string) }
}

/// Returns the response for an action, within the budget.
pub fn rehearsed_action(action: &ActionLog, budget: &mut ResponseBudget) -> RehearsedAction {
    RehearsedAction {
        mapping: action.mapping.as_ref().map(Uuid::to_string),
        action_type: action.action_type.as_str().to_owned(),
        status: action.status.as_str().to_owned(),
        parameters: budget.json(&action.parameters),
        payload: budget.json(&action.payload),
        found_in: budget.json(&action.found_in),
        result: action.result.as_deref().and_then(|result| budget.json(result)),
        reason: action.reason.clone(),
        warnings: action.warnings.clone(),
    }
}
