//! The fields that many JSON texts have, with the kinds of their values and how often they are there.

use std::{borrow::Cow, collections::HashSet};

use indexmap::IndexMap;

use crate::{
    json::{self, Kind},
    path,
};

/// The most distinct fields.
const MAX_FIELDS: usize = 1_000;
/// The deepest level of a field.
const MAX_LEVELS: usize = 16;
/// The most items of one list whose fields are looked at.
const MAX_ITEMS: usize = 20;
/// The most values of one text.
const MAX_VALUES: usize = 20_000;
/// The most example values of a field.
const MAX_EXAMPLES: usize = 3;
/// The longest example value, in bytes.
const MAX_EXAMPLE_BYTES: usize = 200;

/// The fields of the texts that were added, in the order of their first appearance.
#[derive(Debug, Default)]
pub struct FieldsSeen {
    fields: IndexMap<String, FieldSeen>,
    /// Distinct fields beyond the first ones were left out.
    pub is_cut: bool,
}

/// A field, and the texts that have it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldSeen {
    /// The number of texts that have it.
    pub texts: usize,
    /// The kinds of its values, each with the number of texts that have such a value, in the order of their first
    /// appearance.
    pub kinds: Vec<(Kind, usize)>,
    /// Distinct values that are no objects and no lists, as JSON texts.
    pub examples: Vec<String>,
}

impl FieldsSeen {
    /// Adds a valid JSON text. Its fields get paths below `root`, as mappings write them; a list's items share one field, whose
    /// path ends in `[]`.
    pub fn add(&mut self, root: &str, text: &str) {
        let mut visit = Visit { seen: self, counted: HashSet::new(), values: 0 };
        visit.value(Cow::Borrowed(root), text, 0);
    }

    /// Iterates over the fields with their paths.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &FieldSeen)> {
        self.fields.iter().map(|(path, field)| (path.as_str(), field))
    }
}

/// The walk through one text.
struct Visit<'s> {
    seen: &'s mut FieldsSeen,
    /// The fields with their kinds that this text was counted for.
    counted: HashSet<(String, Option<Kind>)>,
    values: usize,
}

impl Visit<'_> {
    fn value(&mut self, path: Cow<'_, str>, text: &str, level: usize) {
        self.values += 1;
        if level > MAX_LEVELS || self.values > MAX_VALUES {
            self.seen.is_cut = true;
            return;
        }
        let kind = Kind::of(text);
        if level > 0 && !self.count(&path, kind, text) {
            return;
        }
        match kind {
            Kind::Object => {
                for (name, value) in json::members(text).unwrap_or_default() {
                    self.value(path::member(&path, &name).into(), value, level + 1);
                }
            }
            Kind::Array => {
                let items = json::items(text).unwrap_or_default();
                self.seen.is_cut |= items.len() > MAX_ITEMS;
                let path = format!("{path}[]");
                for item in items.into_iter().take(MAX_ITEMS) {
                    self.value(Cow::Borrowed(&path), item, level + 1);
                }
            }
            _ => {}
        }
    }

    /// Counts a value. Returns false if there is no room for its field.
    fn count(&mut self, path: &str, kind: Kind, text: &str) -> bool {
        if !self.seen.fields.contains_key(path) && self.seen.fields.len() >= MAX_FIELDS {
            self.seen.is_cut = true;
            return false;
        }
        let field = self.seen.fields.entry(path.to_owned()).or_default();
        if self.counted.insert((path.to_owned(), None)) {
            field.texts += 1;
        }
        if self.counted.insert((path.to_owned(), Some(kind))) {
            match field.kinds.iter_mut().find(|(known, _)| *known == kind) {
                Some((_, texts)) => *texts += 1,
                None => field.kinds.push((kind, 1)),
            }
        }
        let is_example = !matches!(kind, Kind::Object | Kind::Array | Kind::Null)
            && field.examples.len() < MAX_EXAMPLES
            && text.len() <= MAX_EXAMPLE_BYTES
            && !field.examples.iter().any(|known| known == text.trim());
        if is_example {
            field.examples.push(text.trim().to_owned());
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn seen(texts: &[&str]) -> FieldsSeen {
        let mut seen = FieldsSeen::default();
        texts.iter().for_each(|text| seen.add("data", text));
        seen
    }

    fn line(seen: &FieldsSeen) -> String {
        let fields =
            seen.iter().map(|(path, field)| format!("{path} {} {:?} {:?}", field.texts, field.kinds, field.examples));
        fields.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn fields_are_counted_once_for_each_text_and_kind() {
        let seen = seen(&[
            r#"{"total":12.50,"items":[{"sku":"A"},{"sku":"B"},{"sku":7}],"a.b":null}"#,
            r#"{"total":"12","items":[]}"#,
        ]);
        insta::assert_snapshot!(line(&seen), @r#"
        data.total 2 [(Number, 1), (String, 1)] ["12.50", "\"12\""]
        data.items 2 [(Array, 2)] []
        data.items[] 1 [(Object, 1)] []
        data.items[].sku 1 [(String, 1), (Number, 1)] ["\"A\"", "\"B\"", "7"]
        data["a.b"] 1 [(Null, 1)] []
        "#);
        assert!(!seen.is_cut);
    }

    #[test]
    fn very_many_fields_are_cut() {
        let many: String = (0..MAX_FIELDS + 5).map(|number| format!(r#""k{number}":1,"#)).collect();
        let wide = seen(&[&format!(r#"{{{many}"k1":2}}"#)]);
        assert!(wide.is_cut);
        assert_eq!(wide.iter().count(), MAX_FIELDS);
        let deep = format!("{}1{}", r#"{"a":"#.repeat(100), "}".repeat(100));
        assert!(seen(&[&deep]).is_cut);
    }

    proptest! {
        #[test]
        fn no_field_is_in_more_texts_than_there_are_and_order_does_not_count(
            texts in prop::collection::vec(r#"\{"a":(1|"x"|null|\[1,"x"\]|\{"b":true\})(,"c":(1|"y"))?\}"#, 1..6),
        ) {
            let forward = seen(&texts.iter().map(String::as_str).collect::<Vec<_>>());
            let backward = seen(&texts.iter().rev().map(String::as_str).collect::<Vec<_>>());
            for (path, field) in forward.iter() {
                let twin = backward.iter().find(|(other, _)| *other == path).unwrap().1;
                prop_assert_eq!(field.texts, twin.texts);
                prop_assert!(field.texts <= texts.len());
                prop_assert!(field.kinds.iter().all(|(_, count)| *count <= field.texts));
                prop_assert!(field.kinds.iter().all(|kind| twin.kinds.contains(kind)));
            }
        }
    }
}
