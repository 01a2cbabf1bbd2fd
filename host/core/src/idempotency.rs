//! Idempotency: an action that succeeded is never carried out again for the same key within its window.
//!
//! Source of the rules: semantics.md §4. A record names the executions with one key in one source environment and the
//! mappings that succeeded in each; it is written in the same transaction as what they did.

use std::hash::Hasher;

use siphasher::{
    sip::SipHasher24,
    sip128::{Hasher128, SipHasher24 as SipHasher128},
};
use uuid::Uuid;

use crate::json::{self, Kind};

/// The longest key, in Unicode scalar values.
pub const MAX_KEY_CHARS: usize = 255;

/// The mapping id under which the built-in identify of an `identify` event is recorded.
pub const BUILT_IN_IDENTIFY: Uuid = Uuid::nil();

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
    let Some(text) = text else { return KeyReading::Absent };
    match Kind::of(text) {
        Kind::Null => KeyReading::Absent,
        Kind::String => match json::string(text) {
            None => KeyReading::Invalid("the idempotency key is not valid Unicode".to_owned()),
            Some(key) if key.is_empty() => KeyReading::Absent,
            Some(key) if key.chars().any(char::is_control) => {
                KeyReading::Invalid("the idempotency key holds control characters".to_owned())
            }
            Some(key) => match key.chars().count() {
                0..=MAX_KEY_CHARS => KeyReading::Valid(key),
                found => KeyReading::Invalid(format!(
                    "the idempotency key has {found} characters; at most {MAX_KEY_CHARS} are allowed"
                )),
            },
        },
        other => KeyReading::Invalid(format!("the idempotency key is {}, not a string", other.with_article())),
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

/// The executions with one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The key itself.
    pub key: String,
    /// The executions, oldest first; each carried out at least one action.
    pub executions: Vec<Execution>,
}

/// One execution with at least one successful action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Execution {
    /// The id of its event log.
    pub event: Uuid,
    /// The time of its recording, in milliseconds since 1970.
    pub at_ms: i64,
    /// True if none of its actions ended in an error.
    pub complete: bool,
    /// The fingerprint of user id and data.
    pub fingerprint: u64,
    /// The mappings that succeeded.
    pub mappings: Vec<Uuid>,
}

/// The verdict of a record on the next event with its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Precedent {
    /// Nothing counts: execute.
    None,
    /// This execution counts: replay.
    Replays {
        /// The execution.
        event: Uuid,
        /// True if it had the same user id and data.
        same: bool,
    },
    /// Some of it is done: run the rest.
    Resumes {
        /// The latest execution.
        event: Uuid,
        /// True if it had the same user id and data.
        same: bool,
        /// The mappings that must not run again.
        succeeded: Vec<Uuid>,
    },
}

impl Record {
    /// Returns the verdict at `now_ms`. A window counts from each execution, and a replay never slides it.
    pub fn precedent(&self, key: &ScopedKey, now_ms: i64) -> Precedent {
        if self.key != key.key {
            return Precedent::None;
        }
        let counts = |execution: &&Execution| execution.at_ms.saturating_add(key.window_ms) > now_ms;
        let counting = || self.executions.iter().filter(counts);
        if let Some(whole) = counting().rfind(|execution| execution.complete) {
            return Precedent::Replays { event: whole.event, same: whole.fingerprint == key.fingerprint };
        }
        match counting().next_back() {
            None => Precedent::None,
            Some(last) => Precedent::Resumes {
                event: last.event,
                same: last.fingerprint == key.fingerprint,
                succeeded: counting().flat_map(|execution| execution.mappings.iter().copied()).collect(),
            },
        }
    }

    /// Adds an execution and forgets those that no longer count.
    pub fn add(&mut self, execution: Execution, window_ms: i64) {
        let now = execution.at_ms;
        self.executions.retain(|old| old.at_ms.saturating_add(window_ms) > now);
        self.executions.push(execution);
    }

    /// Encodes the record for a database column.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(64 + self.key.len());
        let count = |bytes: &mut Vec<u8>, n: usize| bytes.extend_from_slice(&(n as u32).to_le_bytes());
        count(&mut bytes, self.key.len());
        bytes.extend_from_slice(self.key.as_bytes());
        for execution in &self.executions {
            bytes.extend_from_slice(execution.event.as_bytes());
            bytes.extend_from_slice(&execution.at_ms.to_le_bytes());
            bytes.extend_from_slice(&execution.fingerprint.to_le_bytes());
            bytes.push(u8::from(execution.complete));
            count(&mut bytes, execution.mappings.len());
            for mapping in &execution.mappings {
                bytes.extend_from_slice(mapping.as_bytes());
            }
        }
        bytes
    }

    /// Decodes a record; none if the bytes are not one.
    pub fn from_bytes(bytes: &[u8]) -> Option<Record> {
        let mut reader = Reader(bytes);
        let length = reader.count()?;
        let key = std::str::from_utf8(reader.take(length)?).ok()?.to_owned();
        let mut executions = Vec::new();
        while !reader.0.is_empty() {
            let event = reader.uuid()?;
            let at_ms = i64::from_le_bytes(reader.array()?);
            let fingerprint = u64::from_le_bytes(reader.array()?);
            let complete = reader.array::<1>()? != [0];
            let mappings = (0..reader.count()?).map(|_| reader.uuid()).collect::<Option<_>>()?;
            executions.push(Execution { event, at_ms, complete, fingerprint, mappings });
        }
        Some(Record { key, executions })
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn count(&mut self) -> Option<usize> {
        Some(u32::from_le_bytes(self.array()?) as usize)
    }

    fn uuid(&mut self) -> Option<Uuid> {
        self.array().map(Uuid::from_bytes)
    }
}
