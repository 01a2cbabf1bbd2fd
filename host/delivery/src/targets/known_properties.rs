//! The known properties of recipients in the types that engines take.
//!
//! A webhook may send a number for a text, and anything as a custom property of an engine's name. An engine would refuse the
//! whole call for it, with all of its other recipients.

use std::borrow::Cow;

use inlet_core::{
    json::{self, Kind, Members},
    time,
};
use inlet_store::DeliveryRecipient;

/// The properties of users that are texts.
const TEXTS_OF_USERS: [&str; 6] = ["name", "email", "phone_number", "avatar", "locale", "timezone"];
/// The properties of objects that are texts.
const TEXTS_OF_OBJECTS: [&str; 1] = ["name"];
/// The properties that are objects of objects.
const NESTED: [&str; 2] = ["preferences", "channel_data"];

/// Returns a value as a JSON string: a number as its decimal text; none for other types.
pub(super) fn text(value: &str) -> Option<Cow<'_, str>> {
    match Kind::of(value) {
        Kind::String => Some(value.into()),
        Kind::Number => Some(json::quote(&json::decimal(value)).into()),
        _ => None,
    }
}

/// Returns the properties of a recipient with the known ones in their types, and without those that cannot be. None if all are
/// so already.
pub(super) fn typed(recipient: &DeliveryRecipient) -> Option<String> {
    let mut properties: Members<'_> = json::members(recipient.properties.as_deref()?)?;
    let texts = if recipient.collection.is_none() { &TEXTS_OF_USERS[..] } else { &TEXTS_OF_OBJECTS };
    let is_null = |value: &str| Kind::of(value) == Kind::Null;
    let mut typed: Vec<(&str, Option<String>)> = Vec::new();
    for name in texts {
        let Some(value) = properties.get(*name).filter(|value| !is_null(value)) else { continue };
        match text(value) {
            Some(Cow::Borrowed(_)) => {}
            other => typed.push((name, other.map(Cow::into_owned))),
        }
    }
    if let Some(value) = properties.get("created_at").filter(|value| !is_null(value)) {
        let time = time::read(Some(value)).map(|time| json::quote(&time::write(time)));
        if time.as_deref() != Some(value.trim()) {
            typed.push(("created_at", time));
        }
    }
    for name in NESTED {
        let Some(value) = properties.get(name).filter(|value| !is_null(value)) else { continue };
        let is_nested = |members: Members<'_>| members.values().all(|member| Kind::of(member) == Kind::Object);
        if !json::members(value).is_some_and(is_nested) {
            typed.push((name, None));
        }
    }
    if typed.is_empty() {
        return None;
    }
    for (name, value) in &typed {
        match value {
            Some(value) => drop(properties.insert((*name).into(), value)),
            None => drop(properties.shift_remove(*name)),
        }
    }
    Some(json::object(properties))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::targets::tests::recipient;

    fn typed_user(properties: &str) -> Option<String> {
        typed(&DeliveryRecipient { properties: Some(properties.to_owned()), ..recipient(1) })
    }

    #[test]
    fn what_is_right_stays_as_it_is() {
        for properties in [
            "{}",
            r#"{"name":"Ana","email":null,"created_at":"2026-01-02T03:04:05.000Z","credit":9007199254740993,"x":{"name":7}}"#,
            r#"{"preferences":{"default":{"categories":{}}},"channel_data":{}}"#,
            r#"{"preferences":null,"channel_data":null,"created_at":null}"#,
        ] {
            assert_eq!(typed_user(properties), None, "{properties}");
        }
        let deleted = DeliveryRecipient { properties: None, ..recipient(1) };
        assert_eq!(typed(&deleted), None);
    }

    #[test]
    fn numbers_become_texts_and_times_and_the_rest_is_left_out() {
        let user =
            typed_user(r#"{"phone_number":3.519e11,"plan":7,"created_at":1767323045,"timezone":["x"],"name":"Ana"}"#);
        insta::assert_snapshot!(user.unwrap(), @r#"{"phone_number":"351900000000","plan":7,"created_at":"2026-01-02T03:04:05.000Z","name":"Ana"}"#);
        let user = typed_user(r#"{"created_at":"soon","preferences":{"newsletter":true},"channel_data":"none"}"#);
        insta::assert_snapshot!(user.unwrap(), @"{}");
        let object = DeliveryRecipient {
            collection: Some("teams".to_owned()),
            properties: Some(r#"{"name":7,"timezone":1,"email":{}}"#.to_owned()),
            ..recipient(1)
        };
        insta::assert_snapshot!(typed(&object).unwrap(), @r#"{"name":"7","timezone":1,"email":{}}"#);
    }
}
