//! The mappings of a source environment, each with its match with an event or the reason of its mismatch.

use inlet_api_types::rehearsals::RehearsedMapping;
use inlet_core::{log::EventLog, mapping::Mapping, plan::Scope};
use inlet_engine::snapshot::Endpoint;

use super::response_budget::ResponseBudget;

/// Returns all matching mappings, the others within the budget, and the number of those left out. Nothing matches an item
/// that is no event.
pub fn mapping_matches(
    endpoint: &Endpoint,
    event: Option<&EventLog>,
    budget: &mut ResponseBudget,
) -> (Vec<RehearsedMapping>, usize) {
    let mut left_out = 0;
    let mut shown = Vec::new();
    for mapping in &endpoint.mappings {
        let (why_not, condition_held) = match event {
            Some(log) => why_not(endpoint, mapping, log),
            None => (Some("the item is no event".to_owned()), None),
        };
        match why_not.is_some() && budget.row().is_none() {
            true => left_out += 1,
            false => shown.push(mapping_match(mapping, why_not, condition_held)),
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

fn mapping_match(mapping: &Mapping, why_not: Option<String>, condition_held: Option<bool>) -> RehearsedMapping {
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
