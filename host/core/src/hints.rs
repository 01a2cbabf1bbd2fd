//! Hints: facts about an event that its plugin tells beside the values, under names of the contract's `extras`.
//!
//! A mapping reads them by the paths `hints.tenant`, `hints.anonymous_id` and `hints.group_id`. The core itself does nothing with
//! them.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::{
    contract::Field,
    json::{self, Kind},
    path::Segment,
};

/// The names of hints.
const NAMES: [&str; 3] = ["tenant", "anonymous_id", "group_id"];
/// The longest hint, in characters.
const MAX_CHARS: usize = 255;

/// The hints of one event; at least one is there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Hints {
    /// The tenant that the event belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// The platform's id for somebody whom it does not know by a user id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub anonymous_id: Option<String>,
    /// The group or account that the user acts for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_id: Option<String>,
}

impl Hints {
    /// Reads the hints of an event. The first of a name counts, and an empty one is absent. One that is too long or holds control
    /// characters is dropped, with one warning for each name, however many a plugin sends.
    pub(crate) fn read(extras: &[Field], warnings: &mut Vec<String>) -> Option<Box<Self>> {
        let mut hints: Option<Box<Self>> = None;
        let mut warned = [false; NAMES.len()];
        for Field { name, value } in extras {
            let Some(index) = NAMES.iter().position(|known| known == name).filter(|_| !value.is_empty()) else {
                continue;
            };
            if let Some(fault) = fault(value) {
                if !std::mem::replace(&mut warned[index], true) {
                    warnings.push(format!("the hint {name} {fault}; it was dropped"));
                }
            } else if let Some(place) = hints.get_or_insert_default().place(name) {
                place.get_or_insert_with(|| value.clone());
            }
        }
        hints
    }

    /// Returns the hints that are there, with their names.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let values = [&self.tenant, &self.anonymous_id, &self.group_id];
        NAMES.into_iter().zip(values).filter_map(|(name, value)| Some((name, value.as_deref()?)))
    }

    /// Returns the hints that are there, as a JSON object.
    pub fn json(&self) -> String {
        let members: Vec<(&str, String)> = self.iter().map(|(name, value)| (name, json::quote(value))).collect();
        json::object(members.iter().map(|(name, value)| (*name, value.as_str())))
    }

    /// Returns the value that steps lead to, as JSON text: a hint, or all of them.
    pub(crate) fn find(&self, steps: &[Segment]) -> Option<Cow<'static, str>> {
        match steps {
            [] => Some(self.json().into()),
            [Segment::Name(wanted) | Segment::Quoted(wanted)] => {
                self.iter().find(|(name, _)| name == wanted).map(|(_, value)| json::quote(value).into())
            }
            _ => None,
        }
    }

    /// Drops the hints for which `is_dropped` is true; `None` if none is left.
    pub(crate) fn without(
        mut self: Box<Self>,
        mut is_dropped: impl FnMut(&'static str, &str) -> bool,
    ) -> Option<Box<Self>> {
        let dropped: Vec<&str> =
            self.iter().filter(|(name, value)| is_dropped(name, value)).map(|(name, _)| name).collect();
        for name in dropped {
            if let Some(place) = self.place(name) {
                *place = None;
            }
        }
        let is_empty = self.iter().next().is_none();
        (!is_empty).then_some(self)
    }

    fn place(&mut self, name: &str) -> Option<&mut Option<String>> {
        let index = NAMES.iter().position(|known| *known == name)?;
        [&mut self.tenant, &mut self.anonymous_id, &mut self.group_id].into_iter().nth(index)
    }
}

/// Returns what is wrong with a hint.
fn fault(value: &str) -> Option<String> {
    // A text has no more characters than bytes.
    let chars = if value.len() > MAX_CHARS { value.chars().count() } else { 0 };
    if chars > MAX_CHARS {
        return Some(format!("has {chars} characters, and at most {MAX_CHARS} are kept"));
    }
    value.chars().any(char::is_control).then(|| "holds control characters".to_owned())
}

/// Returns true if a JSON text has this text as a string or a number somewhere.
pub(crate) fn holds(text: &str, wanted: &str) -> bool {
    json::values(text).any(|value| match Kind::of(value) {
        Kind::String => json::string(value).is_some_and(|value| value == wanted),
        Kind::Number => value == wanted,
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::path::Path;

    fn read(extras: &[(&str, &str)]) -> (Option<Box<Hints>>, Vec<String>) {
        let fields: Vec<Field> = extras.iter().map(|(name, value)| Field::new(*name, *value)).collect();
        let mut warnings = Vec::new();
        (Hints::read(&fields, &mut warnings), warnings)
    }

    #[test]
    fn the_first_of_a_name_counts_and_other_names_are_none() {
        let extras = [("warning", "w"), ("tenant", ""), ("tenant", "acme"), ("tenant", "other"), ("colour", "red")];
        let (hints, warnings) = read(&extras);
        let hints = hints.unwrap();
        assert_eq!(hints.iter().collect::<Vec<_>>(), [("tenant", "acme")]);
        assert_eq!(serde_json::to_string(&hints).unwrap(), r#"{"tenant":"acme"}"#);
        assert!(warnings.is_empty());
        assert_eq!(read(&[("warning", "w"), ("group_id", "")]), (None, vec![]));
    }

    #[test]
    fn one_that_is_too_long_or_no_text_is_dropped_with_a_warning() {
        let (longest, longer) = ("é".repeat(255), "é".repeat(256));
        let extras = [("anonymous_id", &*longest), ("tenant", &longer), ("group_id", "a\0b"), ("group_id", "\n")];
        let (hints, warnings) = read(&extras);
        assert_eq!(hints.unwrap().iter().collect::<Vec<_>>(), [("anonymous_id", longest.as_str())]);
        insta::assert_snapshot!(warnings.join("\n"), @r"
        the hint tenant has 256 characters, and at most 255 are kept; it was dropped
        the hint group_id holds control characters; it was dropped
        ");
    }

    #[test]
    fn a_path_finds_one_or_all() {
        let hints = read(&[("tenant", "a\"b"), ("group_id", "g")]).0.unwrap();
        let find = |path: &str| hints.find(&Path::parse(path).unwrap().segments()[1..]).map(Cow::into_owned);
        assert_eq!(find("hints.tenant").as_deref(), Some(r#""a\"b""#));
        assert_eq!(find("hints[\"group_id\"]").as_deref(), Some(r#""g""#));
        assert_eq!(find("hints").as_deref(), Some(r#"{"tenant":"a\"b","group_id":"g"}"#));
        for nothing in ["hints.anonymous_id", "hints.colour", "hints.tenant.x", "hints[0]"] {
            assert_eq!(find(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn a_value_is_found_however_it_is_written() {
        let text = r#"{"a":[{"b":"\u00e9\/"}],"n":42}"#;
        assert!(holds(text, "é/") && holds(text, "42"));
        assert!(!holds(text, "b") && !holds(text, "4"));
    }
}
