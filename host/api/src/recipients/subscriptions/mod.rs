//! Subscriptions of recipients to objects.

pub mod add;
pub mod delete;
pub mod list_of_object;
pub mod list_of_user;
mod read;
mod response;

use inlet_core::{json, recipient::RecipientKey};

use super::ids;

/// Writes the parameters of the action. `recipients` is a path or a constant, `properties` a path.
fn parameters(object: &RecipientKey, recipients: &str, properties: Option<&str>) -> String {
    let (collection, id) = (json::quote(&object.collection), ids::constant(&object.id));
    let mut members = vec![("collection", collection.as_str()), ("id", &id), ("recipients", recipients)];
    members.extend(properties.map(|properties| ("properties", properties)));
    json::object(members)
}
