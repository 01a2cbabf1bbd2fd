//! `audiences_add_member`: makes users members of an audience.
//!
//! Parameters: `key` (a constant, required), `user_id` (a value or an array; default: the path `user_id`) and `tenant`, for
//! which the users are members. Source of the rules: semantics.md §6.
//!
//! - A user given as an object is upserted, and so is such a tenant. A user given by id who is not identified is left out
//!   and named; a tenant given by id that is not identified is kept as a reference, and the log says so.
//! - A user is a member at most once without a tenant, and once for each tenant.

use super::{
    ActionError, ActionIntent, ActionParameters, BadMapping, Decision, Parameter, ParameterReader, Resolver, View,
    parties::{self, Named},
};
use crate::{
    audience::Membership,
    effect::Effect,
    json,
    recipient::{Party, PartyRole, RecipientKey},
    user::TooLarge,
    world::EnvironmentNeeds,
};

/// The parameters of a mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameters {
    key: String,
    user_id: Parameter,
    tenant: Option<Parameter>,
}

/// Users to add.
#[derive(Debug, Clone)]
pub struct Intent {
    /// The audience's key.
    pub audience: String,
    /// The users, in the order of the event, duplicates included.
    pub users: Vec<Party>,
    /// The tenant for which they become members.
    pub tenant: Option<Party>,
}

impl ActionParameters for Parameters {
    type Intent = Intent;

    fn parse(reader: &mut ParameterReader<'_>) -> Result<Self, BadMapping> {
        Ok(Self {
            key: reader.take_constant("key")?,
            user_id: reader.take_or_path("user_id", "user_id")?,
            tenant: reader.take("tenant")?,
        })
    }

    fn resolve<'a>(&'a self, resolver: &mut Resolver<'a>) -> Result<Intent, ActionError> {
        resolver.constant("key", &self.key);
        let users = resolver.parameter("user_id", &self.user_id);
        let tenant = resolver.optional("tenant", self.tenant.as_ref());
        let mut intent = Intent {
            audience: self.key.clone(),
            users: users.users()?,
            tenant: tenant.map_or(Ok(None), |tenant| tenant.party(PartyRole::Tenant))?,
        };
        parties::warn(&mut intent.users, resolver);
        Ok(intent)
    }
}

impl Intent {
    fn membership(&self, user: &RecipientKey) -> Membership {
        Membership {
            audience: self.audience.clone(),
            user: user.id.clone(),
            tenant: self.tenant.as_ref().map(|tenant| tenant.key.id.clone()),
        }
    }
}

impl ActionIntent for Intent {
    fn needs<'a>(&'a self, needs: &mut EnvironmentNeeds<'_, 'a>) {
        parties::needs(self.users.iter().chain(&self.tenant), needs);
    }

    fn upsert_inline(&self, view: &View<'_>, effects: &mut Vec<Effect>) -> Result<(), TooLarge> {
        parties::upsert_inline(self.users.iter().chain(&self.tenant), view, effects)
    }

    fn decide(&self, view: &mut View<'_>, effects: &mut Vec<Effect>) -> Decision {
        let named = Named::of(&self.users, view);
        let members = parties::references(named.identified.iter().copied());
        let skipped_users = named.skipped();
        let mut result = vec![("members", members.as_str()), ("skipped_recipients", skipped_users.as_str())];
        if self.tenant.as_ref().is_some_and(|tenant| !view.is_identified(&tenant.key)) {
            result.push(("notes", r#"["the tenant is not identified and is kept as a reference"]"#));
        }
        let (result, skipped) = (json::object(result), named.unidentified.len());
        if named.identified.is_empty() {
            let reason = "no user is identified; nobody was added";
            return Decision::skipped(result, reason).with_skipped_recipients(skipped);
        }
        effects.extend(named.identified.into_iter().map(|user| Effect::AddMember(self.membership(user))));
        Decision::success(result).with_skipped_recipients(skipped)
    }
}
