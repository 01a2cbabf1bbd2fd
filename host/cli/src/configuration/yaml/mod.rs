//! YAML as far as configuration needs it: the values of JSON, with the place of each in its file.
//!
//! Text that other readers of YAML read in another way is refused: `no`, `1_000`, dates, anchors, tags, doubled keys.
//! Numbers keep their digits.

mod read;
mod scalar;
mod write;

use inlet_core::json;

pub use self::{read::read, write::write};

/// A place in a file, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Position {
    pub line: usize,
    pub column: usize,
}

/// A value with its place.
#[derive(Debug, Clone)]
pub struct Node {
    pub position: Position,
    pub value: Value,
}

/// A value of JSON.
#[derive(Debug, Clone)]
pub enum Value {
    Null,
    Bool(bool),
    /// A number of JSON, as it is written.
    Number(String),
    String(String),
    List(Vec<Node>),
    Map(Vec<Member>),
}

/// A member of an object.
#[derive(Debug, Clone)]
pub struct Member {
    pub name: String,
    /// The place of the name.
    pub position: Position,
    pub node: Node,
}

/// A fault of a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    pub position: Position,
    pub message: String,
}

impl Node {
    /// Returns the JSON text.
    pub fn to_json(&self) -> String {
        match &self.value {
            Value::Null => "null".to_owned(),
            Value::Bool(value) => value.to_string(),
            Value::Number(text) => text.clone(),
            Value::String(text) => json::quote(text),
            Value::List(items) => json::array(items.iter().map(Node::to_json)),
            Value::Map(members) => {
                let members: Vec<_> = members.iter().map(|member| (&member.name, member.node.to_json())).collect();
                json::object(members.iter().map(|(name, text)| (name, text.as_str())))
            }
        }
    }

    /// Returns the members of an object, or none.
    pub fn members(&self) -> Option<&[Member]> {
        match &self.value {
            Value::Map(members) => Some(members),
            _ => None,
        }
    }

    /// Returns a member of an object by its name.
    pub fn member(&self, name: &str) -> Option<&Node> {
        self.members()?.iter().find(|member| member.name == name).map(|member| &member.node)
    }

    /// Returns the kind with its article, for a sentence.
    pub fn kind(&self) -> &'static str {
        match &self.value {
            Value::Null => "null",
            Value::Bool(true) => "true",
            Value::Bool(false) => "false",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::List(_) => "a list",
            Value::Map(_) => "an object",
        }
    }
}
