//! Parked recipients: recipients of a trigger that are not identified, and whose runs are created when they are.
//!
//! A recipient is parked with [`Effect::Park`](crate::effect::Effect::Park). The transaction that identifies it creates
//! its runs, each once, with the data of the event that named it. Source of the rules: semantics.md §8.

use std::{collections::HashMap, sync::Arc};

use bytestring::ByteString;
use uuid::Uuid;

use crate::{
    recipient::RecipientKey,
    run::{Run, RunCancellation, RunPart, RunRecipient, run_key},
};

/// The longest time that a trigger waits for a recipient, in seconds: 24 hours.
pub const MAX_WAIT_SECONDS: i64 = 24 * 60 * 60;
/// The most parked recipients of one environment, each counted once for every trigger that waits for it.
pub const MAX_PARKED: usize = 100_000;
/// The most triggers that wait for one recipient. Its deletion removes them in one transaction.
pub const MAX_PARKED_OF_RECIPIENT: usize = 1000;
/// The most bytes of data that the runs of one trigger's waiting recipients hold in all, each its own copy. One recipient may
/// wait in any case. An event whose data is little more than the ids of a thousand recipients is well within it.
pub const MAX_PARKED_BYTES: usize = 32 * 1024 * 1024;
/// The most runs that are created in the transaction that identifies a recipient. A background job creates the rest.
pub const MAX_RELEASED_AT_ONCE: usize = 100;

/// Recipients that one trigger begins to wait for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Park {
    /// The trigger.
    pub trigger: Arc<ParkedTrigger>,
    /// The recipients, each once.
    pub recipients: Vec<ParkedRecipient>,
    /// The end of the wait by the store's time, in milliseconds since 1970.
    pub expires_at_ms: i64,
}

/// A recipient that a trigger waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParkedRecipient {
    /// The recipient.
    pub recipient: RecipientKey,
    /// Data merged over the run's data for this recipient, a JSON object; none if it has none.
    pub trigger_data: Option<String>,
}

/// A trigger that waits, with what its runs need. All its recipients share it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParkedTrigger {
    /// The event that named the recipients.
    pub event: Uuid,
    /// The mapping; none if an API call triggered.
    pub mapping: Option<Uuid>,
    /// The workflow's key.
    pub workflow: String,
    /// A JSON string or object reference; none when there is none.
    pub actor: Option<String>,
    /// A JSON string; none when there is none.
    pub tenant: Option<String>,
    /// The trigger's data, a JSON object or null.
    pub data: ByteString,
    /// The key by which the trigger can be cancelled.
    pub cancellation_key: Option<String>,
    /// The keys of the targets that the mapping names; none if it names none.
    pub targets: Option<Vec<String>>,
}

impl ParkedTrigger {
    /// Creates the run of a recipient that was parked.
    pub fn run(&self, id: Uuid, parked: &ParkedRecipient) -> Run {
        let ParkedRecipient { recipient, trigger_data } = parked;
        Run {
            id,
            key: run_key(self.event, self.mapping, RunPart::Recipient(recipient)),
            workflow: self.workflow.clone(),
            recipients: vec![RunRecipient {
                collection: recipient.shown_collection().map(str::to_owned),
                id: recipient.id.clone(),
                trigger_data: trigger_data.clone(),
            }],
            actor: self.actor.clone(),
            tenant: self.tenant.clone(),
            data: self.data.clone(),
            cancellation_key: self.cancellation_key.clone(),
            // Only mappings wait, and only API calls have settings.
            settings: None,
            source_event: self.event,
            mapping: self.mapping,
            targets: self.targets.clone(),
        }
    }
}

/// The end of a wait: the recipient was identified, and its run was created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// The recipient.
    pub recipient: RecipientKey,
    /// The event that named the recipient.
    pub event: Uuid,
    /// The mapping; none if an API call triggered.
    pub mapping: Option<Uuid>,
    /// The run.
    pub run: Uuid,
}

/// A trigger that waits for one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingTrigger {
    /// The trigger.
    pub trigger: Arc<ParkedTrigger>,
    /// See [`ParkedRecipient::trigger_data`].
    pub trigger_data: Option<String>,
}

/// The parked recipients of one environment, as far as a transaction needs them.
#[derive(Debug, Default)]
pub struct ParkedInEnvironment {
    /// All of the environment.
    total: usize,
    of_recipient: HashMap<RecipientKey, ParkedOfRecipient>,
}

#[derive(Debug, Default)]
struct ParkedOfRecipient {
    /// The number of triggers that wait; at least those in `oldest`.
    count: usize,
    /// The oldest triggers, at most [`MAX_RELEASED_AT_ONCE`]. Later ones are in the store.
    oldest: Vec<WaitingTrigger>,
}

/// The triggers that no longer wait for a recipient that is identified.
#[derive(Debug, Default)]
pub struct Released {
    /// The triggers to run now.
    pub now: Vec<WaitingTrigger>,
    /// True if there are more.
    pub more: bool,
}

impl ParkedInEnvironment {
    /// Sets the number of parked recipients in the environment.
    pub fn load_total(&mut self, total: usize) {
        self.total = total;
    }

    /// Sets the number of triggers that wait for a recipient.
    pub fn load_count(&mut self, key: RecipientKey, count: usize) {
        self.of_recipient.entry(key).or_default().count = count;
    }

    /// Adds a trigger that waits for a recipient, the oldest first. It is part of the loaded count.
    pub fn load_trigger(&mut self, key: RecipientKey, trigger: WaitingTrigger) {
        self.of_recipient.entry(key).or_default().oldest.push(trigger);
    }

    /// Returns true if a trigger waits for the recipient.
    pub fn is_waited_for(&self, key: &RecipientKey) -> bool {
        self.of_recipient.get(key).is_some_and(|parked| parked.count > 0)
    }

    /// Returns why no more triggers may wait. `besides` recipients are about to be parked besides.
    pub fn may_wait(&self, key: &RecipientKey, besides: usize) -> Result<(), String> {
        if self.total + besides >= MAX_PARKED {
            return Err(format!("{MAX_PARKED} recipients wait in this environment, and no more may"));
        }
        match self.of_recipient.get(key) {
            Some(parked) if parked.count >= MAX_PARKED_OF_RECIPIENT => {
                Err(format!("{MAX_PARKED_OF_RECIPIENT} triggers wait for it, and no more may"))
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn park(&mut self, park: &Park) {
        self.total += park.recipients.len();
        for ParkedRecipient { recipient, trigger_data } in &park.recipients {
            let parked = self.of_recipient.entry(recipient.clone()).or_default();
            parked.count += 1;
            // Only if it is the next: those before it were all loaded.
            if parked.oldest.len() + 1 == parked.count && parked.oldest.len() < MAX_RELEASED_AT_ONCE {
                let (trigger, trigger_data) = (park.trigger.clone(), trigger_data.clone());
                parked.oldest.push(WaitingTrigger { trigger, trigger_data });
            }
        }
    }

    /// Ends the waits of triggers that are canceled. Those that are not loaded are canceled in the store.
    pub(crate) fn cancel(&mut self, cancellation: &RunCancellation) {
        let RunCancellation { workflow, cancellation_key, recipients, .. } = cancellation;
        for (key, parked) in &mut self.of_recipient {
            if recipients.as_ref().is_some_and(|recipients| !recipients.contains(key)) {
                continue;
            }
            let before = parked.oldest.len();
            parked.oldest.retain(|WaitingTrigger { trigger, .. }| {
                trigger.workflow != *workflow || trigger.cancellation_key.as_ref() != Some(cancellation_key)
            });
            let canceled = before - parked.oldest.len();
            parked.count = parked.count.saturating_sub(canceled);
            self.total = self.total.saturating_sub(canceled);
        }
    }

    /// Ends all waits for a recipient.
    pub(crate) fn release(&mut self, key: &RecipientKey) -> Released {
        if self.of_recipient.is_empty() {
            return Released::default();
        }
        let Some(ParkedOfRecipient { count, oldest }) = self.of_recipient.remove(key) else {
            return Released::default();
        };
        self.total = self.total.saturating_sub(count);
        Released { more: count > oldest.len(), now: oldest }
    }
}

/// An environment in which nobody is parked.
pub(crate) static NOBODY: std::sync::LazyLock<ParkedInEnvironment> =
    std::sync::LazyLock::new(ParkedInEnvironment::default);
