//! The values in which two JSON texts differ.

use std::collections::BTreeMap;

use inlet_core::json::{self, Kind};

use super::{
    Html,
    json_tree::{JsonTree, Mark},
};

/// The most differences that are told.
const MAX_DIFFERENCES: usize = 200;

/// The difference of a value from the one at the same place of the other text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Difference {
    /// The other text has no such value.
    OnlyHere,
    /// The other value is of another type.
    OtherType,
    /// The other value is another one.
    OtherValue,
}

impl Difference {
    /// Returns the words for a mark.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OnlyHere => "only here",
            Self::OtherType => "other type",
            Self::OtherValue => "other value",
        }
    }
}

/// The JSON pointers of the values that differ, by the text that has them.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Differences {
    /// Values of the first text.
    pub first: BTreeMap<String, Difference>,
    /// Values of the second text.
    pub second: BTreeMap<String, Difference>,
}

/// Compares two valid JSON texts. Members are compared by name, items by their place, and numbers by how they are written.
pub fn differences(first: &str, second: &str) -> Differences {
    let mut found = Differences::default();
    compare(first.trim(), second.trim(), "", &mut found);
    found
}

/// A tree of a text with its differences marked.
pub fn marked_tree(text: &str, label: &str, differences: &BTreeMap<String, Difference>) -> Html {
    let tree = JsonTree::new(text, label).open_depth(3);
    let mark = |difference: &Difference| Mark { label: difference.as_str().to_owned(), href: None, id: None };
    differences.iter().fold(tree, |tree, (pointer, difference)| tree.mark(pointer.clone(), mark(difference))).html()
}

fn compare(first: &str, second: &str, pointer: &str, found: &mut Differences) {
    if first == second || found.first.len() + found.second.len() >= MAX_DIFFERENCES {
        return;
    }
    let member = |name: &str| format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
    let item = |index: usize| (format!("{pointer}/{index}"), Difference::OnlyHere);
    match (Kind::of(first), Kind::of(second)) {
        (Kind::Object, Kind::Object) => {
            let (mine, other) = (json::members(first).unwrap_or_default(), json::members(second).unwrap_or_default());
            for (name, value) in &mine {
                match other.get(name) {
                    Some(other) => compare(value.trim(), other.trim(), &member(name), found),
                    None => _ = found.first.insert(member(name), Difference::OnlyHere),
                }
            }
            let more = other.keys().filter(|name| !mine.contains_key(*name));
            found.second.extend(more.map(|name| (member(name), Difference::OnlyHere)));
        }
        (Kind::Array, Kind::Array) => {
            let (mine, other) = (json::items(first).unwrap_or_default(), json::items(second).unwrap_or_default());
            for (index, (value, other)) in mine.iter().zip(&other).enumerate() {
                compare(value.trim(), other.trim(), &item(index).0, found);
            }
            found.first.extend((other.len()..mine.len()).map(item));
            found.second.extend((mine.len()..other.len()).map(item));
        }
        (Kind::String, Kind::String) if json::string(first) == json::string(second) => {}
        (one, another) => {
            let how = if one == another { Difference::OtherValue } else { Difference::OtherType };
            found.first.insert(pointer.to_owned(), how);
            found.second.insert(pointer.to_owned(), how);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(first: &str, second: &str) -> [Vec<String>; 2] {
        let found = differences(first, second);
        [found.first, found.second].map(|found| found.into_keys().collect())
    }

    #[test]
    fn values_differ_by_name_and_place() {
        let first = r#"{"a":1.10,"b":{"c":"x","d":[1,2]},"e/f":null}"#;
        let second = r#"{"e/f":null,"b":{"d":[1,3,4],"c":"\u0078"},"a":1.1,"g":true}"#;
        assert_eq!(told(first, second), [vec!["/a", "/b/d/1"], vec!["/a", "/b/d/1", "/b/d/2", "/g"]]);
        assert_eq!(told(first, r#"{"a":1.10}"#), [vec!["/b", "/e~1f"], vec![]]);
        assert_eq!(told("[1]", "{}"), [vec![""], vec![""]]);
        let found = differences(r#"{"a":1,"b":"x","c":2}"#, r#"{"a":"1","b":"y"}"#);
        let said: Vec<_> = found.first.values().map(|difference| difference.as_str()).collect();
        assert_eq!(said, ["other type", "other value", "only here"]);
    }

    #[test]
    fn the_other_way_round_is_the_same() {
        let texts = ["1", "{}", r#"{"a":[1,{"b":2}]}"#, r#"{"a":[1,{"b":3},4],"c":""}"#, "[[],[1]]", "null"];
        for first in texts {
            assert_eq!(differences(first, first), Differences::default());
            for second in texts {
                let [forward, backward] = [differences(first, second), differences(second, first)];
                assert_eq!((&forward.first, &forward.second), (&backward.second, &backward.first), "{first} {second}");
                assert_eq!(forward == Differences::default(), first == second);
            }
        }
    }
}
