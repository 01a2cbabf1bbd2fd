//! Properties of users, objects and tenants, and their upsert.
//!
//! Source of the rules: semantics.md §5, "Identify events".

use crate::{
    json::{self, Kind, Members},
    time,
};

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

/// Properties to upsert, and what was wrong with the values that were sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedProperties {
    /// A JSON object without the known properties of a wrong type.
    pub properties: String,
    /// A sentence for each property that was left out.
    pub warnings: Vec<String>,
}

/// Converts a platform's traits to properties: `phone` becomes `phone_number` unless that is given too. `createdAt` fills
/// `created_at`. Known traits of a wrong type are left out, so that good values stay.
pub fn properties_of_traits(traits: &str) -> CheckedProperties {
    let Some(mut members) = json::members(traits) else {
        return CheckedProperties { properties: "{}".to_owned(), warnings: Vec::new() };
    };
    let mut warnings = Vec::new();
    let mut is_changed = leave_out_wrong(&mut members, "phone", &mut warnings);
    is_changed |= leave_out_wrong_known(&mut members, &mut warnings);
    if let Some(phone) = members.shift_remove("phone") {
        is_changed = true;
        members.entry("phone_number".into()).or_insert(phone);
    }
    is_changed |= fill_created_at(&mut members);
    let properties = if is_changed { json::object(members) } else { traits.to_owned() };
    CheckedProperties { properties, warnings }
}

/// Checks the members of a user that is given inline: `createdAt` fills `created_at`, and known properties of a wrong type
/// are left out. Returns a sentence for each of those.
pub fn check_inline(members: &mut Members<'_>) -> Vec<String> {
    let mut warnings = Vec::new();
    leave_out_wrong_known(members, &mut warnings);
    fill_created_at(members);
    warnings
}

fn leave_out_wrong_known(members: &mut Members<'_>, warnings: &mut Vec<String>) -> bool {
    KNOWN.into_iter().fold(false, |is_changed, name| leave_out_wrong(members, name, warnings) | is_changed)
}

/// Removes a member of a wrong type, which would hide a good value; returns true if there was one.
fn leave_out_wrong(members: &mut Members<'_>, name: &str, warnings: &mut Vec<String>) -> bool {
    let Some(value) = members.get(name) else { return false };
    let problem = match (name, Kind::of(value)) {
        (_, Kind::Null) => return false,
        ("created_at", Kind::String | Kind::Number) if time::read(Some(value)).is_some() => return false,
        ("created_at", Kind::String | Kind::Number) => {
            "cannot be read as a time; expected one such as 2026-01-02T03:04:05Z".to_owned()
        }
        ("created_at", other) => format!("is {}; expected a time such as 2026-01-02T03:04:05Z", other.with_article()),
        (_, Kind::String | Kind::Number) => return false,
        (_, other) => format!("is {}; expected a string", other.with_article()),
    };
    warnings.push(format!("the trait `{name}` {problem}; it was left out, and an earlier value stays"));
    members.shift_remove(name);
    true
}

/// Fills `created_at` from `createdAt`, which many platforms send; returns true if it did.
fn fill_created_at(members: &mut Members<'_>) -> bool {
    if members.contains_key("created_at") {
        return false;
    }
    let Some(created_at) = members.get("createdAt").copied().filter(|text| time::read(Some(text)).is_some()) else {
        return false;
    };
    members.insert("created_at".into(), created_at);
    true
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

/// Reads the user id of an event: a string, or a number as its decimal text, whatever its spelling. `""` and null mean absent.
pub fn read_user_id(text: Option<&str>) -> Result<Option<String>, &'static str> {
    let Some(text) = text else { return Ok(None) };
    match Kind::of(text) {
        Kind::Null => Ok(None),
        Kind::Number => Ok(Some(json::decimal(text).into_owned())),
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
