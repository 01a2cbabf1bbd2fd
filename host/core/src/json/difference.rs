//! The difference between two objects, for the log of changes.

use std::borrow::Cow;

use super::{Kind, Members, members, object};

/// Returns the members of each object that are absent from the other or differ there; members that are objects on both
/// sides are compared in turn. Values are kept to the letter. A value that is not an object counts as an empty one.
///
/// Laws: `difference(a, a) = ({}, {})`; `merge(a, difference(a, b).1)` holds every value of `b`.
pub fn difference(before: &str, after: &str) -> (String, String) {
    let (before, after) = (members(before).unwrap_or_default(), members(after).unwrap_or_default());
    let (mut gone, mut new) = (Vec::new(), Vec::new());
    for (key, value) in &before {
        match after.get(key) {
            Some(other) if are_objects(value, other) => {
                let (inner_gone, inner_new) = difference(value, other);
                keep(&mut gone, key.clone(), inner_gone);
                keep(&mut new, key.clone(), inner_new);
            }
            Some(other) if other.trim() == value.trim() => {}
            other => {
                gone.push((key.clone(), (*value).to_owned()));
                new.extend(other.map(|other| (key.clone(), (*other).to_owned())));
            }
        }
    }
    let added = added(&before, &after);
    new.extend(added);
    (write(&gone), write(&new))
}

fn are_objects(a: &str, b: &str) -> bool {
    Kind::of(a) == Kind::Object && Kind::of(b) == Kind::Object
}

fn keep<'k>(side: &mut Vec<(Cow<'k, str>, String)>, key: Cow<'k, str>, value: String) {
    if value != "{}" {
        side.push((key, value));
    }
}

fn added<'a>(before: &Members<'_>, after: &Members<'a>) -> Vec<(Cow<'a, str>, String)> {
    let new = after.iter().filter(|(key, _)| !before.contains_key(*key));
    new.map(|(key, value)| (key.clone(), (*value).to_owned())).collect()
}

fn write(side: &[(Cow<'_, str>, String)]) -> String {
    object(side.iter().map(|(key, value)| (key, value.as_str())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_left() {
        let before = r#"{"name":"A","same":[1.10],"gone":true,"s":{"x":1,"y":{"z":null}},"kind":{"a":1}}"#;
        let after = r#"{"new":9007199254740993,"name":"B","same":[1.10],"s":{"y":{"z":null},"x":1.0},"kind":7}"#;
        let (gone, new) = difference(before, after);
        insta::assert_snapshot!(gone, @r#"{"name":"A","gone":true,"s":{"x":1},"kind":{"a":1}}"#);
        insta::assert_snapshot!(new, @r#"{"name":"B","s":{"x":1.0},"kind":7,"new":9007199254740993}"#);
        assert_eq!(difference(after, after), ("{}".to_owned(), "{}".to_owned()));
        assert_eq!(difference("null", r#"{"a":1}"#), ("{}".to_owned(), r#"{"a":1}"#.to_owned()));
    }
}
