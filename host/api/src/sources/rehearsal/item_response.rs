//! Converts one item of a rehearsed request: its fields, every mapping with the reason of a mismatch, and the actions.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use inlet_api_types::rehearsals::{RehearsedAction, RehearsedIdempotency, RehearsedItem, RehearsedMapping};
use inlet_core::{
    Uuid,
    log::{ACTION_FAILED, ActionLog, EventLog, Original, Outcome},
    mapping::Mapping,
    plan::Scope,
    settle::{Prepared, Settlement},
    time,
};
use inlet_engine::snapshot::Endpoint;

use super::response_budget::ResponseBudget;

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
    let (mappings, mappings_left_out) = mappings(item, endpoint, budget);
    RehearsedItem {
        id: log.id.to_string(),
        event_type: log.event_type.clone(),
        user_id: log.user_id.clone(),
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

/// Returns all matching mappings, the others within the budget, and the number of those left out.
fn mappings(item: &Prepared, endpoint: &Endpoint, budget: &mut ResponseBudget) -> (Vec<RehearsedMapping>, usize) {
    let mut left_out = 0;
    let mut shown = Vec::new();
    for mapping in &endpoint.mappings {
        let (why_not, condition_held) = match &item.plan {
            Some(_) => why_not(endpoint, mapping, &item.log),
            None => (Some("the item is no event".to_owned()), None),
        };
        match why_not.is_some() && budget.row().is_none() {
            true => left_out += 1,
            false => shown.push(rehearsed_mapping(mapping, why_not, condition_held)),
        }
    }
    (shown, left_out)
}

/// Returns why a mapping does not apply to an event, and whether its condition holds. Both are absent for a mapping without
/// a condition that applies.
fn why_not(endpoint: &Endpoint, mapping: &Mapping, log: &EventLog) -> (Option<String>, Option<bool>) {
    let condition = mapping.when.as_ref().filter(|_| mapping.matches(&log.event_type));
    let failure =
        condition.map(|condition| condition.failure(Scope::of_log(log).with_vars(endpoint.variables.public())));
    let held = failure.as_ref().map(Option::is_none);
    let mismatch = mapping.mismatch(&log.event_type).map(|mismatch| mismatch.to_string());
    let unmet = || failure.flatten().map(|failure| format!("its condition does not hold: {failure}"));
    (mismatch.or_else(unmet), held)
}

fn idempotency(settlement: &Settlement, enforced: bool) -> RehearsedIdempotency {
    let (verdict, of) = match (settlement.replay_of, settlement.resumes) {
        (Some(event), _) => ("replays", Some(event)),
        (None, Some(event)) => ("resumes", Some(event)),
        (None, None) => ("none", None),
    };
    RehearsedIdempotency { enforced, verdict: verdict.to_owned(), of: of.as_ref().map(Uuid::to_string) }
}

fn rehearsed_mapping(mapping: &Mapping, why_not: Option<String>, condition_held: Option<bool>) -> RehearsedMapping {
    RehearsedMapping {
        id: mapping.id.to_string(),
        event_type: mapping.event_type.clone(),
        action_type: mapping.action.action_type().as_str().to_owned(),
        active: mapping.active,
        matched: why_not.is_none(),
        condition_held,
        why_not,
    }
}

fn rehearsed_action(action: &ActionLog, budget: &mut ResponseBudget) -> RehearsedAction {
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
