//! What a request says about its delivery, beside the body.

use uuid::Uuid;

use crate::inputs::DeliveryCall;

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
