//! Targets: the workflow engines and receivers that runs are delivered to. One file for each kind.
//!
//! A target states its facts as data ([`TargetFacts`]), builds bodies from a delivery's inputs, and makes the request for a
//! stored body. It holds its own settings and secrets, and no connection.

mod build;
mod common;
mod error;
mod events;
pub mod facts;
mod fields;
mod http;
mod judge;
mod knock;
mod known_properties;
mod log;
mod nats;
mod novu;
mod temporal;
#[cfg(test)]
pub(crate) mod tests;
mod webhook;
mod workflow_listing;

use std::fmt;

use serde_json::Value;

pub use self::{
    build::{Built, build},
    common::CommonOptions,
    error::{BuildError, TargetError},
    facts::TargetFacts,
    judge::judge,
    workflow_listing::WorkflowListing,
};
use crate::{answer::Answer, delivery_head::DeliveryHead, request::OutgoingRequest, verdict::Verdict};
use inlet_core::delivery::{DeliveryCall, TargetRouting};
use inlet_store::{DeliveryInputs, DeliveryRecipient, StoredBody};

/// A target with its settings and secrets. `Debug` shows no secrets.
pub trait Target: fmt::Debug + Send + Sync {
    /// Returns the facts about it.
    fn facts(&self) -> &TargetFacts;

    /// Returns the options that targets of all kinds have.
    fn options(&self) -> &CommonOptions;

    /// Returns the way in which it takes runs: those of every workflow.
    fn routing(&self) -> TargetRouting {
        let (facts, options) = (self.facts(), self.options());
        let gap = facts.cancel.as_ref().map(|cancel| cancel.min_gap);
        TargetRouting {
            chunk: options.chunk,
            order: options.order,
            workflows: None,
            has_cancel: gap.is_some(),
            cancels_wholly: facts.cancel.as_ref().is_some_and(|cancel| cancel.is_whole),
            cancel_gap_ms: gap.and_then(|gap| i64::try_from(gap.as_millis()).ok()).unwrap_or(0),
        }
    }

    /// Returns how the engine's workflows are listed; the error says why they cannot be.
    fn workflow_listing(&self) -> Result<WorkflowListing, &'static str>;

    /// Returns the number of recipients, from the first one on, that one body can be for. At least 1.
    fn together(&self, _head: &DeliveryHead, inputs: &DeliveryInputs) -> usize {
        inputs.recipients.len()
    }

    /// Builds the body for some recipients of a delivery.
    fn body(
        &self,
        head: &DeliveryHead,
        inputs: &DeliveryInputs,
        recipients: &[DeliveryRecipient],
    ) -> Result<StoredBody, BuildError>;

    /// Makes the request for a body; none if nothing is sent.
    fn request(
        &self,
        head: &DeliveryHead,
        body: &StoredBody,
        now_ms: i64,
    ) -> Result<Option<OutgoingRequest>, BuildError>;

    /// Judges the answer to a call.
    fn judge(&self, call: DeliveryCall, answer: &Answer, now_ms: i64) -> Verdict {
        judge(self.facts(), call, answer, now_ms)
    }
}

/// Makes a target from its settings and its secrets.
type Parse = fn(&Value, &Value) -> Result<Box<dyn Target>, TargetError>;

/// A kind of targets.
struct Kind {
    name: &'static str,
    /// The members of the settings that are secret.
    secrets: &'static [&'static str],
    parse: Parse,
}

const KINDS: [Kind; 7] = [
    Kind { name: "webhook", secrets: webhook::SECRETS, parse: webhook::parse },
    Kind { name: "temporal", secrets: temporal::SECRETS, parse: temporal::parse },
    Kind { name: "events", secrets: events::SECRETS, parse: events::parse },
    Kind { name: "knock", secrets: knock::SECRETS, parse: knock::parse },
    Kind { name: "novu", secrets: novu::SECRETS, parse: novu::parse },
    Kind { name: "nats", secrets: nats::SECRETS, parse: nats::parse },
    Kind { name: "log", secrets: &[], parse: log::parse },
];

/// Returns the names of all kinds.
pub fn kinds() -> impl Iterator<Item = &'static str> {
    KINDS.iter().map(|kind| kind.name)
}

/// Returns the members of a kind's settings that are secret; none if there is no such kind.
pub fn secret_members(kind: &str) -> Option<&'static [&'static str]> {
    KINDS.iter().find(|known| known.name == kind).map(|kind| kind.secrets)
}

/// Makes a target from its settings (`url`, `options`) and its secrets, both JSON objects.
pub fn parse(kind: &str, settings: &Value, secrets: &Value) -> Result<Box<dyn Target>, TargetError> {
    let Some(known) = KINDS.iter().find(|known| known.name == kind) else {
        let names: Vec<_> = kinds().collect();
        return Err(TargetError::new("/kind", format!("found {kind:?}, expected one of {}", names.join(", "))));
    };
    (known.parse)(settings, secrets)
}
