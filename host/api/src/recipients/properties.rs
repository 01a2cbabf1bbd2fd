//! Checks the properties that a caller sends. A webhook with a known property of a wrong type leaves the property out and
//! goes on; a caller of the API waits for the answer and is told instead.

use fluent_uri::Uri;
use inlet_api_types::RawJson;
use inlet_core::{
    json::{self, Kind},
    time,
};

use crate::error::ApiError;

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

/// Checks the properties of a user, a JSON object. `at` is the place of the object in the body, for example `users[3]`.
pub fn check_user(at: &str, properties: &str) -> Result<(), ApiError> {
    check(at, properties, &USER)
}

/// Checks the properties of an object.
pub fn check_object(at: &str, properties: &str) -> Result<(), ApiError> {
    check(at, properties, &OBJECT)
}

/// Checks the properties of a tenant, the branding of its settings included.
pub fn check_tenant(at: &str, properties: &str) -> Result<(), ApiError> {
    check(at, properties, &TENANT)?;
    let Some(settings) = json::member(properties, "settings") else { return Ok(()) };
    check(&place(at, "settings"), settings, &[("branding", Object), ("preference_set", Object)])?;
    let Some(branding) = json::member(settings, "branding") else { return Ok(()) };
    let at = place(&place(at, "settings"), "branding");
    json::members(branding).unwrap_or_default().keys().try_for_each(|name| {
        let expected = if name.ends_with("_url") { Url } else { Text };
        check(&at, branding, &[(name.as_ref(), expected)])
    })
}

/// Checks that an optional value is an object.
pub fn check_is_object(at: &str, value: Option<&RawJson>) -> Result<(), ApiError> {
    match value.map(|value| Kind::of(value.as_text())) {
        None | Some(Kind::Object) => Ok(()),
        Some(other) => {
            Err(ApiError::invalid(at, format!("it is {}; expected an object or null", other.with_article())))
        }
    }
}

/// Returns the place of a member.
pub fn place(at: &str, member: &str) -> String {
    if at.is_empty() { member.to_owned() } else { format!("{at}.{member}") }
}

fn check(at: &str, properties: &str, known: &[(&str, Expected)]) -> Result<(), ApiError> {
    let members = json::members(properties).unwrap_or_default();
    for (name, expected) in known {
        let Some(value) = members.get(*name) else { continue };
        let (found, wanted) = match (expected, Kind::of(value)) {
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
        return Err(ApiError::invalid(place(at, name), format!("it is {found}; expected {wanted} or null")));
    }
    Ok(())
}

/// Returns true for a string that is a URI (RFC 3986), as clients with a schema check it.
fn is_url(value: &str) -> bool {
    json::string(value).is_some_and(|text| Uri::parse(text.as_ref()).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(result: Result<(), ApiError>) -> String {
        let error = result.unwrap_err();
        format!("{}: {error}", error.field().unwrap_or("-"))
    }

    #[test]
    fn a_known_property_of_a_wrong_type_is_named() {
        let good = r#"{"name":null,"email":"a@b.c","created_at":"2026-01-02T03:04:05Z","plan":7,"channel_data":{}}"#;
        assert_eq!(check_user("", good), Ok(()));
        insta::assert_snapshot!(error(check_user("", r#"{"email":["a"]}"#)), @"email: it is an array; expected a string or null");
        insta::assert_snapshot!(error(check_user("users[2]", r#"{"created_at":"soon"}"#)), @"users[2].created_at: it is a text that is no time; expected a time such as 2026-01-02T03:04:05Z or null");
        insta::assert_snapshot!(error(check_object("", r#"{"preferences":true}"#)), @"preferences: it is a boolean; expected an object or null");
        insta::assert_snapshot!(error(check_tenant("", r#"{"settings":{"branding":{"logo_url":7}}}"#)), @"settings.branding.logo_url: it is a number; expected a URL such as https://example.com/logo.png or null");
        insta::assert_snapshot!(error(check_tenant("", r#"{"settings":{"branding":{"icon_url":"icon.png"}}}"#)), @"settings.branding.icon_url: it is a text that is no URL; expected a URL such as https://example.com/logo.png or null");
        assert_eq!(
            check_tenant("", r##"{"settings":{"branding":{"icon_url":"https://a.b/c","primary_color":"#3"}}}"##),
            Ok(())
        );
        insta::assert_snapshot!(error(check_tenant("tenants[0]", r#"{"settings":{"branding":7}}"#)), @"tenants[0].settings.branding: it is a number; expected an object or null");
    }
}
