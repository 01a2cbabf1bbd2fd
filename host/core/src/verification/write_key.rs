//! Write keys: the credential of the SDKs of Segment and RudderStack.
//!
//! An SDK sends its write key as the user name of HTTP Basic, as the query parameter `writeKey`, or as the member `writeKey`
//! of its JSON body. In browsers the key is public, so it proves less than a signature. Keys in a body are blanked before a
//! plugin or a log gets the body; no other byte changes.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{Verdict, Verification, equal};
use crate::json::{self, Kind};

/// The name of the query parameter and of the member of a body.
pub const WRITE_KEY: &str = "writeKey";

/// The text that stands in a body where a write key was.
pub(super) const BLANK: &str = "\"[redacted]\"";
/// A body member whose items are events with members of their own.
const BATCH: &str = "batch";
/// The most different keys of a request that are remembered. A rotation sends two.
const MAX_KEYS: usize = 4;

/// The write keys that a request carries.
#[derive(Default)]
pub struct GivenWriteKeys {
    /// Different keys, as sent.
    keys: Vec<String>,
    /// True if a credential has another form than a write key.
    is_unreadable: bool,
}

impl GivenWriteKeys {
    /// Adds a key that was sent.
    pub fn add(&mut self, key: &str) {
        if self.keys.iter().any(|given| given == key) {
            return;
        }
        match self.keys.len() < MAX_KEYS {
            true => self.keys.push(key.to_owned()),
            false => self.is_unreadable = true,
        }
    }

    /// Adds the value of a header `authorization`: HTTP Basic with the key as user name and an empty password.
    pub fn add_authorization(&mut self, value: &[u8]) {
        match read_basic(value) {
            Some(key) => self.add(&key),
            None => self.is_unreadable = true,
        }
    }

    /// Adds the keys of a body; returns the body with the keys blanked, or `None` if it holds none.
    pub fn take_from(&mut self, body: &str) -> Option<String> {
        let mut values = find_in_body(body);
        values.retain(|value| Kind::of(value) != Kind::Null && *value != BLANK);
        if values.is_empty() {
            return None;
        }
        for value in &values {
            match json::string(value) {
                Some(key) => self.add(&key),
                None => self.is_unreadable = true,
            }
        }
        let (mut blanked, mut rest) = (String::with_capacity(body.len()), body);
        for value in values {
            let start = value.as_ptr().addr() - rest.as_ptr().addr();
            blanked.push_str(&rest[..start]);
            blanked.push_str(BLANK);
            rest = &rest[start + value.len()..];
        }
        blanked.push_str(rest);
        Some(blanked)
    }

    /// Returns the key if the request carries one and no other credential.
    pub fn sole(&self) -> Option<&str> {
        match self.keys.as_slice() {
            [key] if !self.is_unreadable => Some(key),
            _ => None,
        }
    }

    /// Verifies a request: it carries a key, and every key that it carries is one of these. An empty key does not count. All
    /// keys are compared, so that the time does not show which one matched.
    pub fn verify<'k>(&self, valid: impl Iterator<Item = &'k str>) -> Verification {
        let valid: Vec<&str> = valid.filter(|key| !key.is_empty()).collect();
        if valid.is_empty() {
            return Verification::of(Verdict::NotConfigured);
        }
        if self.is_unreadable {
            return Verification::failed("unreadable_write_key");
        }
        if self.keys.is_empty() {
            return Verification { verdict: Verdict::Missing, cause: "missing_write_key" };
        }
        let is_valid = |given: &String| valid.iter().filter(|key| equal(given.as_bytes(), key.as_bytes())).count() > 0;
        match self.keys.iter().filter(|given| is_valid(given)).count() == self.keys.len() {
            true => Verification::of(Verdict::WriteKey),
            false => Verification::failed("wrong_write_key"),
        }
    }
}

/// Returns the value of the header `authorization` that an SDK with this key sends.
pub fn basic_authorization(key: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{key}:")))
}

fn read_basic(value: &[u8]) -> Option<String> {
    let (scheme, encoded) = std::str::from_utf8(value).ok()?.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let credentials = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    match credentials.split_once(':')? {
        (key, "") => Some(key.to_owned()),
        _ => None,
    }
}

/// Returns true if a body may hold a write key, so that it is worth reading. A name may be written with escapes.
pub fn may_hold_write_key(body: &str) -> bool {
    body.contains(WRITE_KEY) || body.contains("\\u00")
}

/// Returns the values of the members `writeKey` in the order of the body: of the body, of a batch's items, or of lines.
fn find_in_body(body: &str) -> Vec<&str> {
    let mut found = Vec::new();
    if !may_hold_write_key(body) || find_in(body, &mut found) {
        return found;
    }
    for line in body.lines() {
        find_in(line, &mut found);
    }
    found
}

/// Returns false if the text is neither an object nor an array.
fn find_in<'b>(text: &'b str, found: &mut Vec<&'b str>) -> bool {
    match Kind::of(text) {
        Kind::Object => json::all_members(text).map(|members| {
            for (name, value) in members {
                match &*name {
                    WRITE_KEY => found.push(value),
                    BATCH => find_in_items(value, found),
                    _ => {}
                }
            }
        }),
        Kind::Array => json::items(text).map(|_| find_in_items(text, found)),
        _ => None,
    }
    .is_some()
}

fn find_in_items<'b>(array: &'b str, found: &mut Vec<&'b str>) {
    for item in json::items(array).unwrap_or_default() {
        let members = json::all_members(item).unwrap_or_default();
        found.extend(members.into_iter().filter(|(name, _)| name == WRITE_KEY).map(|(_, value)| value));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn given(authorization: &[&str], query: &[&str], body: &str) -> (GivenWriteKeys, Option<String>) {
        let mut given = GivenWriteKeys::default();
        authorization.iter().for_each(|value| given.add_authorization(value.as_bytes()));
        query.iter().for_each(|key| given.add(key));
        let blanked = given.take_from(body);
        (given, blanked)
    }

    fn cause(authorization: &[&str], query: &[&str], body: &str) -> &'static str {
        given(authorization, query, body).0.verify(["wk", "old"].into_iter()).cause
    }

    #[test]
    fn a_key_is_read_from_each_place_and_all_that_are_given_must_match() {
        let (right, wrong) = (basic_authorization("wk"), basic_authorization("other"));
        for (authorization, query, body, expected) in [
            (&[&*right] as &[&str], &[] as &[&str], "{}", "write_key"),
            (&[], &["wk"], "{}", "write_key"),
            (&[], &["old"], "{}", "write_key"),
            (&[], &[], r#"{"writeKey":"wk","batch":[{}]}"#, "write_key"),
            (&[], &[], r#"{"batch":[{"writeKey":"wk"},{}]}"#, "write_key"),
            (&[], &[], r#"[{"writeKey":"wk"}]"#, "write_key"),
            (&[], &[], "{\"writeKey\":\"wk\"}\n{\"a\":1}", "write_key"),
            (&[&right, &right], &["wk", "old"], r#"{"writeKey":"wk"}"#, "write_key"),
            (&[&right], &["no"], "{}", "wrong_write_key"),
            (&[&right], &[], r#"{"writeKey":"no"}"#, "wrong_write_key"),
            (&[&right, &wrong], &[], "{}", "wrong_write_key"),
            (&[], &[], r#"{"writeKey":"wk","writeKey":"no"}"#, "wrong_write_key"),
            (&[], &[], r#"{"batch":[{"writeKey":"wk"},{"writeKey":"no"}]}"#, "wrong_write_key"),
            (&[], &[""], "{}", "wrong_write_key"),
            (&[], &["WK"], "{}", "wrong_write_key"),
            (&[], &[], "{}", "missing_write_key"),
            (&[], &[], r#"{"writeKey":null}"#, "missing_write_key"),
            (&[], &[], r#"{"writeKey":"[redacted]"}"#, "missing_write_key"),
            (&[], &[], r#"{"context":{"writeKey":"wk"}}"#, "missing_write_key"),
            (&[], &["wk"], r#"{"writeKey":7}"#, "unreadable_write_key"),
            (&["Bearer wk"], &["wk"], "{}", "unreadable_write_key"),
            (&["Basic d2s6cGFzc3dvcmQ="], &["wk"], "{}", "unreadable_write_key"),
            (&["Basic wk"], &[], "{}", "unreadable_write_key"),
        ] {
            assert_eq!(cause(authorization, query, body), expected, "{authorization:?} {query:?} {body}");
        }
        assert_eq!(given(&[], &["wk"], "{}").0.verify([""].into_iter()).verdict, Verdict::NotConfigured);
        assert_eq!(cause(&["basic  d2s6 "], &[], "{}"), "write_key", "the name of the scheme has no case");
        assert_eq!(cause(&[], &["a", "b", "c", "d", "e"], "{}"), "unreadable_write_key", "a sender chooses no number");
    }

    #[test]
    fn blanking_changes_no_other_byte() {
        let body =
            " {\n \"writeKey\" : \"wk\",\"a\":1.10, \"batch\":[ {\"write\\u004bey\":\"wk\"} ,{}],\"writeKey\":\"wk\"} ";
        let blanked = body.replace("\"wk\"", BLANK);
        assert_eq!(given(&[], &[], body).1.as_deref(), Some(&*blanked));
        assert_eq!(given(&[], &[], &blanked).1, None, "and once is enough");
    }

    proptest! {
        #[test]
        fn no_member_of_the_name_keeps_its_key(keys in prop::collection::vec("[a-z]{8}", 1..5), at_top in any::<bool>()) {
            let items: Vec<String> = keys.iter().map(|key| format!(r#"{{"writeKey":"{key}","n":1}}"#)).collect();
            let items = items.join(",");
            let body = if at_top { format!("[{items}]") } else { format!(r#"{{"batch":[{items}]}}"#) };
            let (_, blanked) = given(&[], &[], &body);
            let expected = keys.iter().fold(body.clone(), |body, key| body.replace(&format!("\"{key}\""), BLANK));
            prop_assert_eq!(blanked, Some(expected));
        }
    }
}
