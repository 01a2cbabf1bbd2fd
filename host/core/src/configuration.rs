//! The differences between two configurations, for whoever decides about a change: by field, and mapping by mapping.
//!
//! A configuration is the JSON text of `inlet_api_types::configuration`, or a part of it.

use std::collections::{HashMap, VecDeque};

use crate::json::{self, Kind};

/// The member that holds mappings.
const MAPPINGS: &str = "mappings";

/// The parameters that say what an action is about. A mapping that differs there is another one.
const NAMING_PARAMETERS: [&str; 3] = ["key", "collection", "id"];

/// A field that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldDifference {
    /// The path of the field, such as `settings.handle_identifies` or `mappings[2].action_parameters.data.total`. The
    /// index is that of the new list; that of the old one for a mapping that is gone.
    pub field: String,
    /// The mapping that the field belongs to, in words.
    pub mapping: Option<String>,
    /// The JSON text before; none if the field is new.
    pub before: Option<String>,
    /// The JSON text after; none if the field is gone.
    pub after: Option<String>,
}

impl FieldDifference {
    /// Returns true if a whole mapping is gone.
    pub fn removes_mapping(&self) -> bool {
        self.after.is_none() && self.mapping.is_some() && self.field.ends_with(']')
    }
}

/// Returns the fields that differ between two JSON objects. Members that are objects are compared member by member, lists as
/// a whole, and the list `mappings` mapping by mapping.
///
/// Laws: `differences(a, a)` is empty; white space, the order of members and the order of mappings do not count; digits do.
pub fn differences(before: &str, after: &str) -> Vec<FieldDifference> {
    let mut found = Vec::new();
    collect(&mut found, "", None, before, after);
    found
}

/// Returns for each mapping of the new list the old one that it is, unchanged or edited. Each old mapping is at most one new
/// one. An edited mapping has the same event type, action, and the same thing that the action is about.
pub fn pair_mappings<T: AsRef<str>>(before: &[T], after: &[T]) -> Vec<Option<usize>> {
    let mut pairs = vec![None; after.len()];
    let mut is_taken = vec![false; before.len()];
    for identity in [content as fn(&str) -> String, subject] {
        let mut by_identity: HashMap<String, VecDeque<usize>> = HashMap::new();
        for (index, mapping) in before.iter().enumerate().filter(|(index, _)| !is_taken[*index]) {
            by_identity.entry(identity(mapping.as_ref())).or_default().push_back(index);
        }
        for (pair, mapping) in pairs.iter_mut().zip(after).filter(|(pair, _)| pair.is_none()) {
            let found = by_identity.get_mut(&identity(mapping.as_ref())).and_then(VecDeque::pop_front);
            if let Some(index) = found {
                is_taken[index] = true;
                *pair = Some(index);
            }
        }
    }
    pairs
}

/// Returns a mapping in words: `track/Order Completed → workflows_trigger order-completed`.
pub fn mapping_label(mapping: &str) -> String {
    let text = |name| json::member(mapping, name).and_then(json::string).unwrap_or_default();
    let about = naming_parameters(mapping).into_iter().flatten();
    let about: String = about.map(|value| format!(" {}", json::string(value).as_deref().unwrap_or(value))).collect();
    format!("{} → {}{about}", text("event_type"), text("action_type"))
}

fn naming_parameters(mapping: &str) -> [Option<&str>; 3] {
    let parameters = json::member(mapping, "action_parameters").unwrap_or("{}");
    NAMING_PARAMETERS.map(|name| json::member(parameters, name))
}

/// The members by which the server recognises a mapping that is given without an id.
fn content(mapping: &str) -> String {
    let names = ["event_type", "action_type", "when", "action_parameters"];
    json::array(names.map(|name| match (name, json::member(mapping, name)) {
        ("action_parameters", None) => "{}".to_owned(),
        (_, value) => json::canonical(value.unwrap_or("null")),
    }))
}

fn subject(mapping: &str) -> String {
    let names = ["event_type", "action_type"].map(|name| json::member(mapping, name));
    let values = names.into_iter().chain(naming_parameters(mapping));
    json::array(values.map(|value| json::canonical(value.unwrap_or("null"))))
}

fn collect(found: &mut Vec<FieldDifference>, path: &str, mapping: Option<&str>, before: &str, after: &str) {
    let (before, after) = (json::members(before).unwrap_or_default(), json::members(after).unwrap_or_default());
    let added = after.keys().filter(|name| !before.contains_key(*name));
    for name in before.keys().chain(added) {
        let field = if path.is_empty() { name.to_string() } else { format!("{path}.{name}") };
        let (old, new) = (before.get(name).copied(), after.get(name).copied());
        if name == MAPPINGS && mapping.is_none() && [old, new].into_iter().flatten().all(|side| is(side, Kind::Array)) {
            collect_mappings(found, &field, old.unwrap_or("[]"), new.unwrap_or("[]"));
            continue;
        }
        let sides = [old, new].into_iter().flatten();
        let is_object = |side: &str| is(side, Kind::Object) && !json::members(side).unwrap_or_default().is_empty();
        if sides.clone().all(|side| is(side, Kind::Object)) && sides.clone().any(is_object) {
            collect(found, &field, mapping, old.unwrap_or("{}"), new.unwrap_or("{}"));
        } else if old.map(json::canonical) != new.map(json::canonical) {
            let (before, after) = (old.map(str::to_owned), new.map(str::to_owned));
            found.push(FieldDifference { field, mapping: mapping.map(str::to_owned), before, after });
        }
    }
}

fn is(text: &str, kind: Kind) -> bool {
    Kind::of(text) == kind
}

fn collect_mappings(found: &mut Vec<FieldDifference>, field: &str, before: &str, after: &str) {
    let (before, after) = (json::items(before).unwrap_or_default(), json::items(after).unwrap_or_default());
    let pairs = pair_mappings(&before, &after);
    for (index, mapping) in before.iter().enumerate().filter(|(index, _)| !pairs.contains(&Some(*index))) {
        found.push(FieldDifference {
            field: format!("{field}[{index}]"),
            mapping: Some(mapping_label(mapping)),
            before: Some((*mapping).to_owned()),
            after: None,
        });
    }
    for (index, (mapping, pair)) in after.iter().zip(&pairs).enumerate() {
        let field = format!("{field}[{index}]");
        let label = mapping_label(mapping);
        match pair {
            Some(old) => collect(found, &field, Some(&label), before[*old], mapping),
            None => {
                let after = Some((*mapping).to_owned());
                found.push(FieldDifference { field, mapping: Some(label), before: None, after });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(before: &str, after: &str) -> String {
        let line = |found: FieldDifference| {
            let side = |side: Option<String>| side.unwrap_or_else(|| "-".to_owned());
            let of = found.mapping.map(|mapping| format!(" ({mapping})")).unwrap_or_default();
            format!("{}{of}: {} > {}", found.field, side(found.before), side(found.after))
        };
        differences(before, after).into_iter().map(line).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn fields_differ_by_their_place() {
        let before = r#"{"name":"A","gone":1,"settings":{"a":true,"b":[1,2]},"same":{"x":1.10}}"#;
        let after =
            r#"{"settings":{"b":[1,3],"a":true},"same":{ "x": 1.10 },"name":"B","new":{"x":{"y":9007199254740993}}}"#;
        insta::assert_snapshot!(shown(before, after), @r#"
        name: "A" > "B"
        gone: 1 > -
        settings.b: [1,2] > [1,3]
        new.x.y: - > 9007199254740993
        "#);
        assert_eq!(shown(r#"{"a":1.10}"#, r#"{"a":1.1}"#), "a: 1.10 > 1.1", "digits count");
        assert_eq!(shown(r#"{"a":{}}"#, "{}"), "a: {} > -");
    }

    fn trigger(key: &str, more: &str) -> String {
        format!(
            r#"{{"event_type":"track/Paid","action_type":"workflows_trigger","action_parameters":{{"key":"{key}"{more}}}}}"#
        )
    }

    #[test]
    fn mappings_are_recognised_wherever_they_stand() {
        let list = |mappings: &[String]| format!(r#"{{"mappings":[{}]}}"#, mappings.join(","));
        let (a, b, c) = (trigger("a", ""), trigger("b", r#","data":{"total":"data.total"}"#), trigger("c", ""));
        assert_eq!(shown(&list(&[a.clone(), b.clone()]), &list(&[b.clone(), a.clone()])), "");
        let edited = trigger("b", r#","data":{"total":"data.sum"}"#);
        insta::assert_snapshot!(shown(&list(&[a.clone(), b]), &list(&[edited, c])), @r#"
        mappings[0] (track/Paid → workflows_trigger a): {"event_type":"track/Paid","action_type":"workflows_trigger","action_parameters":{"key":"a"}} > -
        mappings[0].action_parameters.data.total (track/Paid → workflows_trigger b): "data.total" > "data.sum"
        mappings[1] (track/Paid → workflows_trigger c): - > {"event_type":"track/Paid","action_type":"workflows_trigger","action_parameters":{"key":"c"}}
        "#);
        let removed = &differences(&list(std::slice::from_ref(&a)), &list(&[]))[0];
        assert!(removed.removes_mapping());
        // An unchanged mapping is recognised before an edited one.
        let twin = trigger("a", r#","data":{"x":"y"}"#);
        assert_eq!(pair_mappings(&[&a, &twin], &[&twin]), [Some(1)]);
    }

    proptest! {
        #[test]
        fn nothing_differs_from_itself(keys in proptest::collection::vec("[a-c]", 0..6), digits in "[1-9][0-9]{0,20}(\\.[0-9]{1,5})?") {
            let mut mappings: Vec<String> =
                keys.iter().map(|key| trigger(key, &format!(r#","data":{{"n":{{"value":{digits}}}}}"#))).collect();
            let before = format!(r#"{{"a":{digits},"mappings":[{}]}}"#, mappings.join(","));
            prop_assert_eq!(differences(&before, &before), Vec::new());
            mappings.reverse();
            let after = format!(r#"{{"mappings":[{}], "a" : {digits} }}"#, mappings.join(" , "));
            prop_assert_eq!(differences(&before, &after), Vec::new());
        }
    }
}
