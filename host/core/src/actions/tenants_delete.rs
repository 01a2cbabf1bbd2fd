//! `tenants_delete`: deletes a tenant, with its subscriptions and with the memberships of users for it.
//!
//! Parameter: `id` (required). The rules of `users_delete` hold: a tenant that is not known is nothing to do, and a replay
//! that is older than what is known of the tenant deletes nothing. Source of the rules: semantics.md §6.

use super::{
    ActionError, ActionIntent, ActionParameters, BadMapping, Decision, Parameter, ParameterReader, Resolver, View,
    deletion,
};
use crate::{effect::Effect, json, recipient::RecipientKey, world::EnvironmentNeeds};

/// The parameters of a mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameters {
    id: Parameter,
}

/// A tenant to delete.
#[derive(Debug, Clone)]
pub struct Intent {
    /// The tenant.
    pub tenant: RecipientKey,
}

impl ActionParameters for Parameters {
    type Intent = Intent;

    fn parse(reader: &mut ParameterReader<'_>) -> Result<Self, BadMapping> {
        Ok(Self { id: reader.take_required("id")? })
    }

    fn resolve<'a>(&'a self, resolver: &mut Resolver<'a>) -> Result<Intent, ActionError> {
        Ok(Intent { tenant: RecipientKey::tenant(resolver.parameter("id", &self.id).id()?) })
    }
}

impl ActionIntent for Intent {
    fn needs<'a>(&'a self, needs: &mut EnvironmentNeeds<'_, 'a>) {
        // A rehearsal shows the properties that would be deleted.
        needs.properties(&self.tenant);
    }

    fn decide(&self, view: &mut View<'_>, effects: &mut Vec<Effect>) -> Decision {
        let result = json::object([("id", json::quote(&self.tenant.id).as_str())]);
        deletion::decide(&self.tenant, "tenant", result, view, effects)
    }
}
