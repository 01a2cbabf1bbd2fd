//! Deep merge of objects, and filling gaps with the members of an older object.

use std::borrow::Cow;

use super::{Kind, Members, members, object};

/// Merges `patch` into `base` and returns the new object: members of both that are objects are merged in turn, every
/// other value of `patch` (null and arrays included) replaces, and no key is ever removed. A value that is not an object
/// counts as an empty one.
///
/// Laws: `merge(a, {}) = a`, `merge({}, a) = a` (up to white space and duplicates), `merge(merge(a, b), b) = merge(a, b)`.
pub fn merge(base: &str, patch: &str) -> String {
    let mut merged: Members<'_> = members(base).unwrap_or_default();
    let mut owned: Vec<(Cow<'_, str>, String)> = Vec::new();
    for (key, value) in members(patch).unwrap_or_default() {
        match merged.get(&key) {
            Some(&old) if Kind::of(old) == Kind::Object && Kind::of(value) == Kind::Object => {
                owned.push((key, merge(old, value)));
            }
            // A value without duplicates inside is kept to the letter; merging into nothing drops duplicates.
            _ if Kind::of(value) == Kind::Object => {
                let value = merge("{}", value);
                merged.insert(key.clone(), "{}");
                owned.push((key, value));
            }
            _ => {
                merged.insert(key, value);
            }
        }
    }
    for (key, value) in &owned {
        merged.insert(key.clone(), value);
    }
    object(merged)
}

/// Adds the members that only `older` has to `known` and returns the new object: members of both that are objects are
/// filled in turn, every other value of `known` (null included) stays. A value that is not an object counts as an empty
/// one.
///
/// Laws: `fill_gaps(a, b)` holds what `merge(b, a)` holds, in `a`'s order.
pub fn fill_gaps(known: &str, older: &str) -> String {
    let mut filled: Members<'_> = members(known).unwrap_or_default();
    let mut owned: Vec<(Cow<'_, str>, String)> = Vec::new();
    for (key, value) in members(older).unwrap_or_default() {
        let known = filled.get(&key).copied();
        match known {
            Some(known) if Kind::of(known) == Kind::Object && Kind::of(value) == Kind::Object => {
                owned.push((key, fill_gaps(known, value)));
            }
            Some(_) => {}
            None if Kind::of(value) == Kind::Object => {
                filled.insert(key.clone(), "{}");
                owned.push((key, merge("{}", value)));
            }
            None => {
                filled.insert(key, value);
            }
        }
    }
    for (key, value) in &owned {
        filled.insert(key.clone(), value);
    }
    object(filled)
}
