//! `tenants_set`: upserts a tenant by a deep merge, as users are.
//!
//! Parameters: `id` (required) and `properties`, which may be absent or null: then the tenant is made known, and what is
//! known of it stays. Source of the rules: semantics.md §6.

use bytestring::ByteString;

use super::{
    ActionError, ActionIntent, ActionParameters, BadMapping, Decision, Parameter, ParameterReader, Resolver, View,
};
use crate::{effect::Effect, json, recipient::RecipientKey, world::EnvironmentNeeds};

/// The parameters of a mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameters {
    id: Parameter,
    properties: Option<Parameter>,
}

/// A tenant to upsert.
#[derive(Debug, Clone)]
pub struct Intent {
    /// The tenant.
    pub tenant: RecipientKey,
    /// A JSON object or null.
    pub properties: ByteString,
}

impl ActionParameters for Parameters {
    type Intent = Intent;

    fn parse(reader: &mut ParameterReader<'_>) -> Result<Self, BadMapping> {
        Ok(Self { id: reader.take_required("id")?, properties: reader.take("properties")? })
    }

    fn resolve<'a>(&'a self, resolver: &mut Resolver<'a>) -> Result<Intent, ActionError> {
        let id = resolver.parameter("id", &self.id);
        let properties = resolver.optional("properties", self.properties.as_ref());
        Ok(Intent {
            tenant: RecipientKey::tenant(id.id()?),
            properties: properties.map_or(Ok(ByteString::from_static("null")), |found| found.object_or_null())?,
        })
    }
}

impl ActionIntent for Intent {
    fn needs<'a>(&'a self, needs: &mut EnvironmentNeeds<'_, 'a>) {
        needs.properties(&self.tenant);
    }

    fn decide(&self, view: &mut View<'_>, effects: &mut Vec<Effect>) -> Decision {
        match view.upsert([(&self.tenant, &*self.properties)], effects) {
            Ok(()) => Decision::success(json::object([("id", json::quote(&self.tenant.id).as_str())])),
            Err(too_large) => Decision::error(too_large.to_string()),
        }
    }
}
