//! The facts about a delivery that its request states beside the body.

use inlet_core::delivery::DeliveryCall;
use inlet_store::DeliveryRecord;
use uuid::Uuid;

/// The head of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryHead {
    /// The call that it makes.
    pub call: DeliveryCall,
    /// The run.
    pub run: Uuid,
    /// The workflow's key.
    pub workflow: String,
    /// The key by which the receiver recognizes a call that it gets twice.
    pub key: Uuid,
    /// The creation time, in milliseconds since 1970.
    pub created_at_ms: i64,
    /// The position of the first recipient among those of the run.
    pub first_recipient: u32,
    /// The number of recipients, those included that were canceled since.
    pub recipients: u32,
    /// The attempts that were answered with an error.
    pub answers: u32,
}

impl DeliveryHead {
    /// Returns the head of a delivery of the store. `answers` counts the attempts that were answered.
    pub fn of(delivery: &DeliveryRecord, answers: u32) -> Self {
        Self {
            call: delivery.call,
            run: delivery.run,
            workflow: delivery.workflow.clone(),
            key: delivery.key,
            created_at_ms: delivery.created_at_ms(),
            first_recipient: delivery.first_recipient,
            recipients: delivery.recipients,
            answers,
        }
    }
}
