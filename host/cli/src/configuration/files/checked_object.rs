//! Reading an object of a file: its members by name, each of a type, with a problem for everything else.

use inlet_core::nearest::nearest;

use crate::configuration::{
    problem::{Place, Problem},
    yaml::{Member, Node, Position, Value},
};

/// The problems of one file.
pub struct Checks<'p> {
    pub file: &'p str,
    pub problems: &'p mut Vec<Problem>,
}

impl Checks<'_> {
    /// Adds a problem.
    pub fn fault(&mut self, position: Position, message: impl Into<String>) {
        let place = Place { file: self.file.to_owned(), position };
        self.problems.push(Problem { place, message: message.into() });
    }

    /// Returns the members of an object of which only these are known. `what` names the object.
    pub fn object<'n>(&mut self, node: &'n Node, what: &str, known: &[&str]) -> Option<&'n [Member]> {
        let members = self.map(node, what)?;
        for member in members.iter().filter(|member| !known.contains(&member.name.as_str())) {
            let hint = match nearest(&member.name, known.iter().copied()) {
                Some(near) => format!("the nearest is {near:?}"),
                None => format!("expected {}", known.join(", ")),
            };
            self.fault(member.position, format!("{what} has no member {:?}; {hint}", member.name));
        }
        Some(members)
    }

    /// Returns the members of an object.
    pub fn map<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n [Member]> {
        let members = node.members();
        if members.is_none() {
            self.fault(node.position, format!("found {}, expected {what}, an object", node.kind()));
        }
        members
    }

    /// Reads a text.
    pub fn text(&mut self, node: &Node, name: &str) -> Option<String> {
        match &node.value {
            Value::String(text) => Some(text.clone()),
            Value::Number(_) | Value::Bool(_) => {
                self.fault(
                    node.position,
                    format!("{name}: found {}, expected a text; write it in quotes", node.kind()),
                );
                None
            }
            _ => {
                self.fault(node.position, format!("{name}: found {}, expected a text", node.kind()));
                None
            }
        }
    }

    /// Reads the items of a list.
    pub fn list<'n>(&mut self, node: &'n Node, name: &str) -> Option<&'n [Node]> {
        match &node.value {
            Value::List(items) => Some(items),
            _ => {
                self.fault(node.position, format!("{name}: found {}, expected a list", node.kind()));
                None
            }
        }
    }

    /// Reads a truth value.
    pub fn boolean(&mut self, node: &Node, name: &str) -> Option<bool> {
        match node.value {
            Value::Bool(value) => Some(value),
            _ => {
                self.fault(node.position, format!("{name}: found {}, expected true or false", node.kind()));
                None
            }
        }
    }

    /// Reads a number of days.
    pub fn days(&mut self, node: &Node, name: &str) -> Option<inlet_api_types::Days> {
        let found = match &node.value {
            Value::Number(text) => text.parse().ok().and_then(inlet_api_types::Days::new),
            _ => None,
        };
        if found.is_none() {
            self.fault(node.position, format!("{name}: expected a whole number of days from 1 to 3650"));
        }
        found
    }

    /// Checks the name of a resource, which is that of its file.
    pub fn key(&mut self, key: &str, position: Position, what: &str) {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'-';
        if !(1..=64).contains(&key.len()) || !key.bytes().all(allowed) {
            self.fault(position, format!("{what} {key:?}: expected 1 to 64 of the characters a-z, 0-9, _ and -"));
        }
    }
}
