//! Hiding the values of a JSON text while its structure stays visible, for operators who debug without personal data
//! (semantics.md §7).

use std::{borrow::Cow, ops::Range};

/// The placeholder of a value, as JSON text.
const HIDDEN: &str = "\"…\"";

/// Puts `"…"` in place of every string and number. Keys, `true`, `false` and `null`, the nesting, and even the white
/// space stay.
///
/// The text should be JSON; in any other text, everything that looks like a value is hidden too.
///
/// Laws: `mask(mask(a)) = mask(a)`; the kinds of all members and items stay but that numbers become strings.
pub fn mask(text: &str) -> String {
    replace_values(text, |_| Cow::Borrowed(HIDDEN))
}

/// Puts JSON text in place of the text of every string and number. Keys, `true`, `false` and `null`, the nesting, and even
/// the white space stay.
pub fn replace_values<'a>(text: &'a str, mut replacement: impl FnMut(&'a str) -> Cow<'a, str>) -> String {
    let mut replaced = String::with_capacity(text.len());
    // The end of the part that is already written.
    let mut written = 0;
    for value in ranges(text) {
        replaced.push_str(text.get(written..value.start).unwrap_or_default());
        written = value.end;
        replaced.push_str(&replacement(text.get(value).unwrap_or_default()));
    }
    replaced.push_str(text.get(written..).unwrap_or_default());
    replaced
}

/// Returns the texts of all strings and numbers at any depth, in their order. Keys are left out, and values of duplicate
/// keys are not.
pub fn values(text: &str) -> impl Iterator<Item = &str> {
    ranges(text).filter_map(|value| text.get(value))
}

/// Returns the places of all strings and numbers.
fn ranges(text: &str) -> impl Iterator<Item = Range<usize>> {
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        while let Some(&byte) = bytes.get(at) {
            let start = at;
            at = match byte {
                b'"' => after_string(bytes, at + 1),
                b'-' | b'0'..=b'9' => after_number(bytes, at),
                _ => at + 1,
            };
            let is_value = byte == b'-' || byte.is_ascii_digit() || (byte == b'"' && !is_key(bytes, at));
            if is_value {
                return Some(start..at);
            }
        }
        None
    })
}

/// Returns the offset behind the closing quote of a string whose first character is at `at`.
fn after_string(bytes: &[u8], mut at: usize) -> usize {
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let Some(step) = memchr::memchr2(b'"', b'\\', rest) else { return bytes.len() };
        if rest[step] == b'"' {
            return at + step + 1;
        }
        // Behind a backslash one character never ends the string.
        at += step + 2;
    }
}

fn after_number(bytes: &[u8], from: usize) -> usize {
    let is_part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
    from + bytes[from..].iter().take_while(|byte| is_part(byte)).count()
}

/// Only keys are followed by a colon.
fn is_key(bytes: &[u8], at: usize) -> bool {
    let rest = bytes.get(at..).unwrap_or_default();
    rest.iter().find(|byte| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n')) == Some(&b':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_hidden_and_keys_are_not() {
        let text = r#"{"email" : "ana@example.com", "n":[-1.5e+3,true,false,null], "a\"b:":{"c":"\\"}, "d":"x:y"}"#;
        insta::assert_snapshot!(mask(text), @r#"{"email" : "…", "n":["…",true,false,null], "a\"b:":{"c":"…"}, "d":"…"}"#);
        assert_eq!(mask("42"), HIDDEN);
        assert_eq!(mask(r#""it""#), HIDDEN);
        assert_eq!(mask("null"), "null");
        assert_eq!(mask(""), "");
    }

    #[test]
    fn what_is_no_json_does_not_panic_and_shows_no_more() {
        assert_eq!(mask(r#"{"a":"unfinished \"#), r#"{"a":"…""#);
        assert_eq!(mask("☃ 12"), "☃ \"…\"");
    }
}
