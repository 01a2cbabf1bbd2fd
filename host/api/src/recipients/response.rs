//! The properties of users and tenants in responses, where custom properties stand beside the known ones.

use indexmap::IndexMap;
use inlet_api_types::RawJson;
use inlet_core::json::{self, Kind, Members};
use inlet_store::RecipientRecord;

use crate::stored_json::stored_json;

/// Names that a response uses for members of its own. Properties with these names are left out.
const RESERVED: [&str; 3] = ["__typename", "id", "updated_at"];

/// Returns the properties to show.
pub fn own_properties(record: &RecipientRecord) -> Members<'_> {
    let mut properties = json::members(&record.properties).unwrap_or_default();
    properties.retain(|name, _| !RESERVED.contains(&name.as_ref()));
    properties
}

/// Takes a property that the response shows as text: numbers (in plain digits) and booleans are quoted, all else is null.
pub fn take_text(properties: &mut Members<'_>, name: &str) -> Option<RawJson> {
    let value = properties.shift_remove(name)?;
    match Kind::of(value) {
        Kind::String => Some(stored_json(value)),
        Kind::Number => Some(stored_json(json::quote(&json::decimal(value)))),
        Kind::Bool => Some(stored_json(json::quote(value.trim()))),
        Kind::Null | Kind::Array | Kind::Object => None,
    }
}

/// Returns the custom properties: those that were not taken.
pub fn rest(properties: Members<'_>) -> IndexMap<String, RawJson> {
    properties.into_iter().map(|(name, value)| (name.into_owned(), stored_json(value))).collect()
}
