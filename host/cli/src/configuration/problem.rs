//! Faults of configuration files, and the places that a server's error stands for.

use std::{collections::BTreeMap, fmt};

use super::yaml::{Node, Position, Value};

/// A place in the files of a folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file's path within the folder.
    pub file: String,
    pub position: Position,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.position.line, self.position.column)
    }
}

/// A fault of a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    pub place: Place,
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

/// The places of a document's members, by their paths as the API's errors name them.
#[derive(Debug, Default)]
pub struct Places(BTreeMap<String, Place>);

impl Places {
    /// Adds the place of one member.
    pub fn add(&mut self, path: &str, file: &str, position: Position) {
        self.0.insert(path.to_owned(), Place { file: file.to_owned(), position });
    }

    /// Adds the places of a value and of all that it holds.
    pub fn add_tree(&mut self, path: &str, file: &str, node: &Node) {
        self.add(path, file, node.position);
        match &node.value {
            Value::Map(members) => {
                for member in members {
                    let path = format!("{path}.{}", member.name);
                    self.add_tree(&path, file, &member.node);
                    self.add(&path, file, member.position);
                }
            }
            Value::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.add_tree(&format!("{path}[{index}]"), file, item);
                }
            }
            _ => {}
        }
    }

    /// Returns the place of a member, or of the nearest member around it.
    pub fn find(&self, path: &str) -> Option<&Place> {
        let mut path = path;
        loop {
            if let Some(place) = self.0.get(path) {
                return Some(place);
            }
            path = &path[..path.rfind(['.', '['])?];
        }
    }
}
