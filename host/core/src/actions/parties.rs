//! Lists of recipients that an action names: loading, upserting and showing them.

use std::collections::HashSet;

use super::{Resolver, View};
use crate::{
    effect::Effect,
    json,
    recipient::{Party, RecipientKey},
    user::TooLarge,
    world::EnvironmentNeeds,
};

/// The reason for which a recipient is skipped.
pub(super) const NOT_IDENTIFIED: &str = "not identified";

/// Passes the warnings of recipients on to the action log.
pub(super) fn warn<'a>(parties: impl IntoIterator<Item = &'a mut Party>, resolver: &mut Resolver<'_>) {
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
    pub(super) identified: Vec<&'a Party>,
    pub(super) unidentified: Vec<&'a Party>,
}

impl<'a> Named<'a> {
    pub(super) fn of(parties: impl IntoIterator<Item = &'a Party>, view: &View<'_>) -> Self {
        let mut seen = HashSet::new();
        let (identified, unidentified) = parties
            .into_iter()
            .filter(|party| seen.insert(&party.key))
            .partition(|party| view.is_identified(&party.key));
        Self { identified, unidentified }
    }

    /// Returns the keys of the identified recipients.
    pub(super) fn identified_keys(&self) -> impl Iterator<Item = &'a RecipientKey> {
        keys(&self.identified)
    }

    /// Returns the member `skipped_recipients` of a result, a JSON array.
    pub(super) fn skipped(&self) -> String {
        skipped(keys(&self.unidentified))
    }
}

/// Returns the keys of recipients.
pub(super) fn keys<'a>(parties: &[&'a Party]) -> impl Iterator<Item = &'a RecipientKey> {
    parties.iter().map(|party| &party.key)
}

/// Returns references to recipients, a JSON array.
pub(super) fn references<'a>(keys: impl IntoIterator<Item = &'a RecipientKey>) -> String {
    json::array(keys.into_iter().map(reference))
}

/// Returns references to recipients that are not identified, a JSON array.
pub(super) fn skipped<'a>(keys: impl IntoIterator<Item = &'a RecipientKey>) -> String {
    json::array(keys.into_iter().map(|key| reference_with(key, "reason", NOT_IDENTIFIED)))
}

/// Returns the reference to a recipient in a result: its `id`, and an object's `collection`.
pub(super) fn reference(key: &RecipientKey) -> String {
    write(key, None)
}

/// Returns the reference to a recipient in a result, with one more member.
pub(super) fn reference_with(key: &RecipientKey, name: &str, text: &str) -> String {
    write(key, Some((name, &json::quote(text))))
}

fn write(key: &RecipientKey, extra: Option<(&str, &str)>) -> String {
    let (id, collection) = (json::quote(&key.id), key.shown_collection().map(json::quote));
    let mut members = vec![("id", id.as_str())];
    members.extend(collection.as_deref().map(|collection| ("collection", collection)));
    members.extend(extra);
    json::object(members)
}
