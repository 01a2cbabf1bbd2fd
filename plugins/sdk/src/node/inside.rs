//! One level of a JSON text: the members of an object, or the elements of an array.
//!
//! Checking a text and finding its members are the same pass, so that what the check found is kept instead of being
//! looked for again.

use serde_json::value::RawValue;

use super::scan::{Doubt, Scanner};

/// More than this is not kept but read again when it is asked for: what a sender writes must not fill the sandbox.
const KEPT: usize = 8192;

/// What is directly inside an object or an array.
#[derive(Debug)]
pub(super) enum Inside<'a> {
    /// Names, as the literals that they are, and values.
    Members(Vec<(&'a str, &'a str)>),
    /// The elements.
    Elements(Vec<&'a str>),
}

impl<'a> Inside<'a> {
    /// Checks that `text` is one JSON text. None: it is neither an object nor an array, or there is too much inside.
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

    /// Hands out the members in order; an array has none.
    pub(super) fn each_member(&self, mut take: impl FnMut(&'a str, &'a str)) {
        if let Self::Members(members) = self {
            members.iter().for_each(|(name, value)| take(name, value));
        }
    }

    /// One element of an array.
    pub(super) fn element(&self, index: usize) -> Option<&'a str> {
        match self {
            Self::Elements(elements) => elements.get(index).copied(),
            Self::Members(_) => None,
        }
    }
}

/// Hands out the members of a text that was checked; a value that is no object has none.
pub(super) fn each_member<'a>(text: &'a str, take: impl FnMut(&'a str, &'a str)) {
    if text.starts_with('{') {
        // It was checked, so that there is no doubt.
        let _ = Scanner::new(text).members(take);
    }
}

/// A list that is given up where it grows too long.
struct Kept<T> {
    list: Vec<T>,
    too_many: bool,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        // A call has about this many members; growing in steps copies.
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
