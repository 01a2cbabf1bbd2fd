//! One level of a JSON text: the members of an object, or the elements of an array.
//!
//! Checking a text also finds its members in the same pass, so they are kept instead of searched again.

use serde_json::value::RawValue;

use super::scan::{Doubt, Scanner};

/// Maximum number of entries kept. Beyond it they are read again on demand, so that no input can fill the sandbox.
const KEPT: usize = 8192;

/// The direct content of an object or an array.
#[derive(Debug)]
pub(super) enum Inside<'a> {
    /// Name literals and values.
    Members(Vec<(&'a str, &'a str)>),
    Elements(Vec<&'a str>),
}

impl<'a> Inside<'a> {
    /// Checks that `text` is one JSON text. Returns `None` if it is neither an object nor an array, or has too many
    /// entries.
    pub(super) fn read(text: &'a str) -> serde_json::Result<Option<Self>> {
        match Self::scan(text) {
            Ok(inside) => Ok(inside),
            Err(Doubt) => serde_json::from_str::<&RawValue>(text).map(|_| None),
        }
    }

    pub(super) fn scan(text: &'a str) -> Result<Option<Self>, Doubt> {
        let mut scanner = Scanner::new(text);
        let inside = match scanner.peek() {
            b'{' => {
                let mut kept = Kept::default();
                scanner.members(|name, value| kept.push((name, value)))?;
                kept.all().map(Self::Members)
            }
            b'[' => {
                let mut kept = Kept::default();
                scanner.elements(|value| kept.push(value))?;
                kept.all().map(Self::Elements)
            }
            _ => {
                scanner.value()?;
                None
            }
        };
        scanner.end()?;
        Ok(inside)
    }

    /// Calls `take` with each member, in order; an array has none.
    pub(super) fn each_member(&self, mut take: impl FnMut(&'a str, &'a str)) {
        if let Self::Members(members) = self {
            members.iter().for_each(|(name, value)| take(name, value));
        }
    }

    /// Returns an element of an array.
    pub(super) fn element(&self, index: usize) -> Option<&'a str> {
        match self {
            Self::Elements(elements) => elements.get(index).copied(),
            Self::Members(_) => None,
        }
    }
}

/// Calls `take` with each member of a text that was checked before; a value that is not an object has none.
pub(super) fn each_member<'a>(text: &'a str, take: impl FnMut(&'a str, &'a str)) {
    if text.starts_with('{') {
        // The text was checked before, so this cannot fail.
        let _ = Scanner::new(text).members(take);
    }
}

/// A list that is discarded when it exceeds [`KEPT`] entries.
struct Kept<T> {
    list: Vec<T>,
    too_many: bool,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        // A typical call has about this many members, and growing in steps copies.
        Self { list: Vec::with_capacity(32), too_many: false }
    }
}

impl<T> Kept<T> {
    fn push(&mut self, entry: T) {
        if self.list.len() < KEPT {
            self.list.push(entry);
        } else {
            self.too_many = true;
        }
    }

    fn all(self) -> Option<Vec<T>> {
        (!self.too_many).then_some(self.list)
    }
}
