//! The types of the known properties of users, objects and tenants, as a caller that waits for the answer must send them.
//!
//! A webhook with a known property of a wrong type leaves the property out and goes on; see [`crate::user`].

use fluent_uri::Uri;

use crate::{
    json::{self, Kind},
    time,
};

/// A known property of a wrong type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it is {found}; expected {expected} or null")]
pub struct WrongType {
    /// The place of the property, for example `settings.branding.logo_url`.
    pub place: String,
    found: &'static str,
    expected: &'static str,
}

/// The kind of value that a known property takes. Every one may be null too.
#[derive(Debug, Clone, Copy)]
enum Expected {
    Text,
    Url,
    Time,
    Object,
}

use Expected::{Object, Text, Time, Url};

/// The known properties of a user.
const USER: [(&str, Expected); 9] = [
    ("name", Text),
    ("email", Text),
    ("phone_number", Text),
    ("avatar", Text),
    ("locale", Text),
    ("timezone", Text),
    ("created_at", Time),
    ("channel_data", Object),
    ("preferences", Object),
];

/// The known properties of an object.
const OBJECT: [(&str, Expected); 6] = [
    ("name", Text),
    ("locale", Text),
    ("timezone", Text),
    ("created_at", Time),
    ("channel_data", Object),
    ("preferences", Object),
];

/// The known properties of a tenant.
const TENANT: [(&str, Expected); 4] =
    [("name", Text), ("channel_data", Object), ("preferences", Object), ("settings", Object)];

/// Checks the properties of a user, a JSON object.
pub fn check_user_types(properties: &str) -> Result<(), WrongType> {
    check("", properties, &USER)
}

/// Checks the properties of an object, a JSON object.
pub fn check_object_types(properties: &str) -> Result<(), WrongType> {
    check("", properties, &OBJECT)
}

/// Checks the properties of a tenant, a JSON object, the branding of its settings included.
pub fn check_tenant_types(properties: &str) -> Result<(), WrongType> {
    check("", properties, &TENANT)?;
    let Some(settings) = json::member(properties, "settings") else { return Ok(()) };
    check("settings.", settings, &[("branding", Object), ("preference_set", Object)])?;
    let Some(branding) = json::member(settings, "branding") else { return Ok(()) };
    json::members(branding).unwrap_or_default().keys().try_for_each(|name| {
        let expected = if name.ends_with("_url") { Url } else { Text };
        check("settings.branding.", branding, &[(name.as_ref(), expected)])
    })
}

fn check(prefix: &str, properties: &str, known: &[(&str, Expected)]) -> Result<(), WrongType> {
    let members = json::members(properties).unwrap_or_default();
    for (name, expected) in known {
        let Some(value) = members.get(*name) else { continue };
        let (found, expected) = match (expected, Kind::of(value)) {
            (_, Kind::Null) | (Text, Kind::String) | (Object, Kind::Object) => continue,
            (Time, Kind::String) if time::read(Some(value)).is_some() => continue,
            (Url, Kind::String) if is_url(value) => continue,
            (Url, Kind::String) => ("a text that is no URL", "a URL such as https://example.com/logo.png"),
            (Url, other) => (other.with_article(), "a URL such as https://example.com/logo.png"),
            (Time, Kind::String) => ("a text that is no time", "a time such as 2026-01-02T03:04:05Z"),
            (Time, other) => (other.with_article(), "a time such as 2026-01-02T03:04:05Z"),
            (Text, other) => (other.with_article(), "a string"),
            (Object, other) => (other.with_article(), "an object"),
        };
        return Err(WrongType { place: format!("{prefix}{name}"), found, expected });
    }
    Ok(())
}

/// Returns true for a string that is a URI (RFC 3986), as clients with a schema check it.
fn is_url(value: &str) -> bool {
    json::string(value).is_some_and(|text| Uri::parse(text.as_ref()).is_ok())
}
