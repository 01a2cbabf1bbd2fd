//! The values of one event at the paths of conditions. Each path is looked up once for all mappings of the event.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, DefaultHasher, Hash, Hasher},
};

use super::value::Value;
use crate::{path::Path, plan::Scope};

/// A path of a condition with its hash, computed when the condition is parsed: a thousand mappings look a path up in the
/// time of one.
#[derive(Debug, Clone)]
pub(super) struct TestedPath {
    pub(super) path: Path,
    hash: u64,
}

impl TestedPath {
    pub(super) fn new(path: Path) -> Self {
        let mut hasher = DefaultHasher::new();
        hasher.write(path.as_str().as_bytes());
        Self { hash: hasher.finish(), path }
    }
}

impl PartialEq for TestedPath {
    fn eq(&self, other: &Self) -> bool {
        self.path.as_str() == other.path.as_str()
    }
}

impl Eq for TestedPath {}

impl Hash for TestedPath {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

/// Passes the hash of a [`TestedPath`] on.
#[derive(Default)]
struct Computed(u64);

impl Hasher for Computed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |hash, byte| hash.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// The values that the conditions of an event's mappings ask for, looked up when they are first needed.
pub struct Values<'m, 's> {
    scope: Scope<'s>,
    found: HashMap<&'m TestedPath, Value<'s>, BuildHasherDefault<Computed>>,
}

impl<'m, 's> Values<'m, 's> {
    /// Creates the values of an event, none looked up yet.
    pub fn new(scope: Scope<'s>) -> Self {
        Self { scope, found: HashMap::default() }
    }

    /// Returns the value at a path.
    pub(super) fn get(&mut self, path: &'m TestedPath) -> &Value<'s> {
        let scope = self.scope;
        let look_up = || Value::found(scope.look_up(&path.path).map(|(found, _)| found));
        self.found.entry(path).or_insert_with(look_up)
    }
}
