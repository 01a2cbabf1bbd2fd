//! One text for all spellings of a JSON value.

use super::{Kind, array, items, members, object, quote, string};

/// Normalises JSON text: sorts members, removes white space, and rewrites escapes. Numbers keep their digits.
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
    fn spellings_of_one_value_have_one_text() {
        let text = r#"{"a":[1.10,"é"],"b":{"c":null,"d":9007199254740993}}"#;
        assert_eq!(canonical("{ \"b\":{\"d\":9007199254740993, \"c\": null},\n\"a\":[1.10 ,\"\\u00e9\"]}"), text);
        assert_ne!(canonical("[1.1]"), canonical("[1.10]"), "digits count");
    }
}
