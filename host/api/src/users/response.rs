//! Responses about users: the known properties first, then all custom ones.

use inlet_api_types::{RawJson, users::User};
use inlet_core::{
    json::{self, Kind, Members},
    time,
};
use inlet_store::RecipientRecord;

use crate::stored_json::stored_json;

/// Names that the response uses for members of its own. Properties with these names are left out.
const RESERVED: [&str; 3] = ["__typename", "id", "updated_at"];

/// The response for a user of the store.
pub fn user(record: &RecipientRecord) -> User {
    let mut properties = json::members(&record.properties).unwrap_or_default();
    properties.retain(|name, _| !RESERVED.contains(&name.as_ref()));
    let mut take = |name| take_text(&mut properties, name);
    User {
        typename: "User".to_owned(),
        id: record.id.clone(),
        name: take("name"),
        email: take("email"),
        phone_number: take("phone_number"),
        avatar: take("avatar"),
        timezone: take("timezone"),
        locale: take("locale"),
        created_at: time::read(properties.shift_remove("created_at")).map(time::write),
        updated_at: time::write_ms(record.updated_at_ms),
        properties: properties.into_iter().map(|(name, value)| (name.into_owned(), stored_json(value))).collect(),
    }
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
        serde_json::to_string(&user(&record)).unwrap()
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
