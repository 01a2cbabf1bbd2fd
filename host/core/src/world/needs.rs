//! The keys that must be loaded before a transaction's jobs can be settled.

use std::collections::{HashMap, HashSet};

use crate::{idempotency::RecordId, recipient::RecipientKey};

/// The keys to load.
#[derive(Debug, Default)]
pub struct Needs<'a> {
    /// Idempotency records.
    pub records: HashSet<RecordId>,
    /// Users, objects and tenants by environment and key; true where their properties are needed, false where their
    /// existence is enough.
    pub recipients: HashMap<(i64, &'a RecipientKey), bool>,
}

/// The recipients to load of one environment.
pub struct EnvironmentNeeds<'n, 'a> {
    environment: i64,
    needs: &'n mut Needs<'a>,
}

impl<'a> Needs<'a> {
    /// Restricts the needs to one environment, by its database id.
    pub fn of_environment(&mut self, environment: i64) -> EnvironmentNeeds<'_, 'a> {
        EnvironmentNeeds { environment, needs: self }
    }
}

impl<'a> EnvironmentNeeds<'_, 'a> {
    /// Adds a recipient whose properties are needed.
    pub fn properties(&mut self, key: &'a RecipientKey) {
        self.needs.recipients.insert((self.environment, key), true);
    }

    /// Adds a recipient whose existence is needed.
    pub fn existence(&mut self, key: &'a RecipientKey) {
        self.needs.recipients.entry((self.environment, key)).or_default();
    }
}
