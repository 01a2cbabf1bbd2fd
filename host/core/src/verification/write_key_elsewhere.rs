//! Write keys in places where no SDK sends one: other members of JSON, forms, XML, text, and bodies that are cut off. They are
//! no credentials there, and are blanked all the same, because a secret must not enter a plugin or a log.

use std::ops::Range;

use memchr::memmem;

use super::write_key::{BLANK, WRITE_KEY};
use crate::json::{self, Kind};

/// The text that stands for a key outside of JSON.
const BLANK_TEXT: &[u8] = b"[redacted]";
/// The bytes between the name of a key and the key.
const SEPARATORS: &[u8] = b"\"'=:> \t\r\n";
/// The bytes that end a key.
const ENDS: &[u8] = b"\"'&<>,;)}] \t\r\n";

/// Returns true if [`blank_elsewhere`] may find something, so that its copy of the body is worth reserving.
pub fn may_hold_elsewhere(body: &[u8], keys: &[&str]) -> bool {
    memmem::find(body, WRITE_KEY.as_bytes()).is_some() || may_hold_keys(body, keys)
}

/// Returns a body without the write keys that [`take_from`](super::GivenWriteKeys::take_from) left: in JSON without the whole
/// values that are one of `keys`, in other content without each of `keys` and without what stands behind the name `writeKey`.
/// Returns `None` if there is nothing to blank.
pub fn blank_elsewhere(body: &[u8], keys: &[&str]) -> Option<Vec<u8>> {
    let has_keys = may_hold_keys(body, keys);
    let named = || values_behind_names(body);
    if !has_keys && named().next().is_none() {
        return None;
    }
    let json = std::str::from_utf8(body).ok().filter(|text| json::check(text, usize::MAX).is_ok());
    if let Some(text) = json {
        let is_key = |value: &&str| {
            Kind::of(value) == Kind::String && json::string(value).is_some_and(|it| keys.contains(&&*it))
        };
        let found: Vec<_> = json::values(text).filter(is_key).map(|value| range_in(text, value)).collect();
        return replace(body, found, BLANK.as_bytes());
    }
    let mut found: Vec<Range<usize>> = keys.iter().flat_map(|key| whole_words(body, key)).chain(named()).collect();
    found.sort_unstable_by_key(|range| (range.start, range.end));
    replace(body, found, BLANK_TEXT)
}

/// A key that holds a character which JSON may escape can be spelled in ways that no search finds.
fn may_hold_keys(body: &[u8], keys: &[&str]) -> bool {
    let is_spelled = |key: &&str| memmem::find(body, key.as_bytes()).is_some();
    let is_escaped = |key: &&str| key.contains(['/', '"', '\\']) && memmem::find(body, b"\\").is_some();
    keys.iter().any(|key| is_spelled(key) || is_escaped(key)) || memmem::find(body, b"\\u00").is_some()
}

fn range_in(text: &str, value: &str) -> Range<usize> {
    let start = value.as_ptr().addr() - text.as_ptr().addr();
    start..start + value.len()
}

/// Returns the places of a key that are no part of a longer word.
fn whole_words<'b>(body: &'b [u8], key: &'b str) -> impl Iterator<Item = Range<usize>> + 'b {
    let is_in_word = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(byte));
    memmem::find_iter(body, key.as_bytes()).map(|start| start..start + key.len()).filter(move |place| {
        let before = place.start.checked_sub(1).and_then(|before| body.get(before));
        !is_in_word(before) && !is_in_word(body.get(place.end))
    })
}

/// Returns the places of what stands behind the name of a write key, as in a form, in XML, or in JSON that is cut off.
fn values_behind_names(body: &[u8]) -> impl Iterator<Item = Range<usize>> {
    memmem::find_iter(body, WRITE_KEY.as_bytes()).filter_map(|name| {
        let behind = name + WRITE_KEY.len();
        let is_in = |set: &'static [u8]| move |byte: &u8| set.contains(byte);
        let start = behind + body[behind..].iter().take_while(|byte| is_in(SEPARATORS)(byte)).count();
        let end = start + body[start..].iter().take_while(|byte| !is_in(ENDS)(byte)).count();
        (start > behind && end > start && &body[start..end] != b"[redacted").then_some(start..end)
    })
}

/// Replaces places in their order; those that begin inside of an earlier one are left out.
fn replace(body: &[u8], places: Vec<Range<usize>>, by: &[u8]) -> Option<Vec<u8>> {
    if places.is_empty() {
        return None;
    }
    let (mut blanked, mut done) = (Vec::with_capacity(body.len()), 0);
    for place in places {
        if place.start < done {
            continue;
        }
        blanked.extend_from_slice(&body[done..place.start]);
        blanked.extend_from_slice(by);
        done = place.end;
    }
    blanked.extend_from_slice(&body[done..]);
    Some(blanked)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn blank(body: &str) -> Option<String> {
        blank_elsewhere(body.as_bytes(), &["wk-1", "old/key"]).map(|blanked| String::from_utf8(blanked).unwrap())
    }

    #[test]
    fn json_loses_whole_values_that_are_a_key() {
        assert_eq!(
            blank(r#"{"a":{"writeKey":"wk-1"},"b":["wk-1"],"c":"my wk-1","wk-1":1}"#).as_deref(),
            Some(r#"{"a":{"writeKey":"[redacted]"},"b":["[redacted]"],"c":"my wk-1","wk-1":1}"#)
        );
        assert_eq!(blank(r#"["old\/key","wk\u002d1"]"#).as_deref(), Some(r#"["[redacted]","[redacted]"]"#));
        for untouched in [r#"{"a":{"writeKey":"other"}}"#, r#"{"writeKey":"[redacted]"}"#, "{}", "", r#"{"a":"wk-10"}"#]
        {
            assert_eq!(blank(untouched), None, "{untouched}");
        }
    }

    #[test]
    fn other_content_loses_keys_and_what_is_named_as_one() {
        for (body, expected) in [
            ("writeKey=wk-1&a=1", "writeKey=[redacted]&a=1"),
            ("a=1&writeKey=unknown", "a=1&writeKey=[redacted]"),
            ("<writeKey>unknown</writeKey>", "<writeKey>[redacted]</writeKey>"),
            (r#"{"writeKey": "unknown", "a":"#, r#"{"writeKey": "[redacted]", "a":"#),
            ("{\"a\":1}\nwriteKey: wk-1\n", "{\"a\":1}\nwriteKey: [redacted]\n"),
            ("name=\"writeKey\"\r\n\r\nunknown\r\n--x", "name=\"writeKey\"\r\n\r\n[redacted]\r\n--x"),
            ("key wk-1, wk-10 xwk-1", "key [redacted], wk-10 xwk-1"),
            ("writeKey=", "writeKey="),
            ("writeKeys", "writeKeys"),
        ] {
            assert_eq!(blank(body).as_deref().unwrap_or(body), expected);
            assert_eq!(blank(expected), None, "once is enough: {expected}");
        }
        assert_eq!(blank_elsewhere(b"\xff wk-1", &["wk-1"]).unwrap(), b"\xff [redacted]");
    }

    proptest! {
        #[test]
        fn no_key_is_left_as_a_word(before in "[ -~]{0,20}", after in "[ -~]{0,20}", cut in any::<bool>()) {
            let body = format!("{before}{} wk-1 {}{after}", if cut { "{" } else { "" }, "\n");
            if json::check(&body, usize::MAX).is_err() {
                let blanked = blank(&body).unwrap_or_default();
                prop_assert!(!blanked.contains(" wk-1 "), "{blanked}");
            }
        }
    }
}
