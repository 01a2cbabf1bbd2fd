//! A parameter of a mapping, and reading parameters from JSON.

use super::{
    BadMapping,
    form::{Form, Syntax},
};
use crate::{
    json::{self, Kind},
    nearest::nearest,
    path::Path,
};

/// The source of a parameter's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parameter {
    /// A path into the event.
    Path(Path),
    /// JSON text.
    Constant(String),
    /// An object, made key by key.
    Object(Vec<(String, Parameter)>),
    /// An array, made item by item.
    Array(Vec<Parameter>),
    /// `$first`, `$template`, `$each` or `$lookup`.
    Form(Box<Form>),
}

/// The parameters of a mapping, taken out one by one.
pub struct ParameterReader<'a> {
    members: json::Members<'a>,
    syntax: Syntax,
    /// The names that were looked for.
    known: Vec<String>,
}

impl<'a> ParameterReader<'a> {
    pub(super) fn new(members: json::Members<'a>, syntax: Syntax) -> Self {
        Self { members, syntax, known: Vec::new() }
    }

    /// Takes an optional parameter; null is the same as absent.
    pub fn take(&mut self, name: &str) -> Result<Option<Parameter>, BadMapping> {
        self.read(name, false)
    }

    /// Takes a required parameter.
    pub fn take_required(&mut self, name: &str) -> Result<Parameter, BadMapping> {
        let missing = "it is missing; expected a path (a string) or {\"value\": …} for a constant";
        self.take(name)?.ok_or_else(|| BadMapping::new(format!("action_parameters.{name}"), missing))
    }

    /// Takes a parameter whose default is a path.
    pub fn take_or_path(&mut self, name: &str, default: &str) -> Result<Parameter, BadMapping> {
        Ok(self.take(name)?.unwrap_or_else(|| default_path(default)))
    }

    /// Takes an optional parameter that names recipients: the `collection` of an object in it is a constant.
    pub fn take_party(&mut self, name: &str) -> Result<Option<Parameter>, BadMapping> {
        self.read(name, true)
    }

    /// Takes a parameter that names recipients and whose default is a path.
    pub fn take_party_or_path(&mut self, name: &str, default: &str) -> Result<Parameter, BadMapping> {
        Ok(self.take_party(name)?.unwrap_or_else(|| default_path(default)))
    }

    /// Takes an optional member that is no parameter: its JSON text. Null is the same as absent.
    pub fn take_option(&mut self, name: &str) -> Option<&'a str> {
        self.known.push(name.to_owned());
        self.members.shift_remove(name).filter(|text| Kind::of(text) != Kind::Null)
    }

    /// Takes a required constant string, written plainly or as `{"value": …}`.
    pub fn take_constant(&mut self, name: &str) -> Result<String, BadMapping> {
        self.known.push(name.to_owned());
        let field = format!("action_parameters.{name}");
        let missing = || BadMapping::new(field.clone(), "it is missing; expected a string");
        let text = self.members.shift_remove(name).ok_or_else(missing)?;
        let text = sole_value(text).unwrap_or(text);
        match json::string(text) {
            Some(constant) if !constant.is_empty() && !constant.chars().any(char::is_control) => Ok(constant),
            Some(_) => Err(BadMapping::new(field, "it is empty or holds control characters; expected a key")),
            None if Kind::of(text) == Kind::Null => Err(missing()),
            None => {
                let message = format!("it is {}; expected a string", Kind::of(text).with_article());
                Err(BadMapping::new(field, message))
            }
        }
    }

    /// Returns the name of a parameter that was not taken, and the nearest of those that were looked for.
    pub(super) fn left_over(&self) -> Option<(&str, Option<&str>)> {
        let unknown = self.members.keys().next()?.as_ref();
        Some((unknown, nearest(unknown, self.known.iter().map(String::as_str))))
    }

    fn read(&mut self, name: &str, party: bool) -> Result<Option<Parameter>, BadMapping> {
        self.known.push(name.to_owned());
        match self.members.shift_remove(name) {
            None => Ok(None),
            Some(text) if Kind::of(text) == Kind::Null => Ok(None),
            Some(text) => {
                let parser = ParameterParser { syntax: self.syntax, party, in_each: false };
                parser.parse(text, &format!("action_parameters.{name}")).map(Some)
            }
        }
    }
}

fn default_path(path: &str) -> Parameter {
    // The defaults are paths of one name each.
    Path::parse(path).map_or_else(|_| Parameter::Constant("null".to_owned()), Parameter::Path)
}

/// Returns the constant of `{"value": …}`, which is one only as the sole key.
fn sole_value(text: &str) -> Option<&str> {
    let members = json::members(text)?;
    match members.len() {
        1 => members.get("value").copied(),
        _ => None,
    }
}

/// Parses the values of parameters.
#[derive(Clone, Copy)]
pub(super) struct ParameterParser {
    pub(super) syntax: Syntax,
    /// True if the value names a recipient: an object's `collection` is a constant, however it is written.
    pub(super) party: bool,
    /// True below `$as`, which may not hold another `$each`.
    pub(super) in_each: bool,
}

impl ParameterParser {
    /// Parses one value. The nesting of the text is bounded.
    pub(super) fn parse(self, text: &str, field: &str) -> Result<Parameter, BadMapping> {
        match Kind::of(text) {
            Kind::String => {
                let path = json::string(text).unwrap_or_default();
                Path::parse(&path).map(Parameter::Path).map_err(|error| BadMapping::path(field, error))
            }
            Kind::Object => self.parse_object(text, field),
            Kind::Array => json::items(text)
                .unwrap_or_default()
                .into_iter()
                .enumerate()
                .map(|(index, item)| self.parse(item, &format!("{field}[{index}]")))
                .collect::<Result<_, _>>()
                .map(Parameter::Array),
            other => {
                let message = format!(
                    "it is {}; expected a path (a string), {{\"value\": …}} for a constant, or an object",
                    other.with_article()
                );
                Err(BadMapping::new(field, message))
            }
        }
    }

    fn parse_object(self, text: &str, field: &str) -> Result<Parameter, BadMapping> {
        if let Some(constant) = sole_value(text) {
            return Ok(Parameter::Constant(constant.to_owned()));
        }
        let members = json::members(text).unwrap_or_default();
        if let Some(form) = self.form(&members, field)? {
            return Ok(Parameter::Form(Box::new(form)));
        }
        members
            .into_iter()
            .map(|(key, value)| {
                let field = format!("{field}.{key}");
                let parameter = match self.party && key == "collection" && Kind::of(value) == Kind::String {
                    true => Parameter::Constant(value.to_owned()),
                    false => Self { party: false, ..self }.parse(value, &field)?,
                };
                Ok((key.into_owned(), parameter))
            })
            .collect::<Result<_, _>>()
            .map(Parameter::Object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn value_is_a_constant_only_as_the_sole_key() {
        let parser = ParameterParser { syntax: Syntax::Forms, party: false, in_each: false };
        let parsed = |text: &str| parser.parse(text, "p").unwrap();
        assert_eq!(parsed(r#"{"value": 1.10}"#), Parameter::Constant("1.10".to_owned()));
        assert!(
            matches!(parsed(r#"{"value":"data.v","unit":"data.u"}"#), Parameter::Object(members) if members.len() == 2)
        );
        assert_eq!(parsed(r#"{"value":{"value":1}}"#), Parameter::Constant(r#"{"value":1}"#.to_owned()));
    }

    #[test]
    fn a_collection_is_a_constant() {
        let members = json::members(r#"{"recipients":{"collection":"projects","id":"data.project"}}"#).unwrap();
        let recipients = ParameterReader::new(members, Syntax::Forms).take_party("recipients").unwrap();
        let Some(Parameter::Object(members)) = recipients else { panic!() };
        assert_eq!(members[0].1, Parameter::Constant("\"projects\"".to_owned()));
        assert!(matches!(&members[1].1, Parameter::Path(_)));
    }
}
