//! A user as it is shown: what is known, and beside it all custom properties.

use inlet_core::{
    json::{self, Kind, Members},
    time,
};
use inlet_store::RecipientRecord;
use serde::Serialize;
use utoipa::ToSchema;

use crate::raw::Raw;

/// Properties that are texts.
const TEXTS: [&str; 6] = ["name", "email", "phone_number", "avatar", "timezone", "locale"];
/// What no property may pretend to be.
const OURS: [&str; 3] = ["__typename", "id", "updated_at"];

/// A user; custom properties are members too.
#[derive(ToSchema)]
#[schema(as = User)]
#[expect(dead_code, reason = "it describes what `show` writes")]
pub struct ShownUser {
    /// Always `User`.
    #[schema(rename = "__typename")]
    typename: String,
    /// Its id, as the platforms give it.
    id: String,
    /// Its name.
    #[schema(required)]
    name: Option<String>,
    /// Its email address.
    #[schema(required)]
    email: Option<String>,
    /// Its telephone number.
    #[schema(required)]
    phone_number: Option<String>,
    /// The URL of its picture.
    #[schema(required)]
    avatar: Option<String>,
    /// Its time zone.
    #[schema(required)]
    timezone: Option<String>,
    /// Its language.
    #[schema(required)]
    locale: Option<String>,
    /// When it was created, if a platform says so.
    #[schema(required, format = DateTime)]
    created_at: Option<String>,
    /// When it was last identified.
    #[schema(format = DateTime)]
    updated_at: String,
}

/// A user as JSON text: its digits are those that came in.
#[derive(Serialize)]
#[serde(transparent)]
pub struct User(Raw);

impl User {
    /// A user of the store.
    pub fn of(record: &RecipientRecord) -> Self {
        let mut properties = json::members(&record.properties).unwrap_or_default();
        properties.retain(|name, _| !OURS.contains(&name.as_ref()));
        let mut shown =
            vec![("__typename".to_owned(), json::quote("User")), ("id".to_owned(), json::quote(&record.id))];
        shown.extend(TEXTS.map(|name| (name.to_owned(), text(&mut properties, name))));
        let created_at = time::read(properties.shift_remove("created_at")).map(time::write);
        shown.push(("created_at".to_owned(), created_at.map_or_else(null, |time| json::quote(&time))));
        shown.push(("updated_at".to_owned(), json::quote(&time::write_ms(record.updated_at_ms))));
        shown.extend(properties.into_iter().map(|(name, value)| (name.into_owned(), value.to_owned())));
        Self(Raw::of(json::object(shown.iter().map(|(name, value)| (name, value.as_str())))))
    }
}

/// A property that is shown as text whatever it came as; null when it cannot be.
fn text(properties: &mut Members<'_>, name: &str) -> String {
    match properties.shift_remove(name) {
        Some(text) if Kind::of(text) == Kind::String => text.to_owned(),
        Some(text) if matches!(Kind::of(text), Kind::Number | Kind::Bool) => json::quote(text.trim()),
        _ => null(),
    }
}

fn null() -> String {
    "null".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(properties: &str) -> String {
        let record = RecipientRecord {
            seq: 1,
            collection: "$users".to_owned(),
            id: "u_42".to_owned(),
            properties: properties.to_owned(),
            created_at_ms: 0,
            updated_at_ms: 1_767_323_045_678,
        };
        serde_json::to_string(&User::of(&record)).unwrap()
    }

    #[test]
    fn a_user_as_it_is_shown() {
        insta::assert_snapshot!(shown("{}"), @r#"{"__typename":"User","id":"u_42","name":null,"email":null,"phone_number":null,"avatar":null,"timezone":null,"locale":null,"created_at":null,"updated_at":"2026-01-02T03:04:05.678Z"}"#);
        let shown = shown(
            r#"{"plan":"pro","credit":9007199254740993,"name":"Ana \u00e9","email":null,"phone_number":351900000000,
                "avatar":{"url":"x"},"created_at":1767323045,"x":{"a":[1.10]}}"#,
        );
        insta::assert_snapshot!(shown, @r#"{"__typename":"User","id":"u_42","name":"Ana \u00e9","email":null,"phone_number":"351900000000","avatar":null,"timezone":null,"locale":null,"created_at":"2026-01-02T03:04:05.000Z","updated_at":"2026-01-02T03:04:05.678Z","plan":"pro","credit":9007199254740993,"x":{"a":[1.10]}}"#);
    }

    #[test]
    fn no_property_pretends_to_be_ours() {
        let text = shown(r#"{"id":"root","__typename":"Admin","updated_at":"x","created_at":"some day"}"#);
        insta::assert_snapshot!(text, @r#"{"__typename":"User","id":"u_42","name":null,"email":null,"phone_number":null,"avatar":null,"timezone":null,"locale":null,"created_at":null,"updated_at":"2026-01-02T03:04:05.678Z"}"#);
    }
}
