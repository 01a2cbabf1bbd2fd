//! `audiences_remove_member`: ends memberships of users in an audience.
//!
//! Parameters: `key` (a constant, required), `user_id` (a value or an array; default: the path `user_id`) and `tenant`.
//! Source of the rules: semantics.md §6.
//!
//! - The membership without a tenant and those for tenants are different ones: exactly the one that is named ends.
//! - Users and tenants given as objects are only named, not upserted.
//! - A user who is identified and no member is named under `not_members`. If nobody is a member, the action has nothing to
//!   do and is skipped.

use super::{
    ActionError, ActionIntent, ActionParameters, BadMapping, Decision, ParameterReader, Resolver, View,
    membership::MembershipParameters, parties,
};
use crate::{audience::Membership, effect::Effect, json, recipient::RecipientKey, world::EnvironmentNeeds};

/// The parameters of a mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameters(MembershipParameters);

/// Memberships to end.
#[derive(Debug, Clone)]
pub struct Intent {
    /// Each once, in the order of the event, with the user's key.
    members: Vec<(RecipientKey, Membership)>,
}

impl Intent {
    /// Names memberships to end.
    pub fn new(memberships: impl IntoIterator<Item = Membership>) -> Self {
        let mut seen = std::collections::HashSet::new();
        let members = memberships
            .into_iter()
            .filter(|membership| seen.insert(membership.clone()))
            .map(|membership| (RecipientKey::user(membership.user.clone()), membership))
            .collect();
        Self { members }
    }
}

impl ActionParameters for Parameters {
    type Intent = Intent;

    fn parse(reader: &mut ParameterReader<'_>) -> Result<Self, BadMapping> {
        MembershipParameters::take(reader).map(Self)
    }

    fn resolve<'a>(&'a self, resolver: &mut Resolver<'a>) -> Result<Intent, ActionError> {
        let members = self.0.resolve(resolver)?;
        Ok(Intent::new(members.users.iter().map(|user| members.membership(&user.key))))
    }
}

impl ActionIntent for Intent {
    fn needs<'a>(&'a self, needs: &mut EnvironmentNeeds<'_, 'a>) {
        for (user, membership) in &self.members {
            needs.existence(user);
            needs.member(membership);
        }
    }

    fn listed_recipients(&self) -> usize {
        self.members.len()
    }

    fn decide(&self, view: &mut View<'_>, effects: &mut Vec<Effect>) -> Decision {
        let (members, others): (Vec<_>, Vec<_>) =
            self.members.iter().partition(|(_, membership)| view.is_member(membership));
        let (not_members, unidentified): (Vec<_>, Vec<_>) =
            others.into_iter().partition(|(user, _)| view.is_identified(user));
        let skipped = unidentified.len();
        let result = json::object([
            ("members", parties::references(members.iter().map(|(user, _)| user)).as_str()),
            ("not_members", &parties::references(not_members.iter().map(|(user, _)| user))),
            ("skipped_recipients", &parties::skipped(unidentified.iter().map(|(user, _)| user))),
        ]);
        if members.is_empty() {
            let reason = "no user is a member of the audience; nothing was changed";
            return Decision::skipped(result, reason).with_skipped_recipients(skipped);
        }
        effects.extend(members.into_iter().map(|(_, membership)| Effect::RemoveMember(membership.clone())));
        Decision::success(result).with_skipped_recipients(skipped)
    }
}
