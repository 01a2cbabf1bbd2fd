//! The canonical form of JSON, for comparing.

use super::{Kind, array, items, members, object, quote, string};

/// Returns a JSON text with sorted members, without white space and needless escapes. Numbers keep their digits.
pub fn canonical(text: &str) -> String {
    match Kind::of(text) {
        Kind::Object => {
            let mut members: Vec<_> = members(text).unwrap_or_default().into_iter().collect();
            members.sort_unstable();
            let members: Vec<_> = members.into_iter().map(|(key, value)| (key, canonical(value))).collect();
            object(members.iter().map(|(key, value)| (key, value.as_str())))
        }
        Kind::Array => array(items(text).unwrap_or_default().into_iter().map(canonical)),
        Kind::String => string(text).map_or_else(|| text.trim().to_owned(), |text| quote(&text)),
        _ => text.trim().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_white_space_and_escapes_do_not_count_and_digits_do() {
        let canonical_text = r#"{"a":["é",1.10,null],"b":{"c":9007199254740993,"d":true}}"#;
        let other = r#" { "b" : {"d":true, "c": 9007199254740993}, "a": ["\u00e9", 1.10, null ] } "#;
        assert_eq!(canonical(other), canonical_text);
        assert_eq!(canonical(canonical_text), canonical_text);
        assert_ne!(canonical("1.10"), canonical("1.1"));
    }
}
