//! The places at which a plugin found the values of a stored event. They are not stored: the plugin translates the event
//! again, in the version that translated it then.

use std::time::{Duration, Instant};

use inlet_core::{
    contract::{Item, TranslatedEvent, Value},
    verification::Verdict,
};
use inlet_sandbox::Plugin;
use inlet_store::{ReadMemory, StoredEvent};

use super::{plan, rehearse::RehearseError, stored_request};
use crate::{Engine, snapshot::Endpoint};

/// The places of an event's values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PointedValues {
    /// The values that the plugin gave, in the order of the contract's members.
    pub values: Vec<PointedValue>,
    /// The time that the plugin took now, with the wait for a sandbox.
    pub took: Duration,
    /// True if the event came out as it is stored: with its event type, its user id and its data.
    pub is_same: bool,
}

/// The place of one value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PointedValue {
    /// The member of the event: `user_id`, `data`, `idempotency_key` or `occurred_at`; of an assembled one a member of it,
    /// as in `data.email`.
    pub field: String,
    /// The JSON Pointer from the top of the stored item; none if the plugin wrote the value itself.
    pub pointer: Option<String>,
}

/// The reason why the places of an event's values are not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotPointed {
    /// The stored item is gone or empty.
    #[error("what came is no longer stored")]
    NothingKept,
    /// The item never was an event.
    #[error("the item is no event")]
    NoEvent,
    /// The plugin makes something else of the item when it comes alone.
    #[error(
        "the item came as a part of a larger request, and the plugin reads it only there; the whole request is not stored"
    )]
    NotAlone,
    /// The plugin failed.
    #[error("the plugin did not translate the item again: {0}")]
    Failed(String),
}

/// Finds the places of the values of a stored event, with a version of its source's plugin. Nothing is written or counted.
pub async fn pointed_values(
    engine: &Engine,
    endpoint: &Endpoint,
    plugin: &Plugin,
    event: &StoredEvent,
    memory: &dyn ReadMemory,
) -> Result<Result<PointedValues, NotPointed>, RehearseError> {
    if event.data.is_none() && !event.body_removed {
        return Ok(Err(NotPointed::NoEvent));
    }
    let Some(body) = stored_request::kept_body(engine, endpoint.id, event, memory).await? else {
        return Ok(Err(NotPointed::NothingKept));
    };
    let started = Instant::now();
    let (request, translated) = stored_request::translate(engine, endpoint, plugin, event, &body).await?;
    let took = started.elapsed();
    let translation = match &translated.result {
        Ok(Ok(translation)) => translation,
        Ok(Err(_)) => return Ok(Err(NotPointed::NotAlone)),
        Err(not_translated) => return Ok(Err(NotPointed::Failed(not_translated.reason()))),
    };
    let [Item::Event(found)] = translation.items.as_slice() else { return Ok(Err(NotPointed::NotAlone)) };
    let planned = plan::plan_uncounted(engine, endpoint, &request, Verdict::NotConfigured, &translated);
    let is_same = planned.is_ok_and(|items| {
        items.first().is_some_and(|item| {
            let stored = event.data.as_ref().and_then(|data| data.content.as_deref());
            item.log.event_type == event.event_type
                && item.log.user_id == event.user_id
                && stored.is_none_or(|stored| item.log.data.as_deref() == Some(stored))
        })
    });
    Ok(Ok(PointedValues { values: values_of(found), took, is_same }))
}

fn values_of(event: &TranslatedEvent) -> Vec<PointedValue> {
    let members = [
        ("user_id", &event.user_id),
        ("data", &event.data),
        ("idempotency_key", &event.idempotency_key),
        ("occurred_at", &event.occurred_at),
    ];
    let mut values = Vec::new();
    for (field, value) in members {
        match value {
            None => {}
            Some(Value::At(pointer)) => {
                values.push(PointedValue { field: field.to_owned(), pointer: Some(pointer.clone()) });
            }
            Some(Value::Made(_)) => values.push(PointedValue { field: field.to_owned(), pointer: None }),
            Some(Value::Assembled(parts)) => values.extend(parts.iter().map(|(name, pointer)| PointedValue {
                field: format!("{field}.{name}"),
                pointer: Some(pointer.clone()),
            })),
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_member_has_the_place_of_its_value() {
        let event = TranslatedEvent {
            event_type: "track/Paid".to_owned(),
            user_id: Some(Value::At("/userId".to_owned())),
            data: Some(Value::Assembled(vec![("email".to_owned(), "/row/EMAIL".to_owned())])),
            idempotency_key: Some(Value::Made(r#""k""#.to_owned())),
            occurred_at: None,
            original: None,
            tag: String::new(),
            extras: Vec::new(),
        };
        let places: Vec<(String, Option<String>)> =
            values_of(&event).into_iter().map(|value| (value.field, value.pointer)).collect();
        let expected = [("user_id", Some("/userId")), ("data.email", Some("/row/EMAIL")), ("idempotency_key", None)];
        assert_eq!(places, expected.map(|(field, pointer)| (field.to_owned(), pointer.map(str::to_owned))));
    }
}
