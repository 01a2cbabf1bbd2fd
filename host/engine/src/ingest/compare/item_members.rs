//! The members of an item that two versions of a plugin are compared by.

use std::collections::BTreeMap;

use inlet_core::{json, log::Outcome, plan::PlannedAction, settle::Prepared, time};

/// The members of an item that depend on the plugin alone, by name.
pub(in crate::ingest) type ItemMembers = BTreeMap<&'static str, String>;

/// The member that holds the item's outcome.
pub(in crate::ingest) const OUTCOME: &str = "outcome";

/// Returns the members of a planned item.
pub(in crate::ingest) fn members(item: &Prepared) -> ItemMembers {
    let log = &item.log;
    let outcome = match (&item.plan, &log.code) {
        (Some(_), _) => "event".to_owned(),
        (None, Some(code)) => format!("{}: {code}", log.outcome.as_str()),
        (None, None) => log.outcome.as_str().to_owned(),
    };
    let mut members = ItemMembers::from([(OUTCOME, outcome)]);
    let Some(plan) = &item.plan else { return members };
    members.insert("event_type", log.event_type.clone());
    members.extend(log.user_id.clone().map(|id| ("user_id", id)));
    members.extend(log.idempotency_key.clone().map(|key| ("idempotency_key", key)));
    members.insert("occurred_at", time::write(log.occurred_at_us));
    members.extend(log.hints.as_deref().map(|hints| ("hints", hints.json())));
    members.extend(log.data.as_ref().map(|data| ("data", data.to_string())));
    if !plan.actions.is_empty() {
        members.insert("actions", json::array(plan.actions.iter().map(action)));
    }
    members
}

fn action(action: &PlannedAction) -> String {
    let action_type = json::quote(action.action_type.as_str());
    let refusal = action.intent.as_ref().err().map(|refusal| json::quote(&refusal.to_string()));
    let members = [("action_type", action_type.as_str()), ("payload", &action.payload)];
    json::object(members.into_iter().chain(refusal.iter().map(|refusal| ("refused", refusal.as_str()))))
}

/// Returns true if every item was rejected or failed.
pub(in crate::ingest) fn is_nothing(items: &[ItemMembers]) -> bool {
    let starts = |members: &ItemMembers, outcome: Outcome| members[OUTCOME].starts_with(outcome.as_str());
    items.iter().all(|members| starts(members, Outcome::Rejected) || starts(members, Outcome::Failed))
}
