//! The keys that must be loaded before a transaction's jobs can be settled.

use std::collections::{HashMap, HashSet};

use crate::{audience::Membership, idempotency::RecordId, recipient::RecipientKey};

/// The keys to load.
#[derive(Debug, Default)]
pub struct Needs<'a> {
    /// Idempotency records.
    pub records: HashSet<RecordId>,
    /// Users, objects and tenants by environment and key; true where their properties are needed, false where their
    /// existence is enough.
    pub recipients: HashMap<(i64, &'a RecipientKey), bool>,
    /// Subscriptions by environment, object and subscriber.
    pub subscriptions: HashSet<(i64, &'a RecipientKey, &'a RecipientKey)>,
    /// Memberships by environment.
    pub members: HashSet<(i64, &'a Membership)>,
    /// Runs that can be canceled, by environment, workflow and cancellation key; each with the recipients for which a
    /// cancellation looks.
    pub open_runs: HashMap<(i64, &'a str, &'a str), HashSet<&'a RecipientKey>>,
}

/// The rows to load of one environment.
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

    /// Adds a subscription.
    pub fn subscription(&mut self, object: &'a RecipientKey, recipient: &'a RecipientKey) {
        self.needs.subscriptions.insert((self.environment, object, recipient));
    }

    /// Adds a membership.
    pub fn member(&mut self, membership: &'a Membership) {
        self.needs.members.insert((self.environment, membership));
    }

    /// Adds the runs of a workflow with a cancellation key that have not ended, and which of `recipients` they have.
    pub fn open_runs(
        &mut self,
        workflow: &'a str,
        cancellation_key: &'a str,
        recipients: impl IntoIterator<Item = &'a RecipientKey>,
    ) {
        self.needs.open_runs.entry((self.environment, workflow, cancellation_key)).or_default().extend(recipients);
    }
}
