//! The person whom a request to forget names, and what names that person in stored content.
//!
//! An id such as `42` is short and common, so it is compared with whole values and never searched for in text: the string
//! `"42"` and the number `42` name the user `42`, the string `"4242"` and the member name `"42"` do not.

use std::hash::Hasher as _;

use percent_encoding::percent_decode_str;
use siphasher::sip128::{Hasher128 as _, SipHasher24};

use crate::{
    event::is_form,
    idempotency::HashKey,
    json::{self, Kind},
};

/// The text that stands for the id of a forgotten user.
pub const FORGOTTEN: &str = "[forgotten]";

/// The most JSON texts that are searched inside of each other's strings.
const MAX_NESTED: usize = 4;

/// A user to forget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    id: String,
    /// In lower case.
    email: Option<String>,
}

/// The result of a search for a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// A whole value is the id or the email address.
    Named,
    /// Every value was read, and none is.
    NotNamed,
    /// The content is not JSON, nor lines of it, nor a form, or a part of it cannot be decoded.
    Unreadable,
}

impl Finding {
    /// Returns true if the content must be removed: it names the subject, or nobody can tell.
    pub fn is_removed(self) -> bool {
        self != Self::NotNamed
    }

    fn of(is_named: bool) -> Self {
        if is_named { Self::Named } else { Self::NotNamed }
    }
}

impl Subject {
    /// A user with this id, and this email address if one is known.
    pub fn new(id: &str, email: Option<&str>) -> Self {
        let email = email.map(|email| email.trim().to_lowercase()).filter(|email| !email.is_empty());
        Self { id: id.to_owned(), email }
    }

    /// The id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The email address, in lower case.
    pub fn email(&self) -> Option<&str> {
        self.email.as_deref()
    }

    /// Returns the email address of a user's properties, a JSON object.
    pub fn email_of(properties: &str) -> Option<String> {
        json::member(properties, "email").and_then(json::string)
    }

    /// Returns a keyed hash of a user's id, by which a report is found after the id is gone.
    pub fn hash(key: &HashKey, environment: i64, id: &str) -> [u8; 16] {
        let mut hasher = SipHasher24::new_with_key(&key.0);
        hasher.write(b"forget");
        hasher.write(&environment.to_le_bytes());
        hasher.write(id.as_bytes());
        hasher.finish128().as_bytes()
    }

    /// Searches content of any kind.
    pub fn find_in(&self, content: &[u8]) -> Finding {
        let Ok(text) = std::str::from_utf8(content) else { return Finding::Unreadable };
        if text.trim().is_empty() {
            return Finding::NotNamed;
        }
        if json::check(text, usize::MAX).is_ok() {
            return Finding::of(self.is_in_json(text, MAX_NESTED));
        }
        if is_form(text) {
            return self.find_in_form(text);
        }
        let mut finding = Finding::NotNamed;
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            if json::check(line, usize::MAX).is_err() {
                return Finding::Unreadable;
            }
            if self.is_in_json(line, MAX_NESTED) {
                finding = Finding::Named;
            }
        }
        finding
    }

    /// Searches forwarded headers or query parameters: a JSON array of `{name, value}`, or an object.
    pub fn find_in_fields(&self, fields: &str) -> Finding {
        let Some(fields) = json::items(fields) else { return self.find_in(fields.as_bytes()) };
        let values = fields.into_iter().filter_map(|field| json::member(field, "value").and_then(json::string));
        Finding::of(values.into_iter().any(|value| self.is(&value) || self.is_in_nested(&value, MAX_NESTED)))
    }

    /// Returns true if a segment of a URL's path is the id or the email address.
    pub fn is_in_path(&self, path: &str) -> bool {
        path.split('/').any(|segment| percent_decode_str(segment).decode_utf8().is_ok_and(|text| self.is(&text)))
    }

    /// Returns true if a value is the id or the email address.
    pub fn is(&self, value: &str) -> bool {
        value == self.id || self.email.as_deref().is_some_and(|email| value.trim().to_lowercase() == email)
    }

    /// Returns the result of an action that names the user, without the user; none if it does not. An object's reference,
    /// `{collection, id}`, is another recipient, even if the ids are equal.
    pub fn removed_from_result(&self, result: &str) -> Option<String> {
        match Kind::of(result) {
            Kind::String => json::string(result).filter(|text| *text == self.id).map(|_| json::quote(FORGOTTEN)),
            Kind::Array => {
                let items = json::items(result)?;
                let removed: Vec<_> = items.iter().map(|item| self.removed_from_result(item)).collect();
                let all = items.iter().zip(&removed).map(|(item, removed)| removed.as_deref().unwrap_or(item));
                removed.iter().any(Option::is_some).then(|| json::array(all))
            }
            Kind::Object => {
                let members = json::members(result)?;
                if members.contains_key("collection") {
                    return None;
                }
                let removed: Vec<_> = members.values().map(|value| self.removed_from_result(value)).collect();
                let all = members.iter().zip(&removed);
                let all = all.map(|((name, value), removed)| (name, removed.as_deref().unwrap_or(value)));
                removed.iter().any(Option::is_some).then(|| json::object(all))
            }
            Kind::Null | Kind::Bool | Kind::Number => None,
        }
    }

    /// Returns the warnings about an action, a JSON array of strings, without the user, whom they name before a colon; none if
    /// they do not.
    pub fn removed_from_warnings(&self, warnings: &str) -> Option<String> {
        let named = format!("{:?}: ", self.id);
        let items = json::items(warnings)?;
        let removed: Vec<_> = items
            .iter()
            .map(|item| {
                let text = json::string(item)?;
                text.strip_prefix(&named).map(|warning| json::quote(&format!("{FORGOTTEN:?}: {warning}")))
            })
            .collect();
        let all = items.iter().zip(&removed).map(|(item, removed)| removed.as_deref().unwrap_or(item));
        removed.iter().any(Option::is_some).then(|| json::array(all))
    }

    /// Returns the errors of a bulk operation over users, a JSON array of `{id, collection, message}`, without what they say
    /// about the user, and their number; none if they do not name the user.
    pub fn removed_from_errors(&self, errors: &str) -> Option<(String, u64)> {
        let is_user = |error: &str| {
            let has_collection = json::member(error, "collection").is_some_and(|value| Kind::of(value) != Kind::Null);
            !has_collection && json::member(error, "id").and_then(json::string).is_some_and(|id| id == self.id)
        };
        let forgotten = json::quote(FORGOTTEN);
        let forgotten = json::object([("id", forgotten.as_str()), ("collection", "null"), ("message", &forgotten)]);
        let items = json::items(errors)?;
        let named = items.iter().filter(|error| is_user(error)).count();
        let all = items.iter().map(|error| if is_user(error) { forgotten.as_str() } else { error });
        (named > 0).then(|| (json::array(all), named as u64))
    }

    fn find_in_form(&self, form: &str) -> Finding {
        let mut finding = Finding::NotNamed;
        for pair in form.split('&') {
            let (_, value) = pair.split_once('=').unwrap_or((pair, ""));
            let spaced = value.replace('+', " ");
            let Ok(value) = percent_decode_str(&spaced).decode_utf8() else { return Finding::Unreadable };
            if self.is(&value) || self.is_in_nested(&value, MAX_NESTED) {
                finding = Finding::Named;
            }
        }
        finding
    }

    fn is_in_json(&self, text: &str, nested: usize) -> bool {
        json::values(text).any(|value| match Kind::of(value) {
            Kind::Number => json::decimal(value) == self.id,
            _ => json::string(value).is_some_and(|text| self.is(&text) || self.is_in_nested(&text, nested)),
        })
    }

    /// Returns true if a string is itself JSON that names the subject.
    fn is_in_nested(&self, text: &str, nested: usize) -> bool {
        nested > 0
            && text.trim_start().starts_with(['{', '['])
            && json::check(text, usize::MAX).is_ok()
            && self.is_in_json(text, nested - 1)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn subject() -> Subject {
        Subject::new("42", Some("Ana@Example.com"))
    }

    fn find(content: &str) -> Finding {
        subject().find_in(content.as_bytes())
    }

    #[test]
    fn an_id_is_a_whole_value_and_never_text() {
        for named in [
            r#"{"userId":"42"}"#,
            r#"{"a":[{"b":42}]}"#,
            r#"{"a":42.0}"#,
            r#"{"a":"\u0034\u0032"}"#,
            r#"[4.2e1]"#,
            "42",
            r#"{"id":"1","id":"42","id":"2"}"#,
        ] {
            assert_eq!(find(named), Finding::Named, "{named}");
        }
        for other in [r#"{"42":1}"#, r#"{"a":"4242"}"#, r#"{"a":"user 42"}"#, r#"{"a":420,"b":-42,"c":4.2}"#, "{}", ""]
        {
            assert_eq!(find(other), Finding::NotNamed, "{other}");
        }
    }

    #[test]
    fn an_email_address_is_compared_whatever_its_case() {
        assert_eq!(find(r#"{"e":"ana@example.COM"}"#), Finding::Named);
        assert_eq!(find(r#"{"e":"ana\u0040example\u002ecom"}"#), Finding::Named);
        assert_eq!(find(r#"{"e":"not-ana@example.com"}"#), Finding::NotNamed);
        assert_eq!(Subject::new("1", None).find_in(br#"{"e":""}"#), Finding::NotNamed);
    }

    #[test]
    fn lines_forms_and_json_in_strings_are_read() {
        assert_eq!(find("{\"a\":1}\n\n{\"a\":\"42\"}\n"), Finding::Named);
        assert_eq!(find("{\"a\":1}\n{\"a\":2}"), Finding::NotNamed);
        assert_eq!(find("a=1&email=ana%40example.com"), Finding::Named);
        assert_eq!(find("user=42"), Finding::Named);
        assert_eq!(find("42=1&b=4242"), Finding::NotNamed);
        assert_eq!(find("payload=%7B%22user%22%3A42%7D"), Finding::Named);
        assert_eq!(find(r#"{"Message":"{\"user\":\"42\"}"}"#), Finding::Named);
        assert_eq!(find(r#"{"Message":"{\"user\":\"43\"}"}"#), Finding::NotNamed);
    }

    #[test]
    fn what_cannot_be_decoded_wholly_is_unreadable() {
        for unreadable in ["<user>41</user>", "{\"a\":1}\nno json", "{\"a\":", "a=%ff", r#"{"a":"\ud800"}"#] {
            assert_eq!(find(unreadable), Finding::Unreadable, "{unreadable}");
        }
        assert_eq!(subject().find_in(b"\xff"), Finding::Unreadable);
        let deep = |value| "[".repeat(100_000) + value + &"]".repeat(100_000);
        assert_eq!((find(&deep("41")), find(&deep("42"))), (Finding::NotNamed, Finding::Named));
    }

    #[test]
    fn paths_and_fields_are_searched_by_value() {
        assert!(subject().is_in_path("/users/42/x") && subject().is_in_path("/ana%40example.com"));
        assert!(!subject().is_in_path("/users/4242"));
        assert_eq!(subject().find_in_fields(r#"[{"name":"x-user","value":"42"}]"#), Finding::Named);
        assert_eq!(subject().find_in_fields(r#"[{"name":"42","value":"x"}]"#), Finding::NotNamed);
    }

    #[test]
    fn a_result_loses_the_user_and_nobody_else() {
        let result = r#"{"workflow_run_id":"r","recipients":[{"id":"42"},{"id":"43"},{"id":"42","collection":"projects"}],
            "count":42}"#;
        insta::assert_snapshot!(subject().removed_from_result(result).unwrap(), @r#"{"workflow_run_id":"r","recipients":[{"id":"[forgotten]"},{"id":"43"},{"id":"42","collection":"projects"}],"count":42}"#);
        assert_eq!(subject().removed_from_result(r#"{"recipients":[{"id":"43"}]}"#), None);
    }

    #[test]
    fn warnings_and_errors_lose_the_user_and_nobody_else() {
        let warnings = r#"["\"42\": email: it is a number","\"421\": 42","42"]"#;
        insta::assert_snapshot!(subject().removed_from_warnings(warnings).unwrap(), @r#"["\"[forgotten]\": email: it is a number","\"421\": 42","42"]"#);
        assert_eq!(subject().removed_from_warnings(r#"["\"421\": 42"]"#), None);
        let errors = r#"[{"id":"42","collection":null,"message":"m"},{"id":"42","collection":"projects","message":"m"},
            {"id":"421","collection":null,"message":"42"}]"#;
        let (removed, count) = subject().removed_from_errors(errors).unwrap();
        insta::assert_snapshot!(removed, @r#"[{"id":"[forgotten]","collection":null,"message":"[forgotten]"},{"id":"42","collection":"projects","message":"m"},{"id":"421","collection":null,"message":"42"}]"#);
        assert_eq!((count, subject().removed_from_errors("[]")), (1, None));
    }

    #[test]
    fn the_hash_of_an_id_is_keyed_and_of_one_environment() {
        let hash = |key, environment| Subject::hash(&HashKey([key; 16]), environment, "42");
        assert_eq!(hash(1, 1), hash(1, 1));
        assert_ne!(hash(1, 1), hash(2, 1));
        assert_ne!(hash(1, 1), hash(1, 2));
    }

    proptest! {
        /// Wherever the id stands as a string, and however it is escaped, it is found.
        #[test]
        fn a_value_is_found_at_any_place(id in "\\PC{1,12}", before in "[a-z0-9]{0,8}", depth in 0_usize..20) {
            let id_text = json::quote(&id);
            let escaped: String = id.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
            let subject = Subject::new(&id, None);
            for value in [id_text, format!("\"{escaped}\"")] {
                let text = format!("{}{{\"k\":[\"{before}-\",{value}]}}{}", "[".repeat(depth), "]".repeat(depth));
                prop_assert_eq!(subject.find_in(text.as_bytes()), Finding::Named);
            }
            let key = format!("{{{}:1}}", json::quote(&id));
            prop_assert_eq!(Subject::new(&format!("{id}x"), None).find_in(key.as_bytes()), Finding::NotNamed);
        }

        #[test]
        fn nothing_panics(content in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = subject().find_in(&content);
            if let Ok(text) = std::str::from_utf8(&content) {
                let _ = subject().removed_from_result(text);
            }
        }
    }
}
