//! Converts the subscriptions, memberships and cancellations of a rehearsal.

use inlet_api_types::rehearsals::{RehearsedCancellation, RehearsedMember, RehearsedSubscription};
use inlet_core::{
    effect::{Effect, MemberChange, RelationChanges, SubscriptionChange, relation_changes},
    json::{self, Kind},
    settle::Settlement,
};

use super::response_budget::ResponseBudget;
use crate::stored_json::stored_json;

/// The subscriptions and memberships that would be written or end.
pub struct Relations {
    pub subscriptions: Vec<RehearsedSubscription>,
    pub members: Vec<RehearsedMember>,
}

/// Returns the relations that the settled items would write, within the budget.
pub fn relations(settlements: &[Settlement], budget: &mut ResponseBudget) -> Relations {
    // The items of a rehearsal are of one environment, whatever its number is.
    let effects = settlements.iter().flat_map(|settlement| &settlement.effects).map(|effect| (0, effect));
    let RelationChanges { subscriptions, members } = relation_changes(effects);
    Relations {
        subscriptions: subscriptions.iter().map_while(|change| subscription(change, budget)).collect(),
        members: members.iter().map_while(|change| member(change, budget)).collect(),
    }
}

fn subscription(change: &SubscriptionChange<'_>, budget: &mut ResponseBudget) -> Option<RehearsedSubscription> {
    budget.row()?;
    let SubscriptionChange { object, recipient, properties, .. } = change;
    let members = [("collection", json::quote(&object.collection)), ("id", json::quote(&object.id))];
    Some(RehearsedSubscription {
        object: stored_json(json::object(members.iter().map(|(name, value)| (*name, value.as_str())))),
        recipient: stored_json(recipient.to_json()),
        properties: properties
            .filter(|properties| Kind::of(properties) != Kind::Null)
            .and_then(|properties| budget.json(properties)),
        is_ended: properties.is_none(),
    })
}

fn member(
    MemberChange { membership, is_member, .. }: &MemberChange<'_>,
    budget: &mut ResponseBudget,
) -> Option<RehearsedMember> {
    budget.row()?;
    Some(RehearsedMember {
        audience: membership.audience.clone(),
        user_id: membership.user.clone(),
        tenant: membership.tenant.clone(),
        is_ended: !is_member,
    })
}

/// Returns the runs that the settled items would cancel, within the budget.
pub fn canceled_runs(settlements: &[Settlement], budget: &mut ResponseBudget) -> Vec<RehearsedCancellation> {
    let effects = settlements.iter().flat_map(|settlement| &settlement.effects);
    let runs = effects.filter_map(|effect| match effect {
        Effect::CancelRuns(cancellation) => Some(&cancellation.runs),
        _ => None,
    });
    runs.flatten()
        .map_while(|run| {
            budget.row()?;
            let canceled_recipients = run.recipients.as_ref().map(Vec::len);
            Some(RehearsedCancellation { workflow_run_id: run.id.to_string(), canceled_recipients })
        })
        .collect()
}
