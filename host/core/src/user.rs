//! Properties of users, objects and tenants, and their upsert.
//!
//! Source of the rules: semantics.md §5, "Identify events".

use crate::json::{self, Kind};

/// The largest size of the custom properties of one user, object or tenant, in bytes of JSON text.
pub const MAX_CUSTOM_BYTES: usize = 256 * 1024;

/// Properties with a defined meaning; all others are custom properties.
pub const KNOWN: [&str; 7] = ["name", "email", "avatar", "locale", "timezone", "created_at", "phone_number"];

/// An upsert that would make the custom properties too large.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the custom properties of {id:?} would take {found} bytes; at most {MAX_CUSTOM_BYTES} are allowed")]
pub struct TooLarge {
    /// The id of the user, object or tenant.
    pub id: String,
    /// The size in bytes of JSON text.
    pub found: usize,
}

/// Converts a platform's traits to properties: `phone` becomes `phone_number` unless that is given too.
pub fn properties_of_traits(traits: &str) -> String {
    let Some(mut members) = json::members(traits) else { return "{}".to_owned() };
    if !members.contains_key("phone") {
        return traits.to_owned();
    }
    let phone = members.shift_remove("phone");
    if let Some(phone) = phone
        && !members.contains_key("phone_number")
    {
        members.insert("phone_number".into(), phone);
    }
    json::object(members)
}

/// Merges properties into the known ones; `known` is none for a new user, object or tenant.
pub fn upsert(id: &str, known: Option<&str>, properties: &str) -> Result<String, TooLarge> {
    check_size(id, json::merge(known.unwrap_or("{}"), properties))
}

fn check_size(id: &str, merged: String) -> Result<String, TooLarge> {
    // Most are far below the limit, and custom properties need not be told from known ones.
    if merged.len() > MAX_CUSTOM_BYTES {
        let mut custom = json::members(&merged).unwrap_or_default();
        custom.retain(|key, _| !KNOWN.contains(&key.as_ref()));
        let found = json::object(custom).len();
        if found > MAX_CUSTOM_BYTES {
            return Err(TooLarge { id: id.to_owned(), found });
        }
    }
    Ok(merged)
}

/// Fills the gaps of the known properties with those of an older event; known values stay.
pub fn fill(id: &str, known: &str, older: &str) -> Result<String, TooLarge> {
    check_size(id, json::fill_gaps(known, older))
}

/// Reads the user id of an event: a string, or a number as its decimal text. `""` and null mean absent.
pub fn read_user_id(text: Option<&str>) -> Result<Option<String>, &'static str> {
    let Some(text) = text else { return Ok(None) };
    match Kind::of(text) {
        Kind::Null => Ok(None),
        Kind::Number => Ok(Some(text.trim().to_owned())),
        Kind::String => match json::string(text) {
            None => Err("holds a lone surrogate"),
            Some(id) if id.chars().any(char::is_control) => Err("holds a control character"),
            Some(id) => Ok(Some(id).filter(|id| !id.is_empty())),
        },
        Kind::Bool => Err("is a boolean; expected a string or a number"),
        Kind::Array => Err("is an array; expected a string or a number"),
        Kind::Object => Err("is an object; expected a string or a number"),
    }
}
