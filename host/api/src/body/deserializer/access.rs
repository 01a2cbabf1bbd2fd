//! The items and members of values, which carry their paths into what they hold.

use inlet_core::{json::Members, nearest::nearest};
use serde::de::{DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess};

use super::{error::BodyError, value::Value};

/// The path of a member.
fn join(path: &str, member: &str) -> String {
    match path {
        "" => member.to_owned(),
        path => format!("{path}.{member}"),
    }
}

/// The items of an array.
pub struct Items<'p, 'de> {
    items: std::iter::Enumerate<std::vec::IntoIter<&'de str>>,
    path: &'p str,
}

impl<'p, 'de> Items<'p, 'de> {
    /// The items of the array at a path.
    pub fn new(items: Vec<&'de str>, path: &'p str) -> Self {
        Self { items: items.into_iter().enumerate(), path }
    }
}

impl<'de> SeqAccess<'de> for Items<'_, 'de> {
    type Error = BodyError;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, BodyError> {
        let Some((index, text)) = self.items.next() else { return Ok(None) };
        let path = format!("{}[{index}]", self.path);
        let value = Value::element(text, path.clone());
        seed.deserialize(value).map(Some).map_err(|error| error.at(&path))
    }
}

/// The members of an object whose names the type does not know.
pub struct Entries<'p, 'de> {
    members: <Members<'de> as IntoIterator>::IntoIter,
    value: Option<(String, &'de str)>,
    path: &'p str,
}

impl<'p, 'de> Entries<'p, 'de> {
    /// The members of the object at a path.
    pub fn new(members: Members<'de>, path: &'p str) -> Self {
        Self { members: members.into_iter(), value: None, path }
    }
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
        let value = Value::element(text, path.clone());
        seed.deserialize(value).map_err(|error| error.at(&path))
    }
}

/// The fields of a struct in the order of their declaration, absent ones too. Members that are left are refused.
pub struct Fields<'p, 'de> {
    members: Members<'de>,
    known: &'static [&'static str],
    fields: std::slice::Iter<'static, &'static str>,
    field: &'static str,
    path: &'p str,
}

impl<'p, 'de> Fields<'p, 'de> {
    /// The fields of a struct, read from the object at a path.
    pub fn new(members: Members<'de>, fields: &'static [&'static str], path: &'p str) -> Self {
        Self { members, known: fields, fields: fields.iter(), field: "", path }
    }
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
                let message = match nearest(unknown, self.known.iter().copied()) {
                    Some(known) => format!("there is no such member; the nearest is {known:?}"),
                    None => "there is no such member; see /openapi.json for those there are".to_owned(),
                };
                Err(BodyError::unknown_member(&join(self.path, unknown), message))
            }
        }
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, BodyError> {
        let path = join(self.path, self.field);
        let text = self.members.shift_remove(self.field);
        let value = Value::field(text, path.clone());
        seed.deserialize(value).map_err(|error| error.at(&path))
    }
}
