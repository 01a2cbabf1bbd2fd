//! The two traits that an action's file implements.

use super::{ActionError, BadMapping, Decision, ParameterReader, Resolver, View};
use crate::{effect::Effect, user::TooLarge, world::EnvironmentNeeds};

/// The parameters of an action as a mapping gives them, parsed and checked, defaults filled in.
pub trait ActionParameters: Sized {
    /// The parameters resolved against one event.
    type Intent: ActionIntent;

    /// Takes the parameters out of the reader, which refuses those that are left over.
    fn parse(reader: &mut ParameterReader<'_>) -> Result<Self, BadMapping>;

    /// Resolves every parameter before it refuses one, so that the action log shows all values that were found.
    fn resolve<'a>(&'a self, resolver: &mut Resolver<'a>) -> Result<Self::Intent, ActionError>;
}

/// An action with its values, ready to be decided inside the store's transaction.
pub trait ActionIntent {
    /// Adds the recipients that must be loaded before the action can be decided.
    fn needs<'a>(&'a self, needs: &mut EnvironmentNeeds<'_, 'a>);

    /// Returns the number of recipients that are named, if the action can name several.
    fn listed_recipients(&self) -> usize {
        0
    }

    /// Upserts the recipients that are given inline. It runs for all actions of an event before the first of them is
    /// decided. An action whose inline recipients cannot be upserted ends in an error.
    fn upsert_inline(&self, _view: &View<'_>, _effects: &mut Vec<Effect>) -> Result<(), TooLarge> {
        Ok(())
    }

    /// Decides the action and adds its effects. An action that ends in an error adds none.
    fn decide(&self, view: &mut View<'_>, effects: &mut Vec<Effect>) -> Decision;
}
