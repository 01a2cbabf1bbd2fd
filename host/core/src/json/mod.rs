//! JSON as text.
//!
//! Numbers such as `9007199254740993` or `1.10` must be stored, mapped and sent on with every digit. JSON is therefore
//! walked as slices of its text (`serde_json::value::RawValue`) and never parsed into numbers and trees here. serde_json's
//! `arbitrary_precision` is no alternative, because a payload can hold its private marker keys.
//!
//! Duplicate keys: the last wins, at every level.

mod canonical;
mod check;
mod compact;
mod cut;
mod decimal;
mod difference;
mod mask;
mod merge;
mod number;
mod set;

use std::{borrow::Cow, fmt};

use indexmap::IndexMap;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

pub use canonical::canonical;
pub use check::{MAX_DEPTH, Malformed, check, inspect};
pub use compact::compact;
pub use cut::{Cut, Documents, Pieces, Slot};
pub use decimal::decimal;
pub use difference::difference;
pub use mask::{mask, replace_values, values};
pub use merge::{fill_gaps, merge};
pub use number::Number;
pub use set::set;

/// The kind of a JSON text, told by its first byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool,
    /// A number.
    Number,
    /// A string.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
}

impl Kind {
    /// Returns the kind of a valid JSON text.
    pub fn of(text: &str) -> Kind {
        match text.trim_start().as_bytes().first() {
            Some(b'{') => Kind::Object,
            Some(b'[') => Kind::Array,
            Some(b'"') => Kind::String,
            Some(b't' | b'f') => Kind::Bool,
            Some(b'n') | None => Kind::Null,
            Some(_) => Kind::Number,
        }
    }

    /// Returns the kind's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Null => "null",
            Kind::Bool => "boolean",
            Kind::Number => "number",
            Kind::String => "string",
            Kind::Array => "array",
            Kind::Object => "object",
        }
    }

    /// Returns the kind with its article, for a sentence: `an object`, `null`.
    pub fn with_article(self) -> &'static str {
        match self {
            Kind::Null => "null",
            Kind::Bool => "a boolean",
            Kind::Number => "a number",
            Kind::String => "a string",
            Kind::Array => "an array",
            Kind::Object => "an object",
        }
    }
}

/// Members of an object in the order of their first appearance, the last value of each; none if it is no object.
pub type Members<'a> = IndexMap<Cow<'a, str>, &'a str>;

/// Returns the members of an object; none if the text is not a valid object.
pub fn members(text: &str) -> Option<Members<'_>> {
    all_members(text).map(|members| members.into_iter().collect())
}

/// Returns the members of an object including duplicates; none if the text is not a valid object.
pub fn all_members(text: &str) -> Option<Vec<(Cow<'_, str>, &str)>> {
    struct Collect;
    impl<'de> Visitor<'de> for Collect {
        type Value = Vec<(Cow<'de, str>, &'de str)>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut members = Vec::new();
            while let Some(Key(key)) = map.next_key()? {
                members.push((key, map.next_value::<&RawValue>()?.get()));
            }
            Ok(members)
        }
    }
    let mut de = serde_json::Deserializer::from_str(text);
    let members = de.deserialize_map(Collect).ok()?;
    de.end().ok()?;
    Some(members)
}

/// Returns the items of an array; none if the text is not a valid array.
pub fn items(text: &str) -> Option<Vec<&str>> {
    let raw: Vec<&RawValue> = serde_json::from_str(text).ok()?;
    Some(raw.into_iter().map(RawValue::get).collect())
}

/// Counts the items of an array without collecting them; none if the text is not a valid array.
pub fn array_len(text: &str) -> Option<usize> {
    serde_json::from_str::<Vec<IgnoredAny>>(text).ok().map(|items| items.len())
}

/// Returns one member of an object, the last of that name, in one pass over the text.
pub fn member<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    struct Find<'n>(&'n str);
    impl<'de> Visitor<'de> for Find<'_> {
        type Value = Option<&'de str>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut found = None;
            while let Some(Key(key)) = map.next_key()? {
                if key == self.0 {
                    found = Some(map.next_value::<&RawValue>()?.get());
                } else {
                    map.next_value::<IgnoredAny>()?;
                }
            }
            Ok(found)
        }
    }
    if Kind::of(text) != Kind::Object {
        return None;
    }
    serde_json::Deserializer::from_str(text).deserialize_map(Find(name)).ok()?
}

/// Returns one item of an array.
pub fn item(text: &str, index: usize) -> Option<&str> {
    struct Find(usize);
    impl<'de> Visitor<'de> for Find {
        type Value = Option<&'de str>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an array")
        }
        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
            for _ in 0..self.0 {
                if seq.next_element::<IgnoredAny>()?.is_none() {
                    return Ok(None);
                }
            }
            let found = seq.next_element::<&RawValue>()?.map(RawValue::get);
            while seq.next_element::<IgnoredAny>()?.is_some() {}
            Ok(found)
        }
    }
    if Kind::of(text) != Kind::Array {
        return None;
    }
    serde_json::Deserializer::from_str(text).deserialize_seq(Find(index)).ok()?
}

/// Returns the value at a JSON Pointer (RFC 6901). [`Cut`] resolves many pointers in one pass.
pub fn point<'a>(text: &'a str, pointer: &str) -> Option<&'a str> {
    if pointer.is_empty() {
        return Some(text.trim());
    }
    pointer.strip_prefix('/')?.split('/').try_fold(text, |text, token| match Kind::of(text) {
        Kind::Object => member_of(text, token),
        Kind::Array => item_of(text, token),
        _ => None,
    })
}

/// Returns the member of an object that a token of a JSON Pointer names.
pub(crate) fn member_of<'a>(text: &'a str, token: &str) -> Option<&'a str> {
    member(text, &unescape(token))
}

/// Returns the item of an array that a token of a JSON Pointer names.
pub(crate) fn item_of<'a>(text: &'a str, token: &str) -> Option<&'a str> {
    item(text, index(token)?)
}

/// Decodes a string; none if the text is not a string or holds a lone surrogate.
pub fn string(text: &str) -> Option<String> {
    if Kind::of(text) != Kind::String {
        return None;
    }
    serde_json::from_str(text).ok()
}

/// Writes a string as JSON text.
pub fn quote(text: &str) -> String {
    // Serialising a string cannot fail: every str is a JSON string.
    serde_json::to_string(text).unwrap_or_default()
}

/// Writes an object from member names and JSON texts.
pub fn object<'a, K: AsRef<str>>(members: impl IntoIterator<Item = (K, &'a str)>) -> String {
    let mut text = String::from("{");
    for (index, (key, value)) in members.into_iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        text.push_str(&quote(key.as_ref()));
        text.push(':');
        text.push_str(value);
    }
    text.push('}');
    text
}

/// Writes an array from JSON texts.
pub fn array<T: AsRef<str>>(items: impl IntoIterator<Item = T>) -> String {
    let mut text = String::from("[");
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        text.push_str(item.as_ref());
    }
    text.push(']');
    text
}

/// Unescapes a token of a pointer.
fn unescape(token: &str) -> Cow<'_, str> {
    if token.contains('~') { Cow::Owned(token.replace("~1", "/").replace("~0", "~")) } else { Cow::Borrowed(token) }
}

/// Parses a token as an array index: decimal digits without leading zeros.
fn index(token: &str) -> Option<usize> {
    let canonical = token == "0" || !token.starts_with('0');
    (canonical && token.bytes().all(|byte| byte.is_ascii_digit())).then(|| token.parse().ok()).flatten()
}

/// An object's key, borrowed where it holds no escapes.
///
/// Read as bytes: a key with a lone surrogate is no string, and must not keep its neighbours from being read. It reads as
/// U+FFFD here; the item that holds it is rejected by [`inspect`].
struct Key<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Key<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }
            fn visit_borrowed_bytes<E>(self, key: &'de [u8]) -> Result<Self::Value, E> {
                Ok(Key(String::from_utf8_lossy(key)))
            }
            fn visit_bytes<E>(self, key: &[u8]) -> Result<Self::Value, E> {
                Ok(Key(Cow::Owned(String::from_utf8_lossy(key).into_owned())))
            }
        }
        deserializer.deserialize_bytes(Read)
    }
}

/// Runs a seed over a whole text.
fn run<'a, S: DeserializeSeed<'a>>(text: &'a str, seed: S) -> serde_json::Result<S::Value> {
    let mut de = serde_json::Deserializer::from_str(text);
    let value = seed.deserialize(&mut de)?;
    de.end()?;
    Ok(value)
}

#[cfg(test)]
mod tests;
