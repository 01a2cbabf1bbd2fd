//! A JSON value as the slice of the body that it is, with its pointer.
//!
//! Why not `serde_json::Value`: it rounds numbers, costs several times as much, recurses, and treats members named like
//! serde_json's private markers as something else than data. A slice does none of that. Every read here is one pass
//! without recursion over text whose grammar was checked before, so that nothing a sender writes can make it fail.

use std::borrow::Cow;
use std::fmt;

use serde::Deserializer as _;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::{Kind, Value, pointer};

/// One JSON value: its text, and where it is in the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node<'a> {
    raw: &'a str,
    at: String,
}

/// What one pass over an object found.
#[derive(Debug, Clone)]
pub struct Fields<'a, const N: usize> {
    /// The members asked for, in the order asked. Of duplicates the last.
    pub found: [Option<Node<'a>>; N],
    /// Whether there are members that were not asked for.
    pub others: bool,
}

impl<'a> Node<'a> {
    /// Checks that `text` is one JSON text (RFC 8259), which is then the value at `at`.
    pub fn parse(text: &'a str, at: impl Into<String>) -> serde_json::Result<Self> {
        let raw: &RawValue = serde_json::from_str(text)?;
        Ok(Self { raw: raw.get(), at: at.into() })
    }

    /// The text of this value as it came, without white space around it.
    pub fn raw(&self) -> &'a str {
        self.raw
    }

    /// JSON Pointer to this value from the top of the body.
    pub fn at(&self) -> &str {
        &self.at
    }

    /// The pointer alone.
    pub fn into_at(self) -> String {
        self.at
    }

    /// What this value is.
    pub fn kind(&self) -> Kind {
        Kind::of(self.raw)
    }

    /// Whether this value counts as absent: null and `""` do, on every platform.
    pub fn is_absent(&self) -> bool {
        matches!(self.raw, "null" | r#""""#)
    }

    /// The string that this value is. None: it is no string, or it holds a lone surrogate and so is not Unicode.
    pub fn as_str(&self) -> Option<Cow<'a, str>> {
        (self.kind() == Kind::String).then(|| unescape(self.raw)).flatten()
    }

    /// The member `name` of this object; of duplicates the last. None: it has none, or is no object.
    pub fn get(&self, name: &str) -> Option<Node<'a>> {
        let [found] = self.fields([name]);
        found
    }

    /// The members of these names, found in one pass; of duplicates the last. None where there is none.
    pub fn fields<const N: usize>(&self, names: [&str; N]) -> [Option<Node<'a>>; N] {
        self.scan(names).found
    }

    /// Like [`Node::fields`], and says whether there are others.
    pub fn scan<const N: usize>(&self, names: [&str; N]) -> Fields<'a, N> {
        let visitor = Members { names, found: [None; N], others: false };
        let read = match self.kind() {
            Kind::Object => serde_json::Deserializer::from_str(self.raw).deserialize_map(visitor).ok(),
            _ => None,
        };
        let (found, others) = read.unwrap_or(([None; N], false));
        let mut index = 0;
        let found = found.map(|raw| {
            let name = names[index];
            index += 1;
            raw.map(|raw| Node { raw, at: pointer::member(&self.at, name) })
        });
        Fields { found, others }
    }

    /// The elements of this array, in order; none if it is no array.
    ///
    /// Read one by one as they are asked for: an array of millions costs no memory, and nothing after the last one used.
    pub fn items(&self) -> Items<'a> {
        let inside = self.raw.strip_prefix('[').and_then(|raw| raw.strip_suffix(']'));
        Items { at: self.at.clone(), rest: inside.unwrap_or_default(), index: 0 }
    }
}

impl From<Node<'_>> for Value {
    fn from(node: Node<'_>) -> Self {
        Self::At(node.at)
    }
}

/// The elements of an array.
#[derive(Debug, Clone)]
pub struct Items<'a> {
    at: String,
    /// What follows the last element, its comma included.
    rest: &'a str,
    index: usize,
}

impl<'a> Iterator for Items<'a> {
    type Item = Node<'a>;

    fn next(&mut self) -> Option<Node<'a>> {
        let text = self.rest.trim_start_matches([' ', '\t', '\r', '\n', ',']);
        let mut values = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
        let raw = values.next()?.ok()?.get();
        self.rest = text.get(values.byte_offset()..)?;
        let at = pointer::element(&self.at, self.index);
        self.index += 1;
        Some(Node { raw, at })
    }
}

/// The string that a JSON string literal stands for. None: it holds a lone surrogate.
fn unescape(literal: &str) -> Option<Cow<'_, str>> {
    let inner = literal.get(1..literal.len().checked_sub(1)?)?;
    if inner.contains('\\') { serde_json::from_str(literal).ok().map(Cow::Owned) } else { Some(Cow::Borrowed(inner)) }
}

/// Collects the members of some names.
struct Members<'n, 'a, const N: usize> {
    names: [&'n str; N],
    found: [Option<&'a str>; N],
    others: bool,
}

impl<'a, const N: usize> Visitor<'a> for Members<'_, 'a, N> {
    type Value = ([Option<&'a str>; N], bool);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(mut self, mut members: A) -> Result<Self::Value, A::Error> {
        // A name is read as text too: one lone surrogate in some name must not hide all the other members.
        while let Some((name, value)) = members.next_entry::<&RawValue, &RawValue>()? {
            let name = unescape(name.get());
            match self.names.iter().position(|wanted| name.as_deref() == Some(*wanted)) {
                Some(index) => self.found[index] = Some(value.get()),
                None => self.others = true,
            }
        }
        Ok((self.found, self.others))
    }
}

#[cfg(test)]
#[path = "node_tests.rs"]
mod tests;
