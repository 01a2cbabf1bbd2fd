//! The view that an action decides from, and the decision.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    audience::Membership,
    effect::{Effect, RecipientUpsert},
    recipient::RecipientKey,
    user::{self, TooLarge},
    world::{OpenRuns, World},
};

/// The status that an action ended with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The action was carried out.
    Success,
    /// The action had nothing to do, for example because every recipient is unidentified.
    Skipped,
    /// The action was not carried out, and nothing of it is written.
    Error,
}

impl Status {
    /// Every status.
    pub const ALL: [Status; 3] = [Status::Success, Status::Skipped, Status::Error];

    /// Returns the name used in logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Success => "success",
            Status::Skipped => "skipped",
            Status::Error => "error",
        }
    }

    /// Returns the status of that name.
    pub fn parse(name: &str) -> Option<Status> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }
}

/// The end of an action.
#[derive(Debug)]
pub struct Decision {
    /// The status.
    pub status: Status,
    /// The result that the action log shows, a JSON object; none if the action ended in an error.
    pub result: Option<String>,
    /// The human-readable reason of a skipped action or an error.
    pub reason: Option<String>,
    /// The number of recipients that were left out because they are not identified.
    pub skipped_recipients: usize,
}

impl Decision {
    /// An action that was carried out.
    pub fn success(result: String) -> Self {
        Self { status: Status::Success, result: Some(result), reason: None, skipped_recipients: 0 }
    }

    /// An action that had nothing to do.
    pub fn skipped(result: String, reason: &str) -> Self {
        Self { status: Status::Skipped, result: Some(result), reason: Some(reason.to_owned()), skipped_recipients: 0 }
    }

    /// An action that was not carried out.
    pub fn error(reason: String) -> Self {
        Self { status: Status::Error, result: None, reason: Some(reason), skipped_recipients: 0 }
    }

    /// Sets the number of recipients that were left out because they are not identified.
    pub fn with_skipped_recipients(self, skipped_recipients: usize) -> Self {
        Self { skipped_recipients, ..self }
    }
}

/// The time at which the content of an event was true.
#[derive(Debug, Clone, Copy)]
pub struct AsOf {
    /// In milliseconds since 1970. For a new event it is the time of the transaction, whatever the sender's clock says.
    pub ms: i64,
    /// True for a replay, which may be older than what is known.
    pub is_replay: bool,
}

/// Source of new ids: UUIDv7, each greater than the one before.
pub type NewId<'a> = &'a mut dyn FnMut() -> Uuid;

/// The state that one event sees inside the transaction: the effects of earlier events and actions included.
pub struct View<'a> {
    pub(crate) world: &'a World,
    pub(crate) environment: i64,
    pub(crate) event: Uuid,
    /// The mapping of the action; none if the action has none.
    pub(crate) mapping: Option<Uuid>,
    pub(crate) as_of: AsOf,
    /// The store's time, in milliseconds since 1970.
    pub(crate) store_ms: i64,
    pub(crate) new_id: NewId<'a>,
}

impl View<'_> {
    /// Returns the id of the event.
    pub fn event(&self) -> Uuid {
        self.event
    }

    /// Returns the mapping of the action; none if the action has none.
    pub fn mapping(&self) -> Option<Uuid> {
        self.mapping
    }

    /// Returns the store's time, in milliseconds since 1970.
    pub fn store_ms(&self) -> i64 {
        self.store_ms
    }

    /// Returns why a trigger may not wait for a recipient. `besides` recipients are about to be parked by the same action.
    pub fn may_wait(&self, key: &RecipientKey, besides: usize) -> Result<(), String> {
        self.world.parked(self.environment).may_wait(key, besides)
    }

    /// Returns true if a trigger waits for the recipient.
    pub fn is_waited_for(&self, key: &RecipientKey) -> bool {
        self.world.parked(self.environment).is_waited_for(key)
    }

    /// Returns a new id.
    pub fn new_id(&mut self) -> Uuid {
        (self.new_id)()
    }

    /// Returns true if the user, object or tenant is known.
    pub fn is_identified(&self, key: &RecipientKey) -> bool {
        self.world.is_identified(self.environment, key)
    }

    /// Returns true if the recipient is subscribed to the object.
    pub fn is_subscribed(&self, object: &RecipientKey, recipient: &RecipientKey) -> bool {
        self.world.is_subscribed(self.environment, object, recipient)
    }

    /// Returns true if the membership exists.
    pub fn is_member(&self, membership: &Membership) -> bool {
        self.world.is_member(self.environment, membership)
    }

    /// Returns the runs of a workflow with a cancellation key that have not ended.
    pub fn open_runs(&self, workflow: &str, cancellation_key: &str) -> Option<&OpenRuns> {
        self.world.open_runs(self.environment, workflow, cancellation_key)
    }

    /// Returns true if the event is a replay and newer properties of the recipient are known.
    pub fn knows_newer(&self, key: &RecipientKey) -> bool {
        self.as_of.is_replay && self.world.as_of_ms(self.environment, key) > self.as_of.ms
    }

    /// Adds the effects that upsert all these recipients with properties, or none if one would be too large. A replay
    /// that is older than what is known of a recipient only fills its gaps.
    pub fn upsert<'u>(
        &self,
        upserts: impl IntoIterator<Item = (&'u RecipientKey, &'u str)>,
        effects: &mut Vec<Effect>,
    ) -> Result<(), TooLarge> {
        let from = effects.len();
        for (key, properties) in upserts {
            // One trigger may name a recipient twice: the second is merged into the first.
            let earlier = effects[from..].iter_mut().find_map(|effect| match effect {
                Effect::UpsertRecipient(upsert) if upsert.key == *key => Some(upsert),
                _ => None,
            });
            let known = match &earlier {
                Some(upsert) => Some(&*upsert.properties),
                None => self.world.properties(self.environment, key),
            };
            let newer = known.filter(|_| self.knows_newer(key));
            let fills_gaps = newer.is_some();
            let merged = match newer {
                Some(newer) => user::fill(&key.id, newer, properties),
                None => user::upsert(&key.id, known, properties),
            };
            let properties = match merged {
                Ok(merged) => merged.into(),
                Err(too_large) => {
                    effects.truncate(from);
                    return Err(too_large);
                }
            };
            match earlier {
                Some(upsert) => upsert.properties = properties,
                None => effects.push(Effect::UpsertRecipient(RecipientUpsert {
                    key: key.clone(),
                    properties,
                    as_of_ms: self.world.as_of_ms(self.environment, key).max(self.as_of.ms),
                    fills_gaps,
                })),
            }
        }
        Ok(())
    }
}
