//! `objects_unsubscribe`: ends subscriptions of recipients to an object.
//!
//! Parameters: `collection` (a constant, required), `id` (required) and `recipients` (default: the path `user_id`), named
//! as those of `objects_subscribe`; `properties` is accepted as there and changes nothing. Source of the rules:
//! semantics.md §6.
//!
//! A recipient that is identified and not subscribed is named under `not_subscribed`. If nobody is subscribed, the action
//! has nothing to do and is skipped.

use super::{
    ActionError, ActionIntent, ActionParameters, BadMapping, Decision, ParameterReader, Resolver, View,
    parties::{self, Named},
    subscription::{Subscribers, SubscriptionParameters},
};
use crate::{
    effect::Effect,
    json,
    recipient::{Party, RecipientKey},
    user::TooLarge,
    world::EnvironmentNeeds,
};

/// The parameters of a mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameters(SubscriptionParameters);

/// Recipients whose subscriptions end.
#[derive(Debug, Clone)]
pub struct Intent {
    /// The object.
    pub object: RecipientKey,
    /// In the order of the event, duplicates included.
    pub recipients: Vec<Party>,
}

impl ActionParameters for Parameters {
    type Intent = Intent;

    fn parse(reader: &mut ParameterReader<'_>) -> Result<Self, BadMapping> {
        SubscriptionParameters::take(reader).map(Self)
    }

    fn resolve<'a>(&'a self, resolver: &mut Resolver<'a>) -> Result<Intent, ActionError> {
        let Subscribers { object, mut recipients, .. } = self.0.resolve(resolver)?;
        parties::warn(&mut recipients, resolver);
        Ok(Intent { object, recipients })
    }
}

impl ActionIntent for Intent {
    fn needs<'a>(&'a self, needs: &mut EnvironmentNeeds<'_, 'a>) {
        parties::needs(&self.recipients, needs);
        self.recipients.iter().for_each(|party| needs.subscription(&self.object, &party.key));
    }

    fn listed_recipients(&self) -> usize {
        self.recipients.len()
    }

    fn upsert_inline(&self, view: &View<'_>, effects: &mut Vec<Effect>) -> Result<(), TooLarge> {
        parties::upsert_inline(&self.recipients, view, effects)
    }

    fn decide(&self, view: &mut View<'_>, effects: &mut Vec<Effect>) -> Decision {
        let named = Named::of(&self.recipients, view);
        let (subscribed, not_subscribed): (Vec<&RecipientKey>, Vec<&RecipientKey>) =
            named.identified_keys().partition(|recipient| view.is_subscribed(&self.object, recipient));
        let result = json::object([
            ("object", parties::reference(&self.object).as_str()),
            ("recipients", &parties::references(subscribed.iter().copied())),
            ("not_subscribed", &parties::references(not_subscribed)),
            ("skipped_recipients", &named.skipped()),
        ]);
        let skipped = named.unidentified.len();
        if subscribed.is_empty() {
            let reason = "no recipient is subscribed to the object; nothing was changed";
            return Decision::skipped(result, reason).with_skipped_recipients(skipped);
        }
        effects.extend(
            subscribed
                .into_iter()
                .map(|recipient| Effect::Unsubscribe { object: self.object.clone(), recipient: recipient.clone() }),
        );
        Decision::success(result).with_skipped_recipients(skipped)
    }
}
