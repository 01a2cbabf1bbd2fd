//! The forms of a parameter's value: `$first`, `$template`, `$each` and `$lookup`.
//!
//! A form is an object with the form's own keys only. An object with other keys that begin with `$`, such as
//! `$trigger_data`, is made key by key like any other. A mapping that was saved before there were forms has none; see
//! [`Syntax`].

use super::{BadMapping, Parameter, parameter::ParameterParser, template::Template};
use crate::{
    json::{self, Kind},
    path::Path,
};

/// The most candidates of `$first`.
const MAX_CANDIDATES: usize = 100;
/// The most entries of `$lookup`'s table.
const MAX_ENTRIES: usize = 1000;

/// The language that a mapping's parameters are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Syntax {
    /// The language of mappings that were saved before there were forms: every object is made key by key.
    Plain,
    /// The language of today.
    Forms,
}

/// A form of a parameter's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// `{"$first": […], "$default": …}`: the first candidate that is neither absent nor null.
    First {
        /// In the order in which they are tried.
        candidates: Vec<Parameter>,
        /// A constant, JSON text.
        default: Option<String>,
    },
    /// `{"$template": "…"}`
    Template(Template),
    /// `{"$each": path, "$as": …}`: one value for each item of an array.
    Each {
        /// The path of the array.
        items: Path,
        /// The value for an item; its paths that begin with `item` read the item.
        value: Parameter,
    },
    /// `{"$lookup": path, "$in": {…}, "$default": …}`: the entry of a table.
    Lookup {
        /// The key.
        key: Parameter,
        /// Constants by key, JSON texts.
        table: indexmap::IndexMap<String, String>,
        /// A constant, JSON text.
        default: Option<String>,
    },
}

/// The names of the forms.
pub(super) const FORM_NAMES: [&str; 4] = ["$first", "$template", "$each", "$lookup"];
/// Each form's name, and the keys that stand beside it: needed ones, then optional ones.
const FORMS: [(&str, &[&str], &[&str]); 4] = [
    (FORM_NAMES[0], &[], &["$default"]),
    (FORM_NAMES[1], &[], &[]),
    (FORM_NAMES[2], &["$as"], &[]),
    (FORM_NAMES[3], &["$in"], &["$default"]),
];

impl ParameterParser {
    /// Parses an object that is a form; none if it is a plain one.
    pub(super) fn form(self, members: &json::Members<'_>, field: &str) -> Result<Option<Form>, BadMapping> {
        if self.syntax == Syntax::Plain || !members.keys().any(|key| is_key_of_a_form(key)) {
            return Ok(None);
        }
        let name = check_keys(members, field)?;
        let default = members.get("$default").map(|text| (*text).to_owned());
        let of = |key: &str| (members.get(key).copied().unwrap_or("null"), format!("{field}.{key}"));
        let (text, field) = of(name);
        Ok(Some(match name {
            "$first" => Form::First { candidates: self.candidates(text, &field)?, default },
            "$template" => match json::string(text) {
                Some(text) => {
                    let template = Template::parse(&text).map_err(|problem| BadMapping::new(&field, problem))?;
                    Form::Template(template)
                }
                None => return Err(unexpected(&field, text, "a string such as \"Hi {{ data.name }}\"")),
            },
            "$each" => {
                if self.in_each {
                    return Err(BadMapping::new(field, "it stands inside another $each; one level is possible"));
                }
                let items = match json::string(text) {
                    Some(text) => Path::parse(&text).map_err(|error| BadMapping::path(&field, error))?,
                    None => return Err(unexpected(&field, text, "the path of an array")),
                };
                let (text, field) = of("$as");
                Form::Each { items, value: Self { in_each: true, ..self }.parse(text, &field)? }
            }
            _ => {
                let key = Self { party: false, ..self }.parse(text, &field)?;
                if matches!(key, Parameter::Object(_) | Parameter::Array(_) | Parameter::Constant(_)) {
                    return Err(unexpected(&field, text, "a path, $first or $template"));
                }
                let (text, field) = of("$in");
                Form::Lookup { key, table: table(text, &field)?, default }
            }
        }))
    }

    fn candidates(self, text: &str, field: &str) -> Result<Vec<Parameter>, BadMapping> {
        let items = match Kind::of(text) {
            Kind::Array => json::items(text).unwrap_or_default(),
            _ => return Err(unexpected(field, text, "an array of paths and values")),
        };
        if !(1..=MAX_CANDIDATES).contains(&items.len()) {
            let message = format!("it has {} entries; expected 1 to {MAX_CANDIDATES} paths and values", items.len());
            return Err(BadMapping::new(field, message));
        }
        let items = items.into_iter().enumerate();
        items.map(|(index, item)| self.parse(item, &format!("{field}[{index}]"))).collect()
    }
}

fn is_key_of_a_form(key: &str) -> bool {
    FORMS.iter().any(|(name, needed, optional)| *name == key || needed.contains(&key) || optional.contains(&key))
}

/// Returns the name of the form whose keys these are.
fn check_keys(members: &json::Members<'_>, field: &str) -> Result<&'static str, BadMapping> {
    let refuse = |message: String| Err(BadMapping::new(field, message));
    let Some((name, needed, optional)) = FORMS.into_iter().find(|(name, ..)| members.contains_key(*name)) else {
        let stray = members.keys().find(|key| is_key_of_a_form(key)).map(AsRef::as_ref).unwrap_or_default();
        return refuse(format!("{stray} stands alone; it belongs to one of $first, $template, $each and $lookup"));
    };
    if let Some(missing) = needed.iter().find(|key| !members.contains_key(**key)) {
        return refuse(format!("{name} needs {missing} beside it"));
    }
    let is_foreign = |key: &&str| *key != name && !needed.contains(key) && !optional.contains(key);
    match members.keys().map(AsRef::as_ref).find(is_foreign) {
        None => Ok(name),
        Some(foreign) => {
            let foreign: String = foreign.chars().take(80).collect();
            let beside: Vec<&str> = needed.iter().chain(optional).copied().collect();
            let expected = match beside.is_empty() {
                true => "it stands alone".to_owned(),
                false => format!("beside it stands {} only", beside.join(", ")),
            };
            refuse(format!("{foreign:?} cannot stand beside {name}: {expected}"))
        }
    }
}

fn table(text: &str, field: &str) -> Result<indexmap::IndexMap<String, String>, BadMapping> {
    let members = match Kind::of(text) {
        Kind::Object => json::members(text).unwrap_or_default(),
        _ => return Err(unexpected(field, text, "an object, its values as they are to be")),
    };
    if !(1..=MAX_ENTRIES).contains(&members.len()) {
        let message = format!("it has {} entries; expected 1 to {MAX_ENTRIES}", members.len());
        return Err(BadMapping::new(field, message));
    }
    Ok(members.into_iter().map(|(key, value)| (key.into_owned(), value.to_owned())).collect())
}

fn unexpected(field: &str, text: &str, expected: &str) -> BadMapping {
    BadMapping::new(field, format!("it is {}; expected {expected}", Kind::of(text).with_article()))
}
