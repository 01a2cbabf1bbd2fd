//! `users_delete`: deletes a user, with its subscriptions and its memberships of audiences.
//!
//! Parameter: `user_id` (default: the path `user_id`). Source of the rules: semantics.md §6.
//!
//! - A user who is not known is nothing to do: the action is skipped. If triggers wait for the user, it ends the waits, and
//!   no run is created.
//! - Everything after the action sees the user as unidentified: the event's later actions, the later events of its
//!   request, and later requests. An identify or an inline recipient then creates a new user, with a new `created_at`.
//! - Inline recipients are upserted before any action of their event. An event that deletes a user and names the same
//!   user as an inline recipient of a trigger therefore upserts the user, deletes it, and skips it as a recipient: the
//!   deletion wins within one event.
//! - A replay that is older than what is known of the user deletes nothing: the action is skipped. The user was heard of
//!   after the deletion was sent, and a replayed identify never overwrites newer properties either.
//! - No trace of a deleted user remains among the users, so a replayed identify of an earlier time creates the user
//!   again. Event logs and runs that name the user stay until their retention.

use super::{
    ActionError, ActionIntent, ActionParameters, BadMapping, Decision, Parameter, ParameterReader, Resolver, View,
    deletion,
};
use crate::{effect::Effect, json, recipient::RecipientKey, world::EnvironmentNeeds};

/// The parameters of a mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameters {
    user_id: Parameter,
}

/// A user to delete.
#[derive(Debug, Clone)]
pub struct Intent {
    user: RecipientKey,
}

impl ActionParameters for Parameters {
    type Intent = Intent;

    fn parse(reader: &mut ParameterReader<'_>) -> Result<Self, BadMapping> {
        Ok(Self { user_id: reader.take_or_path("user_id", "user_id")? })
    }

    fn resolve<'a>(&'a self, resolver: &mut Resolver<'a>) -> Result<Intent, ActionError> {
        Ok(Intent { user: resolver.parameter("user_id", &self.user_id).user_id()? })
    }
}

impl ActionIntent for Intent {
    fn needs<'a>(&'a self, needs: &mut EnvironmentNeeds<'_, 'a>) {
        // A rehearsal shows the properties that would be deleted.
        needs.properties(&self.user);
    }

    fn decide(&self, view: &mut View<'_>, effects: &mut Vec<Effect>) -> Decision {
        let result = json::object([("user_id", json::quote(&self.user.id).as_str())]);
        if !view.is_identified(&self.user) && view.is_waited_for(&self.user) {
            effects.push(Effect::DropParked(self.user.clone()));
            return Decision::success(result);
        }
        deletion::decide(&self.user, "user", result, view, effects)
    }
}
