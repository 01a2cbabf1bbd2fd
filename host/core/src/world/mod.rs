//! The part of the store that one transaction works with.
//!
//! The store loads the [`Needs`] of the transaction's jobs into a [`World`]. Each effect is applied to it, so that later
//! actions and events see the effects of the ones before.

mod needs;
mod open_runs;
mod relations;

use std::collections::HashMap;

use bytestring::ByteString;

pub use needs::{EnvironmentNeeds, Needs};
pub use open_runs::{OpenRun, OpenRuns};

use self::relations::Relations;
use crate::{
    audience::Membership,
    effect::Effect,
    idempotency::{Execution, Precedent, Record, RecordId, ScopedKey},
    parked::{NOBODY, ParkedInEnvironment, Released},
    recipient::RecipientKey,
    run::RunCancellation,
};

/// The recipients, their relations, the runs that can be canceled, and the idempotency records of one transaction.
#[derive(Debug, Default)]
pub struct World {
    /// By environment.
    recipients: HashMap<i64, HashMap<RecipientKey, KnownRecipient>>,
    records: HashMap<RecordId, KnownRecord>,
    relations: Relations,
    /// By environment, workflow and cancellation key.
    open_runs: HashMap<(i64, String, String), OpenRuns>,
    /// By environment; only environments in which somebody is parked.
    parked: HashMap<i64, ParkedInEnvironment>,
}

#[derive(Debug)]
struct KnownRecipient {
    /// A JSON object; none if only the existence was asked for.
    properties: Option<ByteString>,
    /// The time at which the newest of the properties was true, in milliseconds since 1970.
    as_of_ms: i64,
}

#[derive(Debug)]
struct KnownRecord {
    record: Record,
    /// The time at which the last execution ceases to count, in milliseconds since 1970; set by a change.
    expires_at_ms: Option<i64>,
}

/// An idempotency record to write.
#[derive(Debug)]
pub struct RecordChange<'a> {
    /// The record's key in the store.
    pub id: RecordId,
    /// The record.
    pub record: &'a Record,
    /// The time at which it ceases to count, in milliseconds since 1970.
    pub expires_at_ms: i64,
}

impl World {
    /// Adds a recipient that exists. `properties` are none if only the existence was asked for; `as_of_ms` is the time
    /// at which the newest of them was true, in milliseconds since 1970.
    pub fn load_recipient(&mut self, environment: i64, key: RecipientKey, properties: Option<String>, as_of_ms: i64) {
        let known = KnownRecipient { properties: properties.map(ByteString::from), as_of_ms };
        self.recipients.entry(environment).or_default().insert(key, known);
    }

    /// Adds a subscription that exists.
    pub fn load_subscription(&mut self, environment: i64, object: RecipientKey, recipient: RecipientKey) {
        self.relations.subscribe(environment, object, recipient);
    }

    /// Adds a membership that exists.
    pub fn load_member(&mut self, environment: i64, membership: Membership) {
        self.relations.add_member(environment, membership);
    }

    /// Adds the runs of a workflow with a cancellation key that have not ended.
    pub fn load_open_runs(&mut self, environment: i64, workflow: &str, cancellation_key: &str, runs: OpenRuns) {
        self.open_runs.insert((environment, workflow.to_owned(), cancellation_key.to_owned()), runs);
    }

    /// Adds an idempotency record.
    pub fn load_record(&mut self, id: RecordId, record: Record) {
        self.records.insert(id, KnownRecord { record, expires_at_ms: None });
    }

    /// Returns the parked recipients of an environment, to be loaded.
    pub fn load_parked(&mut self, environment: i64) -> &mut ParkedInEnvironment {
        self.parked.entry(environment).or_default()
    }

    /// Returns the parked recipients of an environment.
    pub(crate) fn parked(&self, environment: i64) -> &ParkedInEnvironment {
        self.parked.get(&environment).unwrap_or(&NOBODY)
    }

    /// Ends all waits for a recipient.
    pub(crate) fn release(&mut self, environment: i64, key: &RecipientKey) -> Released {
        self.parked.get_mut(&environment).map(|parked| parked.release(key)).unwrap_or_default()
    }

    /// Returns the properties of a recipient, a JSON object; none if it is not identified or only its existence was
    /// asked for.
    pub fn properties(&self, environment: i64, key: &RecipientKey) -> Option<&str> {
        self.recipient(environment, key)?.properties.as_deref()
    }

    /// Returns true if the recipient is known.
    pub fn is_identified(&self, environment: i64, key: &RecipientKey) -> bool {
        self.recipient(environment, key).is_some()
    }

    /// Returns true if the recipient is subscribed to the object.
    pub fn is_subscribed(&self, environment: i64, object: &RecipientKey, recipient: &RecipientKey) -> bool {
        self.relations.is_subscribed(environment, object, recipient)
    }

    /// Returns true if the membership exists.
    pub fn is_member(&self, environment: i64, membership: &Membership) -> bool {
        self.relations.is_member(environment, membership)
    }

    /// Returns the runs of a workflow with a cancellation key that have not ended; none if they were not asked for.
    pub fn open_runs(&self, environment: i64, workflow: &str, cancellation_key: &str) -> Option<&OpenRuns> {
        self.open_runs.get(&(environment, workflow.to_owned(), cancellation_key.to_owned()))
    }

    /// Returns the time at which the newest of a recipient's properties was true, in milliseconds since 1970; the
    /// smallest time there is for one that is not identified.
    pub fn as_of_ms(&self, environment: i64, key: &RecipientKey) -> i64 {
        self.recipient(environment, key).map_or(i64::MIN, |known| known.as_of_ms)
    }

    /// Makes later actions and events see an effect.
    pub(crate) fn apply(&mut self, environment: i64, effect: &Effect) {
        match effect {
            Effect::UpsertRecipient(upsert) => {
                let known = KnownRecipient { properties: Some(upsert.properties.clone()), as_of_ms: upsert.as_of_ms };
                let recipients = self.recipients.entry(environment).or_default();
                match recipients.get_mut(&upsert.key) {
                    Some(earlier) => *earlier = known,
                    None => _ = recipients.insert(upsert.key.clone(), known),
                }
            }
            Effect::DeleteRecipient(key) => {
                self.recipients.get_mut(&environment).and_then(|recipients| recipients.remove(key));
                self.relations.forget(environment, key);
            }
            Effect::Subscribe { object, recipient, .. } => {
                self.relations.subscribe(environment, object.clone(), recipient.clone());
            }
            Effect::Unsubscribe { object, recipient } => self.relations.unsubscribe(environment, object, recipient),
            Effect::AddMember(membership) => self.relations.add_member(environment, membership.clone()),
            Effect::RemoveMember(membership) => self.relations.remove_member(environment, membership),
            Effect::CancelRuns(cancellation) => {
                let RunCancellation { workflow, cancellation_key, .. } = cancellation;
                if let Some(open) = self.open_runs_mut(environment, workflow, cancellation_key) {
                    open.cancel(cancellation);
                }
                if let Some(parked) = self.parked.get_mut(&environment) {
                    parked.cancel(cancellation);
                }
            }
            Effect::CreateRun(run) => {
                if let Some(key) = &run.cancellation_key
                    && let Some(open) = self.open_runs_mut(environment, &run.workflow, key)
                {
                    open.add(run);
                }
            }
            Effect::Park(park) => {
                self.parked.entry(environment).or_default().park(park);
                if let Some(key) = &park.trigger.cancellation_key
                    && let Some(open) = self.open_runs_mut(environment, &park.trigger.workflow, key)
                {
                    open.is_waited = true;
                }
            }
            Effect::DropParked(key) => {
                self.release(environment, key);
            }
            Effect::Release(_) | Effect::ReleaseRest(_) => {}
        }
    }

    /// Returns the verdict of the idempotency records on a key.
    pub(crate) fn precedent(&self, key: &ScopedKey, now_ms: i64) -> Precedent {
        self.records.get(&key.id).map_or(Precedent::None, |known| known.record.precedent(key, now_ms))
    }

    /// Records an execution with a key.
    pub(crate) fn remember(&mut self, key: &ScopedKey, execution: Execution) {
        let expires_at_ms = execution.at_ms.saturating_add(key.window_ms);
        let known = self.records.entry(key.id).or_insert_with(|| KnownRecord {
            record: Record { key: key.key.clone(), executions: Vec::new() },
            expires_at_ms: None,
        });
        if !known.record.is_of(key) {
            // Two keys with one 128-bit hash. The record stays with the first; the second is not protected.
            return;
        }
        known.record.add(execution, key.window_ms);
        known.expires_at_ms = Some(expires_at_ms);
    }

    /// Returns the idempotency records to write.
    pub fn changed_records(&self) -> impl Iterator<Item = RecordChange<'_>> {
        self.records.iter().filter_map(|(id, known)| {
            known.expires_at_ms.map(|expires_at_ms| RecordChange { id: *id, record: &known.record, expires_at_ms })
        })
    }

    fn open_runs_mut(&mut self, environment: i64, workflow: &str, cancellation_key: &str) -> Option<&mut OpenRuns> {
        // Most transactions cancel nothing.
        if self.open_runs.is_empty() {
            return None;
        }
        self.open_runs.get_mut(&(environment, workflow.to_owned(), cancellation_key.to_owned()))
    }

    fn recipient(&self, environment: i64, key: &RecipientKey) -> Option<&KnownRecipient> {
        self.recipients.get(&environment)?.get(key)
    }
}
