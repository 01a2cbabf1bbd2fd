//! Idempotency keys and their scope.

use std::{fmt, hash::Hasher};

use siphasher::{
    sip::SipHasher24,
    sip128::{Hasher128, SipHasher24 as SipHasher128},
};

use crate::{
    json::{self, Kind},
    path::Path,
};

/// The longest key, in Unicode scalar values.
pub const MAX_KEY_CHARS: usize = 255;

/// A value that was given as idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyReading {
    /// A valid key.
    Valid(String),
    /// Absent, null or `""`.
    Absent,
    /// Anything else, with a human-readable reason: the event is processed without idempotency.
    Invalid(String),
}

/// Reads a key from JSON text.
pub fn read_key(text: Option<&str>) -> KeyReading {
    read_named(text, &"the idempotency key")
}

/// Reads a key made of parts, each with the path that it was looked for at. The parts are joined by `:`. All must be there:
/// the key is absent if none is, and invalid if only some are.
pub fn read_composed_key<'p, T: AsRef<str>>(parts: impl IntoIterator<Item = (&'p Path, Option<T>)>) -> KeyReading {
    let (mut values, mut missing) = (Vec::new(), None);
    for (path, text) in parts {
        let name = format!("the part of the idempotency key at `{path}`");
        match read_named(text.as_ref().map(AsRef::as_ref), &name) {
            KeyReading::Valid(value) => values.push(value),
            KeyReading::Absent => missing = missing.or(Some(name)),
            invalid @ KeyReading::Invalid(_) => return invalid,
        }
    }
    match missing {
        None => check_length(values.join(":"), &"the idempotency key"),
        Some(_) if values.is_empty() => KeyReading::Absent,
        Some(name) => KeyReading::Invalid(format!("{name} is absent")),
    }
}

fn check_length(key: String, name: &dyn fmt::Display) -> KeyReading {
    match key.chars().count() {
        0..=MAX_KEY_CHARS => KeyReading::Valid(key),
        found => KeyReading::Invalid(format!("{name} has {found} characters; at most {MAX_KEY_CHARS} are allowed")),
    }
}

fn read_named(text: Option<&str>, name: &dyn fmt::Display) -> KeyReading {
    let Some(text) = text else { return KeyReading::Absent };
    match Kind::of(text) {
        Kind::Null => KeyReading::Absent,
        Kind::String => match json::string(text) {
            None => KeyReading::Invalid(format!("{name} is not valid Unicode")),
            Some(key) if key.is_empty() => KeyReading::Absent,
            Some(key) if key.chars().any(char::is_control) => {
                KeyReading::Invalid(format!("{name} holds control characters"))
            }
            Some(key) => check_length(key, name),
        },
        other => KeyReading::Invalid(format!("{name} is {}, not a string", other.with_article())),
    }
}

/// The deployment's secret for hashing keys, so that a sender cannot aim at collisions.
#[derive(Clone)]
pub struct HashKey(pub [u8; 16]);

/// The id of a record: a keyed hash of its scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordId(pub [u8; 16]);

/// A valid key with its scope, ready to be looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopedKey {
    /// The hash of source environment, event type and key.
    pub id: RecordId,
    /// The key, compared on a hit.
    pub key: String,
    /// The time for which an execution counts, in milliseconds.
    pub window_ms: i64,
    /// The fingerprint of user id and data, by which a replay with other content is recognised.
    pub fingerprint: u64,
}

impl ScopedKey {
    /// Scopes a key to a source environment and an event type.
    pub fn new(
        hash_key: &HashKey,
        source_environment: i64,
        event_type: &str,
        key: String,
        window_ms: i64,
        fingerprint: u64,
    ) -> Self {
        let mut hasher = SipHasher128::new_with_key(&hash_key.0);
        hasher.write(&source_environment.to_le_bytes());
        // Lengths go before the parts: ("a", "bc") is not ("ab", "c").
        hasher.write(&(event_type.len() as u64).to_le_bytes());
        hasher.write(event_type.as_bytes());
        hasher.write(&(key.len() as u64).to_le_bytes());
        hasher.write(key.as_bytes());
        Self { id: RecordId(hasher.finish128().as_bytes()), key, window_ms, fingerprint }
    }
}

/// Returns a fingerprint of the user id and the data of an event.
pub fn fingerprint(user_id: Option<&str>, data: &str) -> u64 {
    let mut hasher = SipHasher24::new();
    let user_id = user_id.unwrap_or_default();
    hasher.write(&(user_id.len() as u64).to_le_bytes());
    hasher.write(user_id.as_bytes());
    hasher.write(data.as_bytes());
    hasher.finish()
}
