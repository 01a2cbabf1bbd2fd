//! Converts one item of a rehearsed request: its fields, every mapping with the reason of a mismatch, and the actions.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use inlet_api_types::RawJson;
use inlet_core::{
    Uuid,
    log::{ACTION_FAILED, ActionLog, Original, Outcome},
    mapping::Mapping,
    settle::{Prepared, Settlement},
    time,
};
use inlet_engine::snapshot::Endpoint;
use serde::Serialize;
use utoipa::ToSchema;

use super::response_budget::ResponseBudget;

/// One item of the request.
#[derive(Serialize, ToSchema)]
pub struct RehearsedItem {
    /// Its id in this answer.
    #[schema(format = Uuid)]
    id: String,
    /// What mappings match on; empty when the item has none.
    event_type: String,
    /// Whom it is about.
    #[schema(required)]
    user_id: Option<String>,
    /// Null when there is none or it is invalid.
    #[schema(required)]
    idempotency_key: Option<String>,
    /// When it happened; when it is received, if the platform does not say.
    #[schema(format = DateTime)]
    occurred_at: String,
    /// `executed`, `replayed`, `logged`, `failed`, `rejected` or `ignored`.
    #[schema(value_type = String)]
    outcome: &'static str,
    /// Why, for people.
    #[schema(required)]
    reason: Option<String>,
    /// Why, for programs.
    #[schema(required)]
    code: Option<String>,
    /// What an operator should know though nothing fails.
    warnings: Vec<String>,
    /// The paths that are blanked.
    redacted: Vec<String>,
    /// The headers that leave the door.
    #[schema(required, value_type = Option<Object>)]
    headers: Option<RawJson>,
    /// The event's data, redacted; null when the item is no event, or when there is no room to show it.
    #[schema(required, value_type = Option<Object>)]
    data: Option<RawJson>,
    /// The item as it comes, redacted, if it is JSON; null when there is no room to show it.
    #[schema(required, value_type = Value)]
    original: Option<RawJson>,
    /// The item as it comes, if it is text and not JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    original_text: Option<String>,
    /// The item as it comes, if it is no text.
    #[serde(skip_serializing_if = "Option::is_none")]
    original_base64: Option<String>,
    /// What the idempotency records say.
    idempotency: RehearsedIdempotency,
    /// Every mapping, the oldest first: whether it matches, or why not.
    mappings: Vec<RehearsedMapping>,
    /// How many mappings that do not match are left out.
    mappings_left_out: usize,
    /// What would be done, in that order.
    actions: Vec<RehearsedAction>,
}

/// What the idempotency records say about an item.
#[derive(Serialize, ToSchema)]
pub struct RehearsedIdempotency {
    /// Whether keys are looked at.
    enforced: bool,
    /// `none`: all is carried out; `replays`: nothing is, because an execution counts; `resumes`: only what failed then is.
    #[schema(value_type = String)]
    verdict: &'static str,
    /// That execution: an event log, or an item of this answer.
    #[schema(required, format = Uuid)]
    of: Option<String>,
}

/// What a mapping says to an item.
#[derive(Serialize, ToSchema)]
pub struct RehearsedMapping {
    /// Which.
    #[schema(format = Uuid)]
    id: String,
    /// What it matches.
    event_type: String,
    /// What it does.
    #[schema(value_type = String)]
    action_type: &'static str,
    /// Whether it is active.
    active: bool,
    /// Whether it matches the item.
    matched: bool,
    /// Why it does not match; null if it does.
    #[schema(required)]
    why_not: Option<String>,
}

/// What would be done about one mapping.
#[derive(Serialize, ToSchema)]
pub struct RehearsedAction {
    /// The mapping; null for the built-in identify.
    #[schema(required, format = Uuid)]
    mapping: Option<String>,
    /// What is to be done, for example `workflows_trigger`.
    #[schema(value_type = String)]
    action_type: &'static str,
    /// `success`, `skipped` or `error`.
    #[schema(value_type = String)]
    status: &'static str,
    /// The mapping's parameters; null when there is no room to show them.
    #[schema(required, value_type = Option<Object>)]
    parameters: Option<RawJson>,
    /// The parameters resolved; null when there is no room to show them.
    #[schema(required, value_type = Option<Object>)]
    payload: Option<RawJson>,
    /// By parameter, where its value is found: `event`, `item`, `headers` or `constant`; null without budget.
    #[schema(required, value_type = Option<Object>)]
    found_in: Option<RawJson>,
    /// What would come of it; null when it would not be carried out, or when there is no room to show it.
    #[schema(required, value_type = Option<Object>)]
    result: Option<RawJson>,
    /// Why it would be skipped or fail, for people.
    #[schema(required)]
    reason: Option<String>,
}

impl RehearsedItem {
    /// Shows an item of this source environment, as far as there is budget.
    pub fn of(item: &Prepared, settlement: &Settlement, endpoint: &Endpoint, budget: &mut ResponseBudget) -> Self {
        let log = &item.log;
        let (original, original_text, original_base64) = match &log.original {
            Original::Json(text) => (budget.json(text), None, None),
            Original::Text(text) => (None, budget.text(text), None),
            Original::Bytes(bytes) => (None, None, budget.text(&STANDARD.encode(bytes))),
        };
        let (mappings, mappings_left_out) = mappings(item, endpoint, budget);
        Self {
            id: log.id.to_string(),
            event_type: log.event_type.clone(),
            user_id: log.user_id.clone(),
            idempotency_key: log.idempotency_key.clone(),
            occurred_at: time::write(log.occurred_at_us),
            outcome: settlement.outcome.as_str(),
            reason: settlement.reason.clone(),
            code: log.code.clone().or((settlement.outcome == Outcome::Failed).then(|| ACTION_FAILED.to_owned())),
            warnings: [&log.warnings[..], &settlement.warnings].concat(),
            redacted: log.redacted.clone(),
            headers: log.headers.as_deref().and_then(|headers| budget.json(headers)),
            data: log.data.as_ref().and_then(|data| budget.json(data)),
            original,
            original_text,
            original_base64,
            idempotency: RehearsedIdempotency::of(settlement, endpoint.settings.enforce_idempotency),
            mappings,
            mappings_left_out,
            actions: settlement.actions.iter().map(|action| RehearsedAction::of(action, budget)).collect(),
        }
    }
}

/// Returns all matching mappings, the others within the budget, and the number of those left out.
fn mappings(item: &Prepared, endpoint: &Endpoint, budget: &mut ResponseBudget) -> (Vec<RehearsedMapping>, usize) {
    let mut left_out = 0;
    let mut shown = Vec::new();
    for mapping in &endpoint.mappings {
        let why_not = match &item.plan {
            Some(_) => mapping.mismatch(&item.log.event_type).map(|mismatch| mismatch.to_string()),
            None => Some("the item is no event".to_owned()),
        };
        match why_not.is_some() && budget.row().is_none() {
            true => left_out += 1,
            false => shown.push(RehearsedMapping::of(mapping, why_not)),
        }
    }
    (shown, left_out)
}

impl RehearsedIdempotency {
    fn of(settlement: &Settlement, enforced: bool) -> Self {
        let (verdict, of) = match (settlement.replay_of, settlement.resumes) {
            (Some(event), _) => ("replays", Some(event)),
            (None, Some(event)) => ("resumes", Some(event)),
            (None, None) => ("none", None),
        };
        Self { enforced, verdict, of: of.as_ref().map(Uuid::to_string) }
    }
}

impl RehearsedMapping {
    fn of(mapping: &Mapping, why_not: Option<String>) -> Self {
        Self {
            id: mapping.id.to_string(),
            event_type: mapping.event_type.clone(),
            action_type: mapping.action.action_type().as_str(),
            active: mapping.active,
            matched: why_not.is_none(),
            why_not,
        }
    }
}

impl RehearsedAction {
    fn of(action: &ActionLog, budget: &mut ResponseBudget) -> Self {
        Self {
            mapping: action.mapping.as_ref().map(Uuid::to_string),
            action_type: action.action_type.as_str(),
            status: action.status.as_str(),
            parameters: budget.json(&action.parameters),
            payload: budget.json(&action.payload),
            found_in: budget.json(&action.found_in),
            result: action.result.as_deref().and_then(|result| budget.json(result)),
            reason: action.reason.clone(),
        }
    }
}
