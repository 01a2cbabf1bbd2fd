//! Checks the properties that a caller sends. A webhook with a known property of a wrong type leaves the property out and
//! goes on; a caller of the API waits for the answer and is told instead.

use inlet_api_types::RawJson;
use inlet_core::{
    json::Kind,
    recipient::{self, WrongType},
};

use crate::error::ApiError;

/// Checks the properties of a user, a JSON object. `at` is the place of the object in the body, for example `users[3]`.
pub fn check_user(at: &str, properties: &str) -> Result<(), ApiError> {
    recipient::check_user_types(properties).map_err(|wrong| invalid(at, &wrong))
}

/// Checks the properties of an object.
pub fn check_object(at: &str, properties: &str) -> Result<(), ApiError> {
    recipient::check_object_types(properties).map_err(|wrong| invalid(at, &wrong))
}

/// Checks the properties of a tenant, the branding of its settings included.
pub fn check_tenant(at: &str, properties: &str) -> Result<(), ApiError> {
    recipient::check_tenant_types(properties).map_err(|wrong| invalid(at, &wrong))
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

fn invalid(at: &str, wrong: &WrongType) -> ApiError {
    ApiError::invalid(place(at, &wrong.place), wrong.to_string())
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
