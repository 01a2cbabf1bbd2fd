//! Lists of users and objects that an action names: loading, upserting and showing them.

use std::collections::HashSet;

use super::{Resolver, View};
use crate::{
    effect::Effect,
    json,
    recipient::{Party, RecipientKey},
    user::TooLarge,
    world::EnvironmentNeeds,
};

/// Passes the warnings of recipients on to the action log.
pub(super) fn warn(parties: &mut [Party], resolver: &mut Resolver<'_>) {
    for party in parties {
        for warning in std::mem::take(&mut party.warnings) {
            resolver.warn(format!("{:?}: {warning}", party.key.id));
        }
    }
}

/// Adds recipients that must be loaded: those that are given inline with their properties.
pub(super) fn needs<'a>(parties: impl IntoIterator<Item = &'a Party>, needs: &mut EnvironmentNeeds<'_, 'a>) {
    for party in parties {
        match party.inline {
            Some(_) => needs.properties(&party.key),
            None => needs.existence(&party.key),
        }
    }
}

/// Upserts the recipients that are given inline.
pub(super) fn upsert_inline<'a>(
    parties: impl IntoIterator<Item = &'a Party>,
    view: &View<'_>,
    effects: &mut Vec<Effect>,
) -> Result<(), TooLarge> {
    view.upsert(parties.into_iter().filter_map(|party| Some((&party.key, party.inline.as_deref()?))), effects)
}

/// Recipients by whether they are identified, each once, in the order of the event.
pub(super) struct Named<'a> {
    pub(super) identified: Vec<&'a RecipientKey>,
    pub(super) unidentified: Vec<&'a RecipientKey>,
}

impl<'a> Named<'a> {
    pub(super) fn of(parties: impl IntoIterator<Item = &'a Party>, view: &View<'_>) -> Self {
        let mut seen = HashSet::new();
        let keys = parties.into_iter().map(|party| &party.key).filter(|key| seen.insert(*key));
        let (identified, unidentified) = keys.partition(|key| view.is_identified(key));
        Self { identified, unidentified }
    }

    /// Returns the member `skipped_recipients` of a result, a JSON array.
    pub(super) fn skipped(&self) -> String {
        json::array(self.unidentified.iter().map(|key| reference(key, Some("not identified"))))
    }
}

/// Returns references to recipients, a JSON array.
pub(super) fn references<'a>(keys: impl IntoIterator<Item = &'a RecipientKey>) -> String {
    json::array(keys.into_iter().map(|key| reference(key, None)))
}

/// Returns the reference to a recipient in a result: its `id`, an object's `collection`, and the reason why it was left
/// out.
pub(super) fn reference(key: &RecipientKey, reason: Option<&str>) -> String {
    let (id, collection) = (json::quote(&key.id), key.shown_collection().map(json::quote));
    let reason = reason.map(json::quote);
    let mut members = vec![("id", id.as_str())];
    members.extend(collection.as_deref().map(|collection| ("collection", collection)));
    members.extend(reason.as_deref().map(|reason| ("reason", reason)));
    json::object(members)
}
