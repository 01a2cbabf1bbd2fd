//! JSON values as slices of the body, each with its JSON Pointer.
//!
//! `serde_json::Value` would round numbers, cost several times as much, recurse, and treat members named like
//! serde_json's private markers as special. A slice does none of that. Every read is one pass without recursion over
//! text whose grammar was checked before, so no input can make it fail.

mod inside;
mod scan;

use std::borrow::Cow;
use std::rc::Rc;

use self::inside::Inside;
use self::scan::Scanner;
use crate::{Kind, Value, pointer};

/// A JSON value: its text and its JSON Pointer in the body.
#[derive(Debug, Clone)]
pub struct Node<'a> {
    raw: &'a str,
    at: String,
    /// Members or elements found while the text was checked, so that the first access needs no second pass.
    inside: Option<Rc<Inside<'a>>>,
}

/// `inside` is a cache and does not affect equality.
impl PartialEq for Node<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.raw == other.raw && self.at == other.at
    }
}

impl Eq for Node<'_> {}

/// The result of [`Node::scan`].
#[derive(Debug, Clone)]
pub struct Fields<'a, const N: usize> {
    /// The requested members, in the requested order. The last of duplicates wins.
    pub found: [Option<Node<'a>>; N],
    /// True if the object has members that were not requested.
    pub others: bool,
}

impl<'a> Node<'a> {
    /// Checks that `text` is one JSON text (RFC 8259) and returns it as the value at the pointer `at`.
    pub fn parse(text: &'a str, at: impl Into<String>) -> serde_json::Result<Self> {
        let inside = Inside::read(text)?;
        let raw = text.trim_matches([' ', '\t', '\r', '\n']);
        Ok(Self { raw, at: at.into(), inside: inside.map(Rc::new) })
    }

    /// Wraps a part of the text of another node, such as [`Node::for_each_member`] gives, as the value at the pointer
    /// `at`. What is no whole value is read as far as it goes, and cannot make a read fail.
    pub fn part(raw: &'a str, at: String) -> Self {
        Self { raw, at, inside: None }
    }

    /// Returns the value's text as it was sent, without surrounding white space.
    pub fn raw(&self) -> &'a str {
        self.raw
    }

    /// Returns the JSON Pointer to this value from the top of the body.
    pub fn at(&self) -> &str {
        &self.at
    }

    /// Converts the node into its JSON Pointer.
    pub fn into_at(self) -> String {
        self.at
    }

    /// Returns the kind of this value.
    pub fn kind(&self) -> Kind {
        Kind::of(self.raw)
    }

    /// Returns true if this value counts as absent. Null and `""` do, for every platform.
    pub fn is_absent(&self) -> bool {
        matches!(self.raw, "null" | r#""""#)
    }

    /// Returns the decoded string; `None` if the value is not a string or holds a lone surrogate, which is not Unicode.
    pub fn as_str(&self) -> Option<Cow<'a, str>> {
        (self.kind() == Kind::String).then(|| unescape(self.raw)).flatten()
    }

    /// Returns the member `name`, the last one of duplicates; `None` if there is none or this is not an object.
    pub fn get(&self, name: &str) -> Option<Node<'a>> {
        let [found] = self.fields([name]);
        found
    }

    /// Returns several members, found in one pass. The last of duplicates wins.
    pub fn fields<const N: usize>(&self, names: [&str; N]) -> [Option<Node<'a>>; N] {
        self.scan(names).found
    }

    /// Like [`Node::fields`], and also reports whether the object has other members.
    pub fn scan<const N: usize>(&self, names: [&str; N]) -> Fields<'a, N> {
        let mut found = [None; N];
        let mut others = false;
        self.each_member(|name, value| match position(&names, name) {
            Some(index) => found[index] = Some(value),
            None => others = true,
        });
        let mut index = 0;
        let found = found.map(|raw| {
            let name = names[index];
            index += 1;
            raw.map(|raw| Node::part(raw, pointer::member(&self.at, name)))
        });
        Fields { found, others }
    }

    /// Returns the members of this object in order, duplicates included; nothing if this is not an object. A member
    /// whose name holds a lone surrogate is left out, because its name is not text.
    pub fn members(&self) -> Vec<(Cow<'a, str>, Node<'a>)> {
        let mut members = Vec::new();
        self.each_member(|literal, value| {
            if let Some(name) = unescape(literal) {
                let at = pointer::member(&self.at, &name);
                members.push((name, Node::part(value, at)));
            }
        });
        members
    }

    /// Returns the JSON Pointer to the member `name`, even if the object has no such member.
    pub fn at_member(&self, name: &str) -> String {
        pointer::member(&self.at, name)
    }

    /// Calls `take` with the name and the text of each member, in order, duplicates included; never if this is not an
    /// object. It allocates nothing, so it suits a plugin whose names are not known when it is compiled.
    pub fn for_each_member(&self, mut take: impl FnMut(MemberName<'a>, &'a str)) {
        self.each_member(|literal, value| take(MemberName { literal }, value));
    }

    /// Calls `take` with each member's name literal and value, in order.
    fn each_member(&self, take: impl FnMut(&'a str, &'a str)) {
        match &self.inside {
            Some(inside) => inside.each_member(take),
            None => inside::each_member(self.raw, take),
        }
    }

    /// Returns true if this is an array of more than `count` elements. Allocates nothing.
    pub fn has_more_than(&self, count: usize) -> bool {
        // An element takes at least one character and one comma or bracket.
        if self.raw.len() / 2 < count {
            return false;
        }
        match &self.inside {
            Some(inside) => inside.element(count).is_some(),
            None => {
                let mut rest = Scanner::into_array(self.raw);
                (0..=count).all(|_| next_element(&mut rest).is_some())
            }
        }
    }

    /// Returns an iterator over the elements of this array; empty if this is not an array.
    ///
    /// Elements are read on demand. An array of millions costs no memory, and the rest after the last element used is
    /// not read.
    pub fn items(&self) -> Items<'a> {
        let elements = match &self.inside {
            Some(inside) => Elements::Known(Rc::clone(inside)),
            None => Elements::Rest(Scanner::into_array(self.raw)),
        };
        Items { at: self.at.clone(), index: 0, elements }
    }
}

impl From<Node<'_>> for Value {
    fn from(node: Node<'_>) -> Self {
        Self::At(node.at)
    }
}

/// A member's name as it was sent.
#[derive(Debug, Clone, Copy)]
pub struct MemberName<'a> {
    /// With its quotes and escapes.
    literal: &'a str,
}

impl MemberName<'_> {
    /// Returns true if it is this name, however its sender escaped it.
    pub fn is(&self, name: &str) -> bool {
        let literal = self.literal;
        // An escape makes a name longer, and one byte takes at most six, as `\u0041`.
        if literal.len() <= name.len() + 2 || literal.len() > 6 * name.len() + 2 {
            return literal.len() == name.len() + 2 && literal.get(1..=name.len()) == Some(name);
        }
        literal.contains('\\') && unescape(literal).is_some_and(|found| found == name)
    }
}

/// Iterator over the elements of an array.
#[derive(Debug, Clone)]
pub struct Items<'a> {
    at: String,
    index: usize,
    elements: Elements<'a>,
}

/// The source of the elements.
#[derive(Debug, Clone)]
enum Elements<'a> {
    /// Elements found while the text was checked.
    Known(Rc<Inside<'a>>),
    /// The text after the last element read; `None` at the end.
    Rest(Option<Scanner<'a>>),
}

/// Returns the next element of an array whose text was checked before, given the text after the last one.
fn next_element<'a>(rest: &mut Option<Scanner<'a>>) -> Option<&'a str> {
    let scanner = rest.as_mut()?;
    let raw = scanner.value().ok()?;
    if !scanner.another(b']').ok()? {
        *rest = None;
    }
    Some(raw)
}

impl<'a> Iterator for Items<'a> {
    type Item = Node<'a>;

    fn next(&mut self) -> Option<Node<'a>> {
        let raw = match &mut self.elements {
            Elements::Known(inside) => inside.element(self.index)?,
            Elements::Rest(rest) => next_element(rest)?,
        };
        let at = pointer::element(&self.at, self.index);
        self.index += 1;
        Some(Node::part(raw, at))
    }
}

/// Returns the index of the name that the literal stands for.
fn position(names: &[&str], literal: &str) -> Option<usize> {
    // One byte of a name takes at most six, as `\u0041`. A longer literal is not decoded, which would allocate.
    let longest = names.iter().map(|name| name.len()).max()?;
    if literal.len() > 6 * longest + 2 {
        return None;
    }
    let name = unescape(literal)?;
    names.iter().position(|wanted| *wanted == name)
}

/// Decodes a JSON string literal; `None` if it holds a lone surrogate.
fn unescape(literal: &str) -> Option<Cow<'_, str>> {
    let inner = literal.get(1..literal.len().checked_sub(1)?)?;
    if inner.contains('\\') { serde_json::from_str(literal).ok().map(Cow::Owned) } else { Some(Cow::Borrowed(inner)) }
}

#[cfg(test)]
mod tests;
