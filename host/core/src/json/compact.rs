//! JSON text without white space between its tokens.

use std::borrow::Cow;

/// Removes the white space between the tokens of a JSON text. Digits and escapes stay as they are.
pub fn compact(text: &str) -> Cow<'_, str> {
    let text = text.trim();
    let is_space = |byte: u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
    if !text.bytes().any(is_space) {
        return Cow::Borrowed(text);
    }
    let mut compact = String::with_capacity(text.len());
    let (mut in_string, mut escaped) = (false, false);
    for character in text.chars() {
        let is_dropped = !in_string && u8::try_from(character).is_ok_and(is_space);
        match character {
            _ if escaped => escaped = false,
            '\\' if in_string => escaped = true,
            '"' => in_string = !in_string,
            _ => {}
        }
        if !is_dropped {
            compact.push(character);
        }
    }
    Cow::Owned(compact)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_white_space_between_tokens_is_removed() {
        assert_eq!(compact(" { \"a b\" : [ 1.10 ,\n\t\"x \\\" y\\\\\" , { } ] } "), r#"{"a b":[1.10,"x \" y\\",{}]}"#);
        assert!(matches!(compact(" [1,2] "), Cow::Borrowed("[1,2]")));
        assert_eq!(compact("\"\u{a0} é\""), "\"\u{a0} é\"");
    }
}
