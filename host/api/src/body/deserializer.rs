//! The deserializer of request bodies. It differs from serde_json's in its refusals:
//!
//! - Each names its member by the dotted path from the top, for example `source.name` or `scopes[1]`.
//! - A member that is missing is asked for too, so that its type can say what is expected. Null counts as missing.
//! - A member that the type does not have is refused, whatever attributes the type has.
//!
//! The last of several members with one name counts, as everywhere in `inlet_core::json`.

use std::fmt;

use inlet_core::json::{self, Kind as JsonKind, Members};
use serde::{
    Deserializer,
    de::{DeserializeOwned, DeserializeSeed, Error, IntoDeserializer, MapAccess, SeqAccess, Visitor},
};

use crate::error::{ApiError, Kind};

/// Reads a body.
pub fn read<T: DeserializeOwned>(text: &str) -> Result<T, ApiError> {
    T::deserialize(Value { text: Some(text), path: String::new(), is_member: false }).map_err(ApiError::from)
}

/// A refusal on its way to the value that knows its path.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
struct BodyError {
    /// None until the value is known that the error is about; empty at the top.
    path: Option<String>,
    message: String,
}

impl BodyError {
    fn new(path: &str, message: String) -> Self {
        Self { path: Some(path.to_owned()), message }
    }

    /// Names the value that an error of a visitor is about.
    fn at(mut self, path: &str) -> Self {
        self.path.get_or_insert_with(|| path.to_owned());
        self
    }
}

impl Error for BodyError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self { path: None, message: message.to_string() }
    }
}

impl From<BodyError> for ApiError {
    fn from(BodyError { path, message }: BodyError) -> Self {
        match path.filter(|path| !path.is_empty()) {
            Some(path) => ApiError::invalid(path, message),
            None => ApiError::new(Kind::Invalid, format!("the body: {message}")),
        }
    }
}

/// A value of the body, or the lack of one.
struct Value<'a> {
    /// JSON text; none if the member is absent.
    text: Option<&'a str>,
    path: String,
    /// Set for a member of a struct, where null counts as missing.
    is_member: bool,
}

impl<'a> Value<'a> {
    /// The text of a value that is there.
    fn text(&self, expected: &str) -> Result<&'a str, BodyError> {
        match self.text {
            Some(text) if !(self.is_member && is_null(text)) => Ok(text),
            _ => Err(BodyError::new(&self.path, format!("it is missing; expected {expected}"))),
        }
    }

    /// Reads the value with a function that returns none for values of other kinds.
    fn read<T>(&self, expected: &str, read: impl FnOnce(&'a str) -> Option<T>) -> Result<T, BodyError> {
        let text = self.text(expected)?;
        read(text).ok_or_else(|| {
            let found = JsonKind::of(text).with_article();
            BodyError::new(&self.path, format!("found {found}, expected {expected}"))
        })
    }

    fn string(&self) -> Result<String, BodyError> {
        self.read("a string", json::string)
    }

    fn members(&self) -> Result<Members<'a>, BodyError> {
        self.read("an object", json::members)
    }

    /// Hands the text to serde_json, for visitors that want to see it as such.
    fn delegate<T>(
        self,
        expected: &str,
        read: impl FnOnce(&mut serde_json::Deserializer<serde_json::de::StrRead<'a>>) -> serde_json::Result<T>,
    ) -> Result<T, BodyError> {
        let text = self.text(expected)?;
        let refused = |_| BodyError::new(&self.path, format!("it cannot be read; expected {expected}"));
        read(&mut serde_json::Deserializer::from_str(text)).map_err(refused)
    }
}

fn is_null(text: &str) -> bool {
    JsonKind::of(text) == JsonKind::Null
}

/// Methods for numbers of one type.
macro_rules! numbers {
    ($($method:ident => $visit:ident),* $(,)?) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BodyError> {
            let number = self.read("a whole number", |text| text.trim().parse().ok())?;
            visitor.$visit(number).map_err(|error: BodyError| error.at(&self.path))
        })*
    };
}

impl<'de> Deserializer<'de> for Value<'de> {
    type Error = BodyError;

    numbers! {
        deserialize_i8 => visit_i8,
        deserialize_i16 => visit_i16,
        deserialize_i32 => visit_i32,
        deserialize_i64 => visit_i64,
        deserialize_u8 => visit_u8,
        deserialize_u16 => visit_u16,
        deserialize_u32 => visit_u32,
        deserialize_u64 => visit_u64,
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BodyError> {
        self.delegate("a value", |json| json.deserialize_any(visitor))
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BodyError> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BodyError> {
        self.delegate("a number", |json| json.deserialize_f64(visitor))
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BodyError> {
        visitor.visit_bool(self.read("true or false", |text| text.trim().parse().ok())?)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BodyError> {
        self.deserialize_string(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BodyError> {
        self.deserialize_string(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BodyError> {
        visitor.visit_string(self.string()?).map_err(|error: BodyError| error.at(&self.path))
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BodyError> {
        self.deserialize_string(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BodyError> {
        self.deserialize_string(visitor)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BodyError> {
        self.deserialize_string(visitor)
    }

    /// An absent member is a unit and null is none: an `Option` reads both as none, a `Patch` tells them apart.
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BodyError> {
        match self.text {
            None => visitor.visit_unit(),
            Some(text) if is_null(text) => visitor.visit_none(),
            Some(_) => visitor.visit_some(self),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BodyError> {
        self.read("null", |text| is_null(text).then_some(()))?;
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, BodyError> {
        self.deserialize_unit(visitor)
    }

    /// A name that begins with `$` asks for the JSON text (`RawValue`). A name with a space is not a type's but says
    /// what is expected; see [`inlet_api_types::required`].
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, BodyError> {
        if name.starts_with('$') {
            return self.delegate("a value", |json| json.deserialize_newtype_struct(name, visitor));
        }
        if name.contains(' ') {
            self.text(name)?;
        }
        let path = self.path.clone();
        visitor.visit_newtype_struct(self).map_err(|error| error.at(&path))
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BodyError> {
        let items = self.read("an array", json::items)?;
        visitor.visit_seq(Items { items: items.into_iter().enumerate(), path: &self.path })
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, BodyError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, BodyError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BodyError> {
        let members = self.members()?;
        visitor.visit_map(Entries { members: members.into_iter(), value: None, path: &self.path })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, BodyError> {
        let members = self.members()?;
        visitor.visit_map(Fields { members, fields: fields.iter(), field: "", path: &self.path })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, BodyError> {
        let variant = self.string()?;
        visitor.visit_enum(variant.into_deserializer()).map_err(|error: BodyError| error.at(&self.path))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BodyError> {
        visitor.visit_unit()
    }
}

/// The path of a member.
fn join(path: &str, member: &str) -> String {
    match path {
        "" => member.to_owned(),
        path => format!("{path}.{member}"),
    }
}

/// The items of an array.
struct Items<'p, I> {
    items: I,
    path: &'p str,
}

impl<'de, I: Iterator<Item = (usize, &'de str)>> SeqAccess<'de> for Items<'_, I> {
    type Error = BodyError;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, BodyError> {
        let Some((index, text)) = self.items.next() else { return Ok(None) };
        let path = format!("{}[{index}]", self.path);
        let value = Value { text: Some(text), path: path.clone(), is_member: false };
        seed.deserialize(value).map(Some).map_err(|error| error.at(&path))
    }
}

/// The members of an object whose names the type does not know.
struct Entries<'p, 'de> {
    members: <Members<'de> as IntoIterator>::IntoIter,
    value: Option<(String, &'de str)>,
    path: &'p str,
}

impl<'de> MapAccess<'de> for Entries<'_, 'de> {
    type Error = BodyError;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, BodyError> {
        let Some((name, text)) = self.members.next() else { return Ok(None) };
        self.value = Some((join(self.path, &name), text));
        seed.deserialize(name.into_owned().into_deserializer()).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, BodyError> {
        let (path, text) = self.value.take().unwrap_or_default();
        let value = Value { text: Some(text), path: path.clone(), is_member: false };
        seed.deserialize(value).map_err(|error| error.at(&path))
    }
}

/// The fields of a struct in the order of their declaration, absent ones too. Members that are left are refused.
struct Fields<'p, 'de> {
    members: Members<'de>,
    fields: std::slice::Iter<'static, &'static str>,
    field: &'static str,
    path: &'p str,
}

impl<'de> MapAccess<'de> for Fields<'_, 'de> {
    type Error = BodyError;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, BodyError> {
        if let Some(field) = self.fields.next() {
            self.field = field;
            return seed.deserialize(field.into_deserializer()).map(Some);
        }
        match self.members.keys().next() {
            None => Ok(None),
            Some(unknown) => {
                let message = "there is no such member; see /openapi.json for those there are";
                Err(BodyError::new(&join(self.path, unknown), message.to_owned()))
            }
        }
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, BodyError> {
        let path = join(self.path, self.field);
        let text = self.members.shift_remove(self.field);
        let value = Value { text, path: path.clone(), is_member: true };
        seed.deserialize(value).map_err(|error| error.at(&path))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use inlet_api_types::{Days, Patch, RawJson, ReadOnly, required};
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    struct Order {
        name: String,
        #[serde(deserialize_with = "read_lines")]
        lines: Vec<Line>,
        note: Option<String>,
        #[serde(default)]
        days: Patch<Days>,
        extra: Option<RawJson>,
        #[serde(default)]
        prices: Option<BTreeMap<String, u32>>,
        #[serde(default, rename = "created_at")]
        _created_at: ReadOnly,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    struct Line {
        paid: bool,
    }

    fn read_lines<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Line>, D::Error> {
        required(deserializer, "an array of lines")
    }

    fn order(text: &str) -> Result<Order, String> {
        read(text).map_err(|error: ApiError| format!("{}: {error}", error.field().unwrap_or("-")))
    }

    #[test]
    fn a_body_is_read_with_all_its_digits() {
        let order = order(
            r#"{"name":"a","name":"b\u00e9","lines":[{"paid":true}],"days":7,"extra":{"n": 1.10},"prices":{"x":1},"created_at":[]}"#,
        )
        .unwrap();
        assert_eq!((order.name.as_str(), order.lines, order.note), ("bé", vec![Line { paid: true }], None));
        assert_eq!(order.days, Patch::Set(Days::new(7).unwrap()));
        assert_eq!(order.extra.unwrap().as_text(), r#"{"n": 1.10}"#);
        assert_eq!(order.prices.unwrap()["x"], 1);
    }

    #[test]
    fn null_is_absent_except_in_a_patch() {
        let absent = order(r#"{"name":"a","lines":[]}"#).unwrap();
        assert_eq!((absent.days, absent.extra, absent.prices), (Patch::Keep, None, None));
        let null = order(r#"{"name":"a","lines":[],"note":null,"days":null,"extra":null,"prices":null}"#).unwrap();
        assert_eq!((null.note, null.days, null.extra), (None, Patch::Clear, None));
    }

    #[test]
    fn refusals_name_the_member() {
        let error = |text: &str| order(text).unwrap_err();
        let with = |more: &str| order(&format!(r#"{{"name":"a","lines":[],{more}}}"#)).unwrap_err();
        insta::assert_snapshot!(error("[]"), @"-: the body: found an array, expected an object");
        insta::assert_snapshot!(error("null"), @"-: the body: found null, expected an object");
        insta::assert_snapshot!(error("{}"), @"name: it is missing; expected a string");
        insta::assert_snapshot!(error(r#"{"name":null}"#), @"name: it is missing; expected a string");
        insta::assert_snapshot!(error(r#"{"name":7}"#), @"name: found a number, expected a string");
        insta::assert_snapshot!(error(r#"{"name":"a"}"#), @"lines: it is missing; expected an array of lines");
        insta::assert_snapshot!(error(r#"{"name":"a","lines":{}}"#), @"lines: found an object, expected an array");
        insta::assert_snapshot!(error(r#"{"name":"a","lines":[null]}"#), @"lines[0]: found null, expected an object");
        insta::assert_snapshot!(error(r#"{"name":"a","lines":[{"paid":true},{}]}"#), @"lines[1].paid: it is missing; expected true or false");
        insta::assert_snapshot!(error(r#"{"name":"a","lines":[{"paid":"yes"}]}"#), @"lines[0].paid: found a string, expected true or false");
        insta::assert_snapshot!(with(r#""days":1.5"#), @"days: found 1.5, expected a whole number of days from 1 to 3650");
        insta::assert_snapshot!(with(r#""prices":{"x":null}"#), @"prices.x: found null, expected a whole number");
        insta::assert_snapshot!(with(r#""prices":{"x":-1}"#), @"prices.x: found a number, expected a whole number");
        insta::assert_snapshot!(with(r#""colour":"red""#), @"colour: there is no such member; see /openapi.json for those there are");
        insta::assert_snapshot!(with(r#""lines":[{"paid":true,"by":1}]"#), @"lines[0].by: there is no such member; see /openapi.json for those there are");
    }
}
