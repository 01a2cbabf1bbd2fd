//! Cutting values out of a body: every pointer of a request in one pass.
//!
//! The pointers form a tree. The body is walked once along it; values off the tree are skipped.

use std::{borrow::Cow, collections::HashMap, fmt};

use serde::de::{Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::{Key, Kind, index, run, unescape};

/// Pointers to resolve, collected and then resolved together.
#[derive(Debug, Default)]
pub struct Cut<'p> {
    /// The tree: from a node and a token to the node below.
    edges: HashMap<(usize, Cow<'p, str>), usize>,
    /// The nodes of the tree. Node 0 is the top.
    nodes: Vec<Node>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Node {
    wanted: bool,
    children: u32,
    /// The lengths of its children's tokens, one bit each: most members of a body are skipped by the length of their key.
    lengths: u64,
}

impl Node {
    fn length(token: &str) -> u64 {
        1 << token.len().min(63)
    }
}

/// A pointer that was added to a [`Cut`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot(usize);

/// The JSON texts that a body holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Documents {
    /// The whole is one JSON text.
    One,
    /// One text on each non-blank line; pointed into as if it were an array of its lines.
    Lines,
    /// Neither: only the whole body can be pointed to.
    None,
}

/// The values cut out of a body.
#[derive(Debug)]
pub struct Pieces<'a> {
    /// By node.
    found: Vec<Option<&'a str>>,
    /// The kind of documents that the body holds.
    pub documents: Documents,
}

impl<'a> Pieces<'a> {
    /// Returns the text at a pointer; none if nothing is there.
    pub fn get(&self, slot: Slot) -> Option<&'a str> {
        self.found.get(slot.0).copied().flatten()
    }
}

/// The values found so far. What it costs to forget those of a duplicate member is bounded by what it cost to find them:
/// a body can repeat a member a hundred thousand times.
struct Found<'a> {
    /// By node.
    values: Vec<Option<&'a str>>,
    /// The nodes in the order in which they were found.
    order: Vec<usize>,
    /// By node.
    visits: Vec<Visit>,
    /// The number of objects walked.
    objects: usize,
}

/// The last visit of a node.
#[derive(Default, Clone, Copy)]
struct Visit {
    /// The number of the object that holds it.
    object: usize,
    /// The places found at the node and below it, a range of [`Found::order`].
    begin: usize,
    end: usize,
}

impl<'a> Found<'a> {
    fn new(nodes: usize) -> Self {
        Self { values: vec![None; nodes], order: Vec::new(), visits: vec![Visit::default(); nodes], objects: 0 }
    }

    fn set(&mut self, node: usize, text: &'a str) {
        self.values[node] = Some(text);
        self.order.push(node);
    }

    /// Removes what was found from a place in the order on.
    fn forget(&mut self, begin: usize, end: usize) {
        for &node in &self.order[begin..end] {
            self.values[node] = None;
        }
        if end == self.order.len() {
            self.order.truncate(begin);
        }
    }

    /// Notes that an object has a member, and removes what an earlier one of its name held: the later replaces it whole.
    fn visit(&mut self, object: usize, node: usize) {
        let last = std::mem::replace(&mut self.visits[node].object, object);
        if last == object {
            let Visit { begin, end, .. } = self.visits[node];
            self.forget(begin, end);
        }
    }
}

impl<'p> Cut<'p> {
    /// Creates an empty set.
    pub fn new() -> Self {
        Self { edges: HashMap::new(), nodes: vec![Node::default()] }
    }

    /// Adds a pointer. One that is not well formed names nothing.
    pub fn add(&mut self, pointer: &'p str) -> Slot {
        let mut node = 0;
        if !pointer.is_empty() {
            let Some(tokens) = pointer.strip_prefix('/') else { return Slot(usize::MAX) };
            for token in tokens.split('/') {
                let next = self.nodes.len();
                let token = unescape(token);
                let length = Node::length(&token);
                let below = *self.edges.entry((node, token)).or_insert(next);
                if below == next {
                    self.nodes.push(Node::default());
                    self.nodes[node].children += 1;
                    self.nodes[node].lengths |= length;
                }
                node = below;
            }
        }
        self.nodes[node].wanted = true;
        Slot(node)
    }

    /// Walks the body once.
    pub fn resolve<'a>(&self, body: &'a str) -> Pieces<'a> {
        let mut found = Found::new(self.nodes.len());
        let mut documents = Documents::One;
        let walked = Below { cut: self, node: 0, found: &mut found, kind: Kind::of(body) };
        if run(body, walked).is_err() {
            found = Found::new(self.nodes.len());
            documents = self.lines(body, &mut found);
        }
        if self.nodes[0].wanted {
            found.values[0] = Some(body.trim_matches([' ', '\t', '\r', '\n']));
        }
        Pieces { found: found.values, documents }
    }

    fn lines<'a>(&self, body: &'a str, found: &mut Found<'a>) -> Documents {
        let mut lines = body.lines().map(|line| line.trim_matches([' ', '\t', '\r'])).filter(|line| !line.is_empty());
        let is_json = |line: &str| serde_json::from_str::<&RawValue>(line).is_ok();
        let Some(first) = lines.next().filter(|first| is_json(first)) else { return Documents::None };
        for (at, line) in std::iter::once(first).chain(lines).enumerate() {
            let Some(node) = self.below(0, &at.to_string()) else { continue };
            let begin = found.order.len();
            let walked = Below { cut: self, node, found: &mut *found, kind: Kind::of(line) };
            if run(line, walked).is_err() {
                found.forget(begin, found.order.len());
            }
            if self.nodes[node].wanted {
                found.set(node, line);
            }
        }
        Documents::Lines
    }

    fn below(&self, node: usize, token: &str) -> Option<usize> {
        if self.nodes[node].lengths & Node::length(token) == 0 {
            return None;
        }
        self.edges.get(&(node, Cow::Borrowed(token)) as &(usize, Cow<'_, str>)).copied()
    }

    /// Takes the value at a node from the reader, and goes on below it.
    fn take<'a, D: Deserializer<'a>>(&self, node: usize, reader: D, found: &mut Found<'a>) -> Result<(), D::Error> {
        let begin = found.order.len();
        let text = <&RawValue>::deserialize(reader)?.get();
        if self.nodes[node].wanted {
            found.set(node, text);
        }
        if self.nodes[node].children > 0 {
            let walk = Below { cut: self, node, found: &mut *found, kind: Kind::of(text) };
            // The text was just read as JSON; it reads again.
            run(text, walk).map_err(serde::de::Error::custom)?;
        }
        (found.visits[node].begin, found.visits[node].end) = (begin, found.order.len());
        Ok(())
    }
}

/// Walks the values below a node.
struct Below<'c, 'p, 'a, 'f> {
    cut: &'c Cut<'p>,
    node: usize,
    found: &'f mut Found<'a>,
    kind: Kind,
}

impl<'a> DeserializeSeed<'a> for Below<'_, '_, 'a, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, reader: D) -> Result<(), D::Error> {
        match self.kind {
            Kind::Object if self.cut.nodes[self.node].children > 0 => reader.deserialize_map(self),
            Kind::Array if self.cut.nodes[self.node].children > 0 => reader.deserialize_seq(self),
            // Not `IgnoredAny` through `deserialize_any`: reading a number there can overflow (`1E400`).
            _ => <&RawValue>::deserialize(reader).map(drop),
        }
    }
}

impl<'a> Visitor<'a> for Below<'_, '_, 'a, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or an array")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<(), A::Error> {
        self.found.objects += 1;
        let object = self.found.objects;
        while let Some(Key(key)) = map.next_key()? {
            let Some(node) = self.cut.below(self.node, &key) else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            self.found.visit(object, node);
            map.next_value_seed(Take { cut: self.cut, node, found: &mut *self.found })?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut seq: A) -> Result<(), A::Error> {
        let mut at = 0_usize;
        let mut token = String::new();
        loop {
            token.clear();
            fmt::Write::write_fmt(&mut token, format_args!("{at}")).map_err(serde::de::Error::custom)?;
            debug_assert_eq!(index(&token), Some(at));
            let more = match self.cut.below(self.node, &token) {
                None => seq.next_element::<IgnoredAny>()?.is_some(),
                Some(node) => {
                    let take = Take { cut: self.cut, node, found: &mut *self.found };
                    seq.next_element_seed(take)?.is_some()
                }
            };
            if !more {
                return Ok(());
            }
            at += 1;
        }
    }
}

/// Takes one value.
struct Take<'c, 'p, 'a, 'f> {
    cut: &'c Cut<'p>,
    node: usize,
    found: &'f mut Found<'a>,
}

impl<'a> DeserializeSeed<'a> for Take<'_, '_, 'a, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, reader: D) -> Result<(), D::Error> {
        self.cut.take(self.node, reader, self.found)
    }
}
