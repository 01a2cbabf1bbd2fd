//! `objects_subscribe`: subscribes recipients to an object.
//!
//! Parameters: `collection` (a constant, required), `id` (required), `recipients` (default: the path `user_id`) and
//! `properties`. Source of the rules: semantics.md §6.
//!
//! - The object must be known; an earlier action of the same event may have set it. Otherwise the action is skipped.
//! - Recipients are named as those of a trigger are: inline ones are upserted, and one given by reference that is not
//!   identified is left out and named. More than 1000 are an error of this action alone.
//! - The properties replace those of an existing subscription; they are null if there are none. Every subscription keeps
//!   its own, so those of one action are bounded in all.
//! - Recipients may be objects, and objects may be subscribed to each other or to themselves.

use bytestring::ByteString;

use super::{
    ActionError, ActionIntent, ActionParameters, BadMapping, Decision, ParameterReader, Resolver, View,
    parties::{self, Named},
    subscription::{Subscribers, SubscriptionParameters},
};
use crate::{
    effect::Effect,
    json,
    recipient::{Party, RecipientKey},
    user::{MAX_CUSTOM_BYTES, TooLarge},
    world::EnvironmentNeeds,
};

/// The most bytes of properties that the subscriptions of one action take in all.
const MAX_BYTES: usize = 8 * 1024 * 1024;

/// The parameters of a mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameters(SubscriptionParameters);

/// Recipients to subscribe.
#[derive(Debug, Clone)]
pub struct Intent {
    /// The object.
    pub object: RecipientKey,
    /// In the order of the event, duplicates included.
    pub recipients: Vec<Party>,
    /// A JSON object or null.
    pub properties: ByteString,
}

impl ActionParameters for Parameters {
    type Intent = Intent;

    fn parse(reader: &mut ParameterReader<'_>) -> Result<Self, BadMapping> {
        SubscriptionParameters::take(reader).map(Self)
    }

    fn resolve<'a>(&'a self, resolver: &mut Resolver<'a>) -> Result<Intent, ActionError> {
        let Subscribers { object, mut recipients, properties } = self.0.resolve(resolver)?;
        let properties = properties.map_or(Ok(ByteString::from_static("null")), |found| found.object_or_null())?;
        check_size(properties.len(), recipients.len())?;
        parties::warn(&mut recipients, resolver);
        Ok(Intent { object, recipients, properties })
    }
}

/// Checks the size of the properties, of each subscription and of all.
fn check_size(bytes: usize, recipients: usize) -> Result<(), ActionError> {
    let all = bytes.saturating_mul(recipients);
    let too_large = if bytes > MAX_CUSTOM_BYTES {
        format!("properties of {bytes} bytes are too many; at most {MAX_CUSTOM_BYTES} are allowed")
    } else if recipients > 1 && all > MAX_BYTES {
        format!(
            "properties of {bytes} bytes for {recipients} subscriptions would take {all} bytes; at most {MAX_BYTES} are \
             allowed in one action: give smaller ones, or name fewer recipients"
        )
    } else {
        return Ok(());
    };
    Err(ActionError::Value(too_large))
}

impl ActionIntent for Intent {
    fn needs<'a>(&'a self, needs: &mut EnvironmentNeeds<'_, 'a>) {
        needs.existence(&self.object);
        parties::needs(&self.recipients, needs);
    }

    fn listed_recipients(&self) -> usize {
        self.recipients.len()
    }

    fn upsert_inline(&self, view: &View<'_>, effects: &mut Vec<Effect>) -> Result<(), TooLarge> {
        parties::upsert_inline(&self.recipients, view, effects)
    }

    fn decide(&self, view: &mut View<'_>, effects: &mut Vec<Effect>) -> Decision {
        let object = parties::reference(&self.object);
        let result = |subscribed: &str, skipped: &str| {
            json::object([("object", object.as_str()), ("recipients", subscribed), ("skipped_recipients", skipped)])
        };
        if !view.is_identified(&self.object) {
            return Decision::skipped(result("[]", "[]"), "the object is not known; nobody was subscribed to it");
        }
        let named = Named::of(&self.recipients, view);
        let result = result(&parties::references(named.identified_keys()), &named.skipped());
        let skipped = named.unidentified.len();
        if named.identified.is_empty() {
            let reason = "no recipient is identified; nobody was subscribed";
            return Decision::skipped(result, reason).with_skipped_recipients(skipped);
        }
        effects.extend(named.identified_keys().map(|recipient| Effect::Subscribe {
            object: self.object.clone(),
            recipient: recipient.clone(),
            properties: self.properties.clone(),
        }));
        Decision::success(result).with_skipped_recipients(skipped)
    }
}
