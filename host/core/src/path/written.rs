//! Writing paths to values that are known.

use crate::json;

/// Returns the path of a member of the object at `parent`. An empty parent is the root.
pub fn member(parent: &str, name: &str) -> String {
    let is_plain = !name.is_empty() && !name.contains(['.', '[', ']', '"']) && !name.chars().any(char::is_control);
    match (parent, is_plain) {
        ("", true) => name.to_owned(),
        (parent, true) => format!("{parent}.{name}"),
        (parent, false) => format!("{parent}[{}]", json::quote(name)),
    }
}

/// Returns the path of an item of the array at `parent`.
pub fn item(parent: &str, index: usize) -> String {
    format!("{parent}[{index}]")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::path::Path;

    proptest! {
        #[test]
        fn a_written_path_finds_what_it_was_written_for(
            keys in prop::collection::vec("[a-z .\\[\\]\"\\\\é0\n]{0,4}", 1..5),
            index in 0..3usize,
        ) {
            let path = keys.iter().fold(String::new(), |parent, key| member(&parent, key));
            let path = Path::parse(&item(&path, index)).unwrap();
            let list = json::array((0..=index).map(|at| if at == index { "42" } else { "1" }));
            let text = keys.iter().rev().fold(list, |inner, key| json::object([(key.as_str(), inner.as_str())]));
            prop_assert_eq!(path.find(&text), Some("42"));
        }
    }
}
