//! A JSON value as the slice of the body that it is, with its pointer.
//!
//! Why not `serde_json::Value`: it rounds numbers, costs several times as much, recurses, and treats members named like
//! serde_json's private markers as something else than data. A slice does none of that. Every read here is one pass
//! without recursion over text whose grammar was checked before, so that nothing a sender writes can make it fail.

mod inside;
mod scan;

use std::borrow::Cow;
use std::rc::Rc;

use self::inside::Inside;
use self::scan::Scanner;
use crate::{Kind, Value, pointer};

/// One JSON value: its text, and where it is in the body.
#[derive(Debug, Clone)]
pub struct Node<'a> {
    raw: &'a str,
    at: String,
    /// What checking the text found on the way, so that the first look inside is not another pass over it.
    inside: Option<Rc<Inside<'a>>>,
}

/// What was found on the way changes nothing of what a node is.
impl PartialEq for Node<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.raw == other.raw && self.at == other.at
    }
}

impl Eq for Node<'_> {}

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
        let inside = Inside::read(text)?;
        let raw = text.trim_matches([' ', '\t', '\r', '\n']);
        Ok(Self { raw, at: at.into(), inside: inside.map(Rc::new) })
    }

    /// A part of a text that was checked.
    fn part(raw: &'a str, at: String) -> Self {
        Self { raw, at, inside: None }
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

    /// The members of this object in order, duplicates included; none if it is no object. One whose name holds a lone
    /// surrogate, and so is no text, is left out.
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

    /// JSON Pointer to the member `name` of this object, whether or not it has one.
    pub fn at_member(&self, name: &str) -> String {
        pointer::member(&self.at, name)
    }

    /// Hands out the members in order, each name as the literal that it is.
    fn each_member(&self, take: impl FnMut(&'a str, &'a str)) {
        match &self.inside {
            Some(inside) => inside.each_member(take),
            None => inside::each_member(self.raw, take),
        }
    }

    /// The elements of this array, in order; none if it is no array.
    ///
    /// Read one by one as they are asked for: an array of millions costs no memory, and nothing after the last one used.
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

/// The elements of an array.
#[derive(Debug, Clone)]
pub struct Items<'a> {
    at: String,
    index: usize,
    elements: Elements<'a>,
}

/// Where elements come from.
#[derive(Debug, Clone)]
enum Elements<'a> {
    /// They were found before.
    Known(Rc<Inside<'a>>),
    /// What follows the last one read. None: there is nothing.
    Rest(Option<Scanner<'a>>),
}

impl<'a> Iterator for Items<'a> {
    type Item = Node<'a>;

    fn next(&mut self) -> Option<Node<'a>> {
        let raw = match &mut self.elements {
            Elements::Known(inside) => inside.element(self.index)?,
            Elements::Rest(rest) => {
                let scanner = rest.as_mut()?;
                // Only a text that was checked comes here.
                let raw = scanner.value().ok()?;
                if !scanner.another(b']').ok()? {
                    *rest = None;
                }
                raw
            }
        };
        let at = pointer::element(&self.at, self.index);
        self.index += 1;
        Some(Node::part(raw, at))
    }
}

/// Which of the names a literal stands for.
fn position(names: &[&str], literal: &str) -> Option<usize> {
    let name = unescape(literal)?;
    names.iter().position(|wanted| *wanted == name)
}

/// The string that a JSON string literal stands for. None: it holds a lone surrogate.
fn unescape(literal: &str) -> Option<Cow<'_, str>> {
    let inner = literal.get(1..literal.len().checked_sub(1)?)?;
    if inner.contains('\\') { serde_json::from_str(literal).ok().map(Cow::Owned) } else { Some(Cow::Borrowed(inner)) }
}

#[cfg(test)]
#[path = "node_tests.rs"]
mod tests;
