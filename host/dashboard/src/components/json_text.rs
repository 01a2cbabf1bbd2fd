//! JSON as text for a field, with a line for each value.

use inlet_core::json::{self, Kind};

/// The longest text that is written on several lines, in bytes.
const MAX_BYTES: usize = 256 << 10;

/// Writes a JSON text with a line for each value, and every digit as it is. What is not JSON, or very long, stays as it is.
pub fn indented(text: &str) -> String {
    if text.len() > MAX_BYTES || json::check(text, 128).is_err() {
        return text.to_owned();
    }
    let mut written = String::new();
    write(text.trim(), 0, &mut written);
    written
}

fn write(text: &str, level: usize, written: &mut String) {
    let (open, close, values): (char, char, Vec<(Option<String>, &str)>) = match Kind::of(text) {
        Kind::Object => {
            let members = json::all_members(text).unwrap_or_default();
            ('{', '}', members.into_iter().map(|(name, value)| (Some(json::quote(&name)), value)).collect())
        }
        Kind::Array => ('[', ']', json::items(text).unwrap_or_default().into_iter().map(|item| (None, item)).collect()),
        _ => return written.push_str(text),
    };
    written.push(open);
    let count = values.len();
    for (index, (name, value)) in values.into_iter().enumerate() {
        written.push('\n');
        written.extend(std::iter::repeat_n("  ", level + 1));
        if let Some(name) = name {
            written.push_str(&name);
            written.push_str(": ");
        }
        write(value.trim(), level + 1, written);
        if index + 1 < count {
            written.push(',');
        }
    }
    if count > 0 {
        written.push('\n');
        written.extend(std::iter::repeat_n("  ", level));
    }
    written.push(close);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_has_a_line_and_all_its_digits() {
        let text = r#"{"a":1.10,"b":[{"c":"x y"},[]],"d":{}}"#;
        let written = indented(text);
        insta::assert_snapshot!(written, @r#"
        {
          "a": 1.10,
          "b": [
            {
              "c": "x y"
            },
            []
          ],
          "d": {}
        }
        "#);
        assert_eq!(indented(&written), written);
        assert_eq!([indented("{"), indented("a=b"), indented("7")], ["{", "a=b", "7"]);
    }
}
