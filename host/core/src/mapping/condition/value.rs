//! JSON values as conditions compare them.

use std::{borrow::Cow, cmp::Ordering, sync::OnceLock};

use crate::json::{self, Kind, Number};

/// A value, read as far as a comparison needs.
#[derive(Debug, Clone)]
pub(super) enum Value<'a> {
    /// The path finds nothing.
    Absent,
    Null,
    Bool(bool),
    Number(Number),
    String(Cow<'a, str>),
    Array(Array<'a>),
    /// The JSON text of an object.
    Object(Cow<'a, str>),
}

/// An array whose items are read when a comparison first needs them.
#[derive(Debug, Clone)]
pub(super) struct Array<'a> {
    text: Cow<'a, str>,
    items: OnceLock<Vec<Value<'static>>>,
}

impl<'a> Value<'a> {
    /// Reads a JSON text.
    pub(super) fn of(text: &'a str) -> Value<'a> {
        let text = text.trim();
        match Kind::of(text) {
            Kind::Null => Value::Null,
            Kind::Bool => Value::Bool(text == "true"),
            Kind::Number => Number::parse(text).map_or(Value::Null, Value::Number),
            Kind::String => Value::String(string(text)),
            Kind::Array => Value::Array(Array { text: Cow::Borrowed(text), items: OnceLock::new() }),
            Kind::Object => Value::Object(Cow::Borrowed(text)),
        }
    }

    /// Reads what a path finds.
    pub(super) fn found(found: Option<Cow<'a, str>>) -> Value<'a> {
        match found {
            None => Value::Absent,
            Some(Cow::Borrowed(text)) => Value::of(text),
            Some(Cow::Owned(text)) => Value::of(&text).into_owned(),
        }
    }

    pub(super) fn into_owned(self) -> Value<'static> {
        let owned = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        match self {
            Value::Absent => Value::Absent,
            Value::Null => Value::Null,
            Value::Bool(value) => Value::Bool(value),
            Value::Number(number) => Value::Number(number),
            Value::String(text) => Value::String(owned(text)),
            Value::Array(Array { text, items }) => Value::Array(Array { text: owned(text), items }),
            Value::Object(text) => Value::Object(owned(text)),
        }
    }

    pub(super) fn is_absent(&self) -> bool {
        matches!(self, Value::Absent)
    }

    pub(super) fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the items of an array; none of any other value.
    pub(super) fn items(&self) -> &[Value<'static>] {
        match self {
            Value::Array(array) => array.items(),
            _ => &[],
        }
    }

    /// Returns true if both are of the same kind and have the same value. What is absent equals null.
    ///
    /// The recursion ends at the depth of the shallower of both; an operand is bounded.
    pub(super) fn equals(&self, other: &Value<'_>) -> bool {
        match (self, other) {
            (Value::Absent | Value::Null, Value::Absent | Value::Null) => true,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Number(a), Value::Number(b)) => a == b,
            (Value::String(a), Value::String(b)) => a == b,
            (Value::Array(a), Value::Array(b)) => {
                let (a, b) = (a.items(), b.items());
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.equals(b))
            }
            (Value::Object(a), Value::Object(b)) => {
                let (a, b) = (json::members(a).unwrap_or_default(), json::members(b).unwrap_or_default());
                let same = |(key, value): (&Cow<'_, str>, &&str)| {
                    b.get(key).is_some_and(|other| Value::of(value).equals(&Value::of(other)))
                };
                a.len() == b.len() && a.iter().all(same)
            }
            _ => false,
        }
    }

    /// Compares two numbers or two strings; none for other kinds.
    pub(super) fn compare(&self, other: &Value<'_>) -> Option<Ordering> {
        match (self, other) {
            (Value::Number(a), Value::Number(b)) => Some(a.cmp(b)),
            // The order of UTF-8 bytes is that of Unicode scalar values.
            (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
            _ => None,
        }
    }

    /// Returns the kind for a sentence.
    pub(super) fn describe(&self) -> &'static str {
        match self {
            Value::Absent => "nothing",
            Value::Null => Kind::Null.with_article(),
            Value::Bool(_) => Kind::Bool.with_article(),
            Value::Number(_) => Kind::Number.with_article(),
            Value::String(_) => Kind::String.with_article(),
            Value::Array(_) => Kind::Array.with_article(),
            Value::Object(_) => Kind::Object.with_article(),
        }
    }
}

impl Array<'_> {
    fn items(&self) -> &[Value<'static>] {
        self.items.get_or_init(|| {
            let items = json::items(&self.text).unwrap_or_default();
            items.into_iter().map(|item| Value::of(item).into_owned()).collect()
        })
    }
}

/// Decodes a string, without a copy where it holds no escapes.
fn string(text: &str) -> Cow<'_, str> {
    match text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
        Some(plain) if !plain.contains('\\') => Cow::Borrowed(plain),
        // What holds a lone surrogate never becomes an event.
        _ => Cow::Owned(json::string(text).unwrap_or_default()),
    }
}
