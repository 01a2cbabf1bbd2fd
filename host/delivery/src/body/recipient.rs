//! Recipients as JSON text.

use std::borrow::Cow;

use inlet_core::json::{self, Kind, Members};
use inlet_store::DeliveryRecipient;

/// Writes a recipient with all its properties: its collection and id first, then the properties as they are stored, then the
/// trigger's data for it under `trigger_data_name`. No property takes the place of these.
pub fn with_properties(recipient: &DeliveryRecipient, trigger_data_name: &str) -> String {
    let mut properties: Members<'_> = recipient.properties.as_deref().and_then(json::members).unwrap_or_default();
    properties.retain(|name, _| !["id", "collection", trigger_data_name].contains(&name.as_ref()));
    let (id, collection) = (json::quote(&recipient.id), recipient.collection.as_deref().map(json::quote));
    let mut members: Vec<(Cow<'_, str>, &str)> = Vec::with_capacity(properties.len() + 3);
    if let Some(collection) = &collection {
        members.push(("collection".into(), collection));
    }
    members.push(("id".into(), &id));
    members.extend(properties);
    if let Some(data) = &recipient.trigger_data {
        members.push((trigger_data_name.into(), data));
    }
    json::object(members)
}

/// Writes a recipient as a reference: a string for a user, `{collection, id}` for others.
pub fn reference(recipient: &DeliveryRecipient) -> String {
    let id = json::quote(&recipient.id);
    match &recipient.collection {
        None => id,
        Some(collection) => json::object([("collection", json::quote(collection).as_str()), ("id", &id)]),
    }
}

/// Returns the run's data with the trigger's data for a recipient merged over it, always an object.
pub fn merged_data<'a>(data: &'a str, recipient: &DeliveryRecipient) -> Cow<'a, str> {
    let data = if Kind::of(data) == Kind::Object { data } else { "{}" };
    match &recipient.trigger_data {
        Some(own) => json::merge(data, own).into(),
        None => data.into(),
    }
}
