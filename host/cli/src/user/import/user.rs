//! One user of the input, checked by the rules that the server applies.

use inlet_core::{json, recipient, user};

/// The deepest nesting of a user: it is sent two levels deep in a request.
pub const MAX_DEPTH: usize = json::MAX_DEPTH - 2;

/// The most bytes of one user, as JSON.
const MAX_BYTES: usize = 1 << 20;

/// A user to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub id: String,
    /// The id and the properties, a JSON object.
    pub text: String,
}

impl User {
    /// Checks an id and properties, a JSON object, or returns why the server would refuse them.
    pub fn check(id: &str, properties: &str) -> Result<Self, String> {
        recipient::check_id(id).map_err(|problem| format!("the id {problem}"))?;
        recipient::check_user_types(properties).map_err(|wrong| format!("{}: {wrong}", wrong.place))?;
        let merged = user::properties_of_traits(properties).properties;
        user::upsert(id, None, &merged).map_err(|too_large| too_large.to_string())?;
        let mut members = json::members(properties).unwrap_or_default();
        let quoted = json::quote(id);
        members.shift_insert(0, "id".into(), &quoted);
        let text = json::object(members);
        match text.len() {
            0..=MAX_BYTES => Ok(Self { id: id.to_owned(), text }),
            found => Err(format!("it takes {found} bytes as JSON; at most {MAX_BYTES} are allowed")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_checked_as_the_server_does() {
        let user = User::check("u \"1\"", r#"{"n":1.10,"phone":"+49 1"}"#).unwrap();
        assert_eq!(user.text, r#"{"id":"u \"1\"","n":1.10,"phone":"+49 1"}"#);
        let error = |id: &str, properties: &str| User::check(id, properties).unwrap_err();
        insta::assert_snapshot!(error("a/b", "{}"), @"the id holds a slash, which no id may hold");
        insta::assert_snapshot!(error(&"x".repeat(257), "{}"), @"the id is longer than 256 characters");
        insta::assert_snapshot!(error("a\u{7}", "{}"), @"the id holds a control character, which no id may hold");
        insta::assert_snapshot!(error("a", r#"{"email":7}"#), @"email: it is a number; expected a string or null");
        insta::assert_snapshot!(error("a", r#"{"created_at":"soon"}"#), @"created_at: it is a text that is no time; expected a time such as 2026-01-02T03:04:05Z or null");
        let large = format!(r#"{{"p":"{}"}}"#, "p".repeat(256 * 1024));
        insta::assert_snapshot!(error("a", &large), @r#"the custom properties of "a" would take 262152 bytes; at most 262144 are allowed"#);
        let name = format!(r#"{{"name":"{}"}}"#, "n".repeat(MAX_BYTES));
        insta::assert_snapshot!(error("a", &name), @"it takes 1048596 bytes as JSON; at most 1048576 are allowed");
    }
}
