//! Responses about users: the known properties first, then all custom ones.

use inlet_api_types::recipients::users::User;
use inlet_core::time;
use inlet_store::RecipientRecord;

use crate::recipients::response::{own_properties, rest, take_text};

/// The response for a user of the store.
pub fn user(record: &RecipientRecord) -> User {
    let mut properties = own_properties(record);
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
        properties: rest(properties),
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
