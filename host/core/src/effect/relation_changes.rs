//! The effects of a transaction on subscriptions and memberships, combined so that each row is written once.

use std::collections::HashSet;

use bytestring::ByteString;

use super::Effect;
use crate::{
    audience::Membership,
    recipient::{RecipientKey, TENANTS, USERS},
};

/// The subscriptions and memberships to write, each once.
#[derive(Debug, Default)]
pub struct RelationChanges<'a> {
    /// Subscriptions, in the order of their last effects.
    pub subscriptions: Vec<SubscriptionChange<'a>>,
    /// Memberships, in the order of their last effects.
    pub members: Vec<MemberChange<'a>>,
}

/// A subscription as it becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubscriptionChange<'a> {
    /// The environment's database id.
    pub environment: i64,
    /// The object.
    pub object: &'a RecipientKey,
    /// The subscriber.
    pub recipient: &'a RecipientKey,
    /// The properties, a JSON object or null; none if the subscription ends.
    pub properties: Option<&'a ByteString>,
}

/// A membership as it becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemberChange<'a> {
    /// The environment's database id.
    pub environment: i64,
    /// The membership.
    pub membership: &'a Membership,
    /// False if the membership ends.
    pub is_member: bool,
}

/// Combines effects by subscription and membership: the last one counts, and one before the deletion of its object, user
/// or tenant does not, because the deletion takes it along. `effects` come with their environment's database id, in order.
pub fn relation_changes<'a>(effects: impl Iterator<Item = (i64, &'a Effect)>) -> RelationChanges<'a> {
    // Most transactions have none.
    let mut effects = effects.filter(|(_, effect)| concerns_relations(effect)).peekable();
    let mut changes = RelationChanges::default();
    if effects.peek().is_none() {
        return changes;
    }
    let effects: Vec<_> = effects.collect();
    let mut deleted: HashSet<(i64, &str, &str)> = HashSet::new();
    let mut seen_subscriptions = HashSet::new();
    let mut seen_members = HashSet::new();
    // Backwards: whatever is met first is the last.
    for (environment, effect) in effects.into_iter().rev() {
        match effect {
            Effect::DeleteRecipient(key) => _ = deleted.insert((environment, &key.collection, &key.id)),
            Effect::Subscribe { object, recipient, .. } | Effect::Unsubscribe { object, recipient } => {
                let is_gone =
                    [object, recipient].iter().any(|key| deleted.contains(&(environment, &*key.collection, &*key.id)));
                if seen_subscriptions.insert((environment, object, recipient)) && !is_gone {
                    let properties = match effect {
                        Effect::Subscribe { properties, .. } => Some(properties),
                        _ => None,
                    };
                    changes.subscriptions.push(SubscriptionChange { environment, object, recipient, properties });
                }
            }
            Effect::AddMember(membership) | Effect::RemoveMember(membership) => {
                let tenant = membership.tenant.as_deref();
                let is_gone = deleted.contains(&(environment, USERS, &*membership.user))
                    || tenant.is_some_and(|tenant| deleted.contains(&(environment, TENANTS, tenant)));
                if seen_members.insert((environment, membership)) && !is_gone {
                    let is_member = matches!(effect, Effect::AddMember(_));
                    changes.members.push(MemberChange { environment, membership, is_member });
                }
            }
            _ => {}
        }
    }
    changes.subscriptions.reverse();
    changes.members.reverse();
    changes
}

fn concerns_relations(effect: &Effect) -> bool {
    matches!(
        effect,
        Effect::DeleteRecipient(_)
            | Effect::Subscribe { .. }
            | Effect::Unsubscribe { .. }
            | Effect::AddMember(_)
            | Effect::RemoveMember(_)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(id: &str) -> RecipientKey {
        RecipientKey::user(id)
    }

    fn subscribe(object: &str, recipient: &str, properties: &'static str) -> Effect {
        let properties = ByteString::from_static(properties);
        Effect::Subscribe { object: user(object), recipient: user(recipient), properties }
    }

    fn member(user: &str, tenant: Option<&str>) -> Membership {
        Membership { audience: "a".to_owned(), user: user.to_owned(), tenant: tenant.map(str::to_owned) }
    }

    #[test]
    fn the_last_effect_on_a_subscription_counts_and_a_deletion_takes_the_earlier_ones_along() {
        let effects = [
            subscribe("o", "1", "1"),
            subscribe("o", "2", "2"),
            subscribe("o", "1", "3"),
            Effect::Unsubscribe { object: user("o"), recipient: user("2") },
            subscribe("gone", "1", "4"),
            subscribe("o", "gone", "5"),
            Effect::DeleteRecipient(user("gone")),
            subscribe("o", "gone", "6"),
        ];
        let of = |environment| effects.iter().map(move |effect| (environment, effect));
        let changes = relation_changes(of(1).chain(of(2).take(1)));
        let shown: Vec<_> = changes
            .subscriptions
            .iter()
            .map(|change| {
                let properties = change.properties.map(|properties| properties.to_string());
                (change.environment, &*change.object.id, &*change.recipient.id, properties)
            })
            .collect();
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            shown,
            [(1, "o", "1", some("3")), (1, "o", "2", None), (1, "o", "gone", some("6")), (2, "o", "1", some("1"))]
        );
    }

    #[test]
    fn a_membership_ends_with_its_user_and_with_its_tenant() {
        let effects = [
            Effect::AddMember(member("1", None)),
            Effect::AddMember(member("1", Some("t"))),
            Effect::AddMember(member("2", None)),
            Effect::AddMember(member("3", Some("gone"))),
            Effect::DeleteRecipient(user("2")),
            Effect::DeleteRecipient(RecipientKey::tenant("gone")),
            Effect::RemoveMember(member("1", None)),
        ];
        let changes = relation_changes(effects.iter().map(|effect| (1, effect)));
        let shown: Vec<_> = changes.members.iter().map(|change| (change.membership, change.is_member)).collect();
        assert_eq!(shown, [(&member("1", Some("t")), true), (&member("1", None), false)]);
        assert!(changes.subscriptions.is_empty());
    }
}
