//! Reading settings and secrets member by member.

use inlet_core::nearest::nearest;
use serde_json::{Map, Value};
use url::Url;

use super::error::TargetError;

/// An object of settings. Members that nobody asked for are errors.
pub(super) struct Fields<'a> {
    object: Option<&'a Map<String, Value>>,
    pointer: String,
    known: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    /// Reads an object; null counts as an empty one.
    pub fn new(value: &'a Value, pointer: &str) -> Result<Self, TargetError> {
        let object = match value {
            Value::Null => None,
            Value::Object(object) => Some(object),
            other => return Err(unexpected(pointer, other, "an object")),
        };
        Ok(Self { object, pointer: pointer.to_owned(), known: Vec::new() })
    }

    /// Returns a member; none if it is absent or null.
    pub fn get(&mut self, name: &'static str) -> Option<&'a Value> {
        self.known.push(name);
        self.object?.get(name).filter(|value| !value.is_null())
    }

    /// Returns the JSON Pointer of a member.
    pub fn at(&self, name: &str) -> String {
        format!("{}/{name}", self.pointer)
    }

    /// Returns a text without the white space around it; none if it is absent. An empty one is an error.
    pub fn text(&mut self, name: &'static str) -> Result<Option<&'a str>, TargetError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) if !text.trim().is_empty() => Ok(Some(text.trim())),
            Some(Value::String(_)) => Err(self.error(name, "it is empty; expected a text, or leave it out")),
            Some(other) => Err(unexpected(&self.at(name), other, "a string")),
        }
    }

    /// Returns a text that must be there.
    pub fn required(&mut self, name: &'static str, expected: &str) -> Result<&'a str, TargetError> {
        let text = self.text(name)?;
        text.ok_or_else(|| self.error(name, format!("it is missing; expected {expected}")))
    }

    /// Returns a whole number within a range; none if it is absent.
    pub fn integer(&mut self, name: &'static str, least: u32, most: u32) -> Result<Option<u32>, TargetError> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
        match number.filter(|number| (least..=most).contains(number)) {
            Some(number) => Ok(Some(number)),
            None => Err(self.error(name, format!("found {value}, expected a whole number from {least} to {most}"))),
        }
    }

    /// Returns a boolean; none if it is absent.
    pub fn boolean(&mut self, name: &'static str) -> Result<Option<bool>, TargetError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Bool(value)) => Ok(Some(*value)),
            Some(other) => Err(unexpected(&self.at(name), other, "true or false")),
        }
    }

    /// Returns one of some words; none if it is absent.
    pub fn word(&mut self, name: &'static str, words: &[&'static str]) -> Result<Option<&'static str>, TargetError> {
        let Some(found) = self.text(name)? else { return Ok(None) };
        match words.iter().find(|word| **word == found) {
            Some(word) => Ok(Some(word)),
            None => Err(self.error(name, format!("found {found:?}, expected one of {}", words.join(", ")))),
        }
    }

    /// Returns a URL of one of some schemes; none if it is absent.
    pub fn url(&mut self, name: &'static str, schemes: &[&str]) -> Result<Option<Url>, TargetError> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        let expected = || format!("expected a URL that starts with {}", schemes.join(" or "));
        let is_url = |url: &Url| schemes.iter().any(|scheme| scheme.trim_end_matches("://") == url.scheme());
        let Some(url) = Url::parse(text).ok().filter(is_url).filter(Url::has_host) else {
            return Err(self.error(name, format!("it is no such URL; {}", expected())));
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(self.error(name, "it holds a user or a password, which would be shown; store them as a secret"));
        }
        Ok(Some(url))
    }

    /// Returns a URL that paths are appended to; none if it is absent.
    pub fn base_url(&mut self, name: &'static str, schemes: &[&str]) -> Result<Option<Url>, TargetError> {
        let url = self.url(name, schemes)?;
        match url.as_ref().is_some_and(|url| url.query().is_some() || url.fragment().is_some()) {
            true => Err(self.error(name, "it has a query or a fragment; expected a URL that paths can be appended to")),
            false => Ok(url),
        }
    }

    /// Returns an error about a member.
    pub fn error(&self, name: &str, sentence: impl Into<String>) -> TargetError {
        TargetError::new(self.at(name), sentence)
    }

    /// Refuses members that nobody asked for.
    pub fn finish(self) -> Result<(), TargetError> {
        let unknown = self.object.into_iter().flat_map(Map::keys).find(|key| !self.known.contains(&key.as_str()));
        let Some(unknown) = unknown else { return Ok(()) };
        let hint = match nearest(unknown, self.known.iter().copied()) {
            Some(name) => format!("is `{name}` meant?"),
            None if self.known.is_empty() => "there are none".to_owned(),
            None => format!("there are {}", self.known.join(", ")),
        };
        Err(TargetError::new(format!("{}/{unknown}", self.pointer), format!("there is no such member; {hint}")))
    }
}

fn unexpected(pointer: &str, found: &Value, expected: &str) -> TargetError {
    let found = match found {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    };
    TargetError::new(pointer, format!("found {found}, expected {expected}"))
}
