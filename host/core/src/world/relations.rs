//! The subscriptions and memberships that one transaction asks for.

use std::collections::{HashMap, HashSet};

use crate::{
    audience::Membership,
    recipient::{RecipientKey, TENANTS, USERS},
};

/// Subscriptions and memberships that exist.
#[derive(Debug, Default)]
pub(super) struct Relations {
    /// Subscribers by environment and object.
    subscribers: HashMap<i64, HashMap<RecipientKey, HashSet<RecipientKey>>>,
    /// By environment.
    members: HashMap<i64, HashSet<Membership>>,
}

impl Relations {
    pub(super) fn subscribe(&mut self, environment: i64, object: RecipientKey, recipient: RecipientKey) {
        self.subscribers.entry(environment).or_default().entry(object).or_default().insert(recipient);
    }

    pub(super) fn unsubscribe(&mut self, environment: i64, object: &RecipientKey, recipient: &RecipientKey) {
        if let Some(subscribers) = self.subscribers.get_mut(&environment).and_then(|objects| objects.get_mut(object)) {
            subscribers.remove(recipient);
        }
    }

    pub(super) fn is_subscribed(&self, environment: i64, object: &RecipientKey, recipient: &RecipientKey) -> bool {
        let objects = self.subscribers.get(&environment);
        objects.and_then(|objects| objects.get(object)).is_some_and(|subscribers| subscribers.contains(recipient))
    }

    pub(super) fn add_member(&mut self, environment: i64, membership: Membership) {
        self.members.entry(environment).or_default().insert(membership);
    }

    pub(super) fn remove_member(&mut self, environment: i64, membership: &Membership) {
        if let Some(members) = self.members.get_mut(&environment) {
            members.remove(membership);
        }
    }

    pub(super) fn is_member(&self, environment: i64, membership: &Membership) -> bool {
        self.members.get(&environment).is_some_and(|members| members.contains(membership))
    }

    /// Ends all subscriptions and memberships of a recipient that is deleted.
    pub(super) fn forget(&mut self, environment: i64, key: &RecipientKey) {
        if let Some(objects) = self.subscribers.get_mut(&environment) {
            objects.remove(key);
            objects.values_mut().for_each(|subscribers| _ = subscribers.remove(key));
        }
        if let Some(members) = self.members.get_mut(&environment) {
            members.retain(|member| match &*key.collection {
                USERS => member.user != key.id,
                TENANTS => member.tenant.as_ref() != Some(&key.id),
                _ => true,
            });
        }
    }
}
