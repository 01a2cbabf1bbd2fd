//! `objects_set`: upserts an object by a deep merge, as users are.
//!
//! Parameters: `collection` (a constant, required), `id` (required) and `properties`, which may be absent or null: then the
//! object is made known, and what is known of it stays. Source of the rules: semantics.md §6.

use bytestring::ByteString;

use super::{
    ActionError, ActionIntent, ActionParameters, BadMapping, Decision, Parameter, ParameterReader, Resolver, View,
    collection, parties,
};
use crate::{effect::Effect, recipient::RecipientKey, world::EnvironmentNeeds};

/// The parameters of a mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameters {
    collection: String,
    id: Parameter,
    properties: Option<Parameter>,
}

/// An object to upsert.
#[derive(Debug, Clone)]
pub struct Intent {
    /// The object.
    pub object: RecipientKey,
    /// A JSON object or null.
    pub properties: ByteString,
}

impl ActionParameters for Parameters {
    type Intent = Intent;

    fn parse(reader: &mut ParameterReader<'_>) -> Result<Self, BadMapping> {
        Ok(Self {
            collection: collection::take_own(reader)?,
            id: reader.take_required("id")?,
            properties: reader.take("properties")?,
        })
    }

    fn resolve<'a>(&'a self, resolver: &mut Resolver<'a>) -> Result<Intent, ActionError> {
        resolver.constant("collection", &self.collection);
        let id = resolver.parameter("id", &self.id);
        let properties = resolver.optional("properties", self.properties.as_ref());
        Ok(Intent {
            object: RecipientKey::object(&self.collection, id.id()?),
            properties: properties.map_or(Ok(ByteString::from_static("null")), |found| found.object_or_null())?,
        })
    }
}

impl ActionIntent for Intent {
    fn needs<'a>(&'a self, needs: &mut EnvironmentNeeds<'_, 'a>) {
        needs.properties(&self.object);
    }

    fn decide(&self, view: &mut View<'_>, effects: &mut Vec<Effect>) -> Decision {
        match view.upsert([(&self.object, &*self.properties)], effects) {
            Ok(()) => Decision::success(parties::reference(&self.object)),
            Err(too_large) => Decision::error(too_large.to_string()),
        }
    }
}
