//! Values of a body as a serde `Deserializer`.

use inlet_core::json::{self, Kind as JsonKind, Members};
use serde::{
    Deserializer,
    de::{IntoDeserializer, Visitor},
};

use super::{
    access::{Entries, Fields, Items},
    error::BodyError,
};

/// A value of the body, or the lack of one.
pub struct Value<'a> {
    /// JSON text; none if the member is absent.
    text: Option<&'a str>,
    path: String,
    /// Set for a member of a struct, where null counts as missing.
    is_member: bool,
}

impl<'a> Value<'a> {
    /// The whole body.
    pub fn body(text: &'a str) -> Self {
        Self::element(text, String::new())
    }

    /// An item of an array, or a member of an object without declared fields.
    pub fn element(text: &'a str, path: String) -> Self {
        Self { text: Some(text), path, is_member: false }
    }

    /// A declared field of a struct; none stands for an absent one.
    pub fn field(text: Option<&'a str>, path: String) -> Self {
        Self { text, path, is_member: true }
    }

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
        visitor.visit_seq(Items::new(items, &self.path))
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
        visitor.visit_map(Entries::new(members, &self.path))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, BodyError> {
        let members = self.members()?;
        visitor.visit_map(Fields::new(members, fields, &self.path))
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
