//! The attributes of event logs that are searched, and their hashes.

use std::hash::Hasher as _;

use inlet_core::{
    idempotency::HashKey,
    log::{Outcome, Status},
};
use siphasher::sip::SipHasher13;
use uuid::Uuid;

use crate::{
    records::{EventQuery, RecipientFilter},
    sqlite::statements::codes,
};

/// An attribute with a value, as an event has it or as a search wants it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Attribute<'a> {
    IdempotencyKey(&'a str),
    /// The recipient of a trigger, reached, skipped or waited for.
    Recipient {
        collection: Option<&'a str>,
        id: &'a str,
    },
    UserId(&'a str),
    Code(&'a str),
    Outcome(Outcome),
    /// The status of one of the event's actions.
    ActionStatus(Status),
    EventType(&'a str),
    /// The type of one of the event's actions.
    ActionType(&'a str),
    /// The mapping of one of the event's actions.
    Mapping(Uuid),
    /// The workflow that one of the event's actions triggers or cancels.
    Workflow(&'a str),
    /// An action, whatever it is.
    AnyAction,
}

impl Attribute<'_> {
    /// Returns the hash under which the attribute is found. The first byte tells attributes apart and is part of the
    /// schema: never change one.
    pub(crate) fn hash(self, key: &HashKey) -> u32 {
        let mut hasher = SipHasher13::new_with_key(&key.0);
        match self {
            Self::IdempotencyKey(text) => write(&mut hasher, 1, text),
            Self::Recipient { collection, id } => {
                // No name of a collection is empty.
                write(&mut hasher, 2, collection.unwrap_or_default());
                write(&mut hasher, 0, id);
            }
            Self::UserId(text) => write(&mut hasher, 3, text),
            Self::Code(text) => write(&mut hasher, 4, text),
            Self::Outcome(outcome) => hasher.write(&[5, codes::of_outcome(outcome) as u8]),
            Self::ActionStatus(status) => hasher.write(&[6, codes::of_status(status) as u8]),
            Self::EventType(text) => write(&mut hasher, 7, text),
            Self::ActionType(text) => write(&mut hasher, 8, text),
            Self::Mapping(id) => {
                hasher.write(&[9]);
                hasher.write(id.as_bytes());
            }
            Self::Workflow(text) => write(&mut hasher, 10, text),
            Self::AnyAction => hasher.write(&[11]),
        }
        // The upper half would do as well.
        hasher.finish() as u32
    }
}

fn write(hasher: &mut SipHasher13, tag: u8, text: &str) {
    hasher.write(&[tag]);
    hasher.write(text.as_bytes());
}

/// Returns the attributes that a query asks for, the most selective kind first, each with its alternative values.
pub(crate) fn wanted(query: &EventQuery) -> Vec<Vec<Attribute<'_>>> {
    let recipient = query.recipient.as_ref();
    let mut wanted: Vec<Vec<Attribute<'_>>> = [
        query.idempotency_key.as_deref().map(Attribute::IdempotencyKey),
        recipient
            .map(|RecipientFilter { collection, id }| Attribute::Recipient { collection: collection.as_deref(), id }),
        query.user_id.as_deref().map(Attribute::UserId),
        query.code.as_deref().map(Attribute::Code),
    ]
    .into_iter()
    .flatten()
    .map(|attribute| vec![attribute])
    .collect();
    if let Some(action) = &query.action {
        let recipient = action.recipient.as_ref();
        let of_action = [
            recipient.map(|RecipientFilter { collection, id }| Attribute::Recipient {
                collection: collection.as_deref(),
                id,
            }),
            action.mapping.map(Attribute::Mapping),
            action.workflow.as_deref().map(Attribute::Workflow),
            action.status.map(Attribute::ActionStatus),
            action.action_type.as_deref().map(Attribute::ActionType),
        ];
        wanted.extend(of_action.into_iter().flatten().map(|attribute| vec![attribute]));
    }
    wanted.push(query.outcomes.iter().copied().map(Attribute::Outcome).collect());
    wanted.push(query.action_status.into_iter().map(Attribute::ActionStatus).collect());
    wanted.push(query.event_types.iter().map(|name| Attribute::EventType(name)).collect());
    wanted.retain(|values| !values.is_empty());
    if wanted.is_empty() && query.action.is_some() {
        wanted.push(vec![Attribute::AnyAction]);
    }
    wanted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_of_different_attributes_differ() {
        let key = HashKey([7; 16]);
        let attributes = [
            Attribute::IdempotencyKey("a"),
            Attribute::Recipient { collection: None, id: "a" },
            Attribute::Recipient { collection: Some("a"), id: "" },
            Attribute::Recipient { collection: Some("a"), id: "a" },
            Attribute::UserId("a"),
            Attribute::Code("a"),
            Attribute::EventType("a"),
            Attribute::Outcome(Outcome::Failed),
            Attribute::ActionStatus(Status::Error),
            Attribute::ActionType("a"),
            Attribute::Mapping(Uuid::nil()),
            Attribute::Workflow("a"),
            Attribute::AnyAction,
        ];
        let mut hashes: Vec<u32> = attributes.iter().map(|attribute| attribute.hash(&key)).collect();
        assert_ne!(hashes[0], Attribute::IdempotencyKey("a").hash(&HashKey([8; 16])), "the hash is keyed");
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), attributes.len());
    }
}
