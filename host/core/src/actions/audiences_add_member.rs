//! `audiences_add_member`: makes users members of an audience.
//!
//! Parameters: `key` (a constant, required), `user_id` (a value or an array; default: the path `user_id`) and `tenant`, for
//! which the users are members. Source of the rules: semantics.md §6.
//!
//! - A user given as an object is upserted, and so is such a tenant. A user given by id who is not identified is left out
//!   and named; a tenant given by id that is not identified is kept as a reference, and the log says so.
//! - A user is a member at most once without a tenant, and once for each tenant.

use super::{
    ActionError, ActionIntent, ActionParameters, BadMapping, Decision, ParameterReader, Resolver, View,
    membership::{Members, MembershipParameters},
    parties::{self, Named},
};
use crate::{effect::Effect, json, recipient::Party, user::TooLarge, world::EnvironmentNeeds};

/// The parameters of a mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameters(MembershipParameters);

/// Users to add.
#[derive(Debug, Clone)]
pub struct Intent(Members);

impl ActionParameters for Parameters {
    type Intent = Intent;

    fn parse(reader: &mut ParameterReader<'_>) -> Result<Self, BadMapping> {
        MembershipParameters::take(reader).map(Self)
    }

    fn resolve<'a>(&'a self, resolver: &mut Resolver<'a>) -> Result<Intent, ActionError> {
        let mut members = self.0.resolve(resolver)?;
        parties::warn(&mut members.users, resolver);
        Ok(Intent(members))
    }
}

impl Intent {
    fn parties(&self) -> impl Iterator<Item = &Party> {
        self.0.users.iter().chain(&self.0.tenant)
    }
}

impl ActionIntent for Intent {
    fn needs<'a>(&'a self, needs: &mut EnvironmentNeeds<'_, 'a>) {
        parties::needs(self.parties(), needs);
    }

    fn listed_recipients(&self) -> usize {
        self.0.users.len()
    }

    fn upsert_inline(&self, view: &View<'_>, effects: &mut Vec<Effect>) -> Result<(), TooLarge> {
        parties::upsert_inline(self.parties(), view, effects)
    }

    fn decide(&self, view: &mut View<'_>, effects: &mut Vec<Effect>) -> Decision {
        let named = Named::of(&self.0.users, view);
        let members = parties::references(named.identified_keys());
        let skipped_users = named.skipped();
        let mut result = vec![("members", members.as_str()), ("skipped_recipients", skipped_users.as_str())];
        if self.0.tenant.as_ref().is_some_and(|tenant| !view.is_identified(&tenant.key)) {
            result.push(("notes", r#"["the tenant is not identified and is kept as a reference"]"#));
        }
        let (result, skipped) = (json::object(result), named.unidentified.len());
        if named.identified.is_empty() {
            let reason = "no user is identified; nobody was added";
            return Decision::skipped(result, reason).with_skipped_recipients(skipped);
        }
        effects.extend(named.identified_keys().map(|user| Effect::AddMember(self.0.membership(user))));
        Decision::success(result).with_skipped_recipients(skipped)
    }
}
