//! Deep merge: how an upsert changes what is known.

use std::borrow::Cow;

use super::{Kind, Members, members, object};

/// Merges `patch` into `base` and returns the new object: members of both that are objects are merged in turn, every
/// other value of `patch` (null and arrays included) replaces, and no key is ever removed. What is not an object counts
/// as an empty one.
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
