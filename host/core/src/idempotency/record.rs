//! The record of the executions with one key.

use uuid::Uuid;

use super::key::ScopedKey;

/// The executions with one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The key itself; empty once its user was forgotten, and then only the record's id stands for it.
    pub key: String,
    /// The executions, oldest first; each carried out at least one action.
    pub executions: Vec<Execution>,
}

/// One execution with at least one successful action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Execution {
    /// The id of its event log.
    pub event: Uuid,
    /// The time of its recording, by the store's time, in milliseconds since 1970.
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
        if !self.is_of(key) {
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

    /// Returns true if this is the record of a key whose id it has. Two keys may have one id.
    pub fn is_of(&self, key: &ScopedKey) -> bool {
        self.key.is_empty() || self.key == key.key
    }

    /// Adds an execution and forgets those that no longer count.
    pub fn add(&mut self, execution: Execution, window_ms: i64) {
        let now = execution.at_ms;
        self.executions.retain(|old| old.at_ms.saturating_add(window_ms) > now);
        self.executions.push(execution);
    }
}
