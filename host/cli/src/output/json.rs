//! JSON for programs.

use super::{print, text::drives_terminal};

/// Prints the server's JSON. A character that a terminal would obey is written as an escape, which means the same.
pub fn print_json(text: &str) -> anyhow::Result<()> {
    print(&shown_json(text.trim_end()))
}

/// Returns JSON text with the characters that a terminal would obey as escapes. Outside of strings JSON has none but
/// white space, so the value stays the same.
pub fn shown_json(text: &str) -> String {
    if !text.chars().any(is_escaped) {
        return text.to_owned();
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match is_escaped(character) {
            true => shown.push_str(&format!("\\u{:04x}", u32::from(character))),
            false => shown.push(character),
        }
    }
    shown
}

/// Every such character is in the basic plane, so that one escape holds it.
fn is_escaped(character: char) -> bool {
    drives_terminal(character) && !matches!(character, '\n' | '\r' | '\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_value_stays_the_same() {
        let text = "{\"n\":9007199254740993,\"t\":\"a\u{9b}b\u{202e}c\u{7f}\"}";
        let shown = shown_json(text);
        assert_eq!(shown, r#"{"n":9007199254740993,"t":"a\u009bb\u202ec\u007f"}"#);
        let values = [text, &shown].map(|text| serde_json::from_str::<serde_json::Value>(text).unwrap());
        assert_eq!(values[0], values[1]);
    }
}
