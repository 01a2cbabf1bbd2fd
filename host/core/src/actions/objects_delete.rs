//! `objects_delete`: deletes an object, with its subscriptions: those to it and those that it has.
//!
//! Parameters: `collection` (a constant, required) and `id` (required). The rules of `users_delete` hold: an object that is
//! not known is nothing to do, and a replay that is older than what is known of the object deletes nothing. Source of the
//! rules: semantics.md §6.

use super::{
    ActionError, ActionIntent, ActionParameters, BadMapping, Decision, Parameter, ParameterReader, Resolver, View,
    collection, deletion, parties,
};
use crate::{effect::Effect, recipient::RecipientKey, world::EnvironmentNeeds};

/// The parameters of a mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameters {
    collection: String,
    id: Parameter,
}

/// An object to delete.
#[derive(Debug, Clone)]
pub struct Intent {
    /// The object.
    pub object: RecipientKey,
}

impl ActionParameters for Parameters {
    type Intent = Intent;

    fn parse(reader: &mut ParameterReader<'_>) -> Result<Self, BadMapping> {
        Ok(Self { collection: collection::take_own(reader)?, id: reader.take_required("id")? })
    }

    fn resolve<'a>(&'a self, resolver: &mut Resolver<'a>) -> Result<Intent, ActionError> {
        resolver.constant("collection", &self.collection);
        let id = resolver.parameter("id", &self.id);
        Ok(Intent { object: RecipientKey::object(&self.collection, id.id()?) })
    }
}

impl ActionIntent for Intent {
    fn needs<'a>(&'a self, needs: &mut EnvironmentNeeds<'_, 'a>) {
        // A rehearsal shows the properties that would be deleted.
        needs.properties(&self.object);
    }

    fn decide(&self, view: &mut View<'_>, effects: &mut Vec<Effect>) -> Decision {
        deletion::decide(&self.object, "object", parties::reference(&self.object), view, effects)
    }
}
