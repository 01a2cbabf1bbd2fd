//! What a body is built of.

use bytes::Bytes;
use uuid::Uuid;

/// The call that a delivery makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryCall {
    /// Triggers the workflow for recipients of the run.
    Trigger,
    /// Cancels what a trigger of the run may have begun.
    Cancel,
}

/// The body of a delivery: the same at every attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredBody {
    /// The content type.
    pub content_type: String,
    /// The bytes.
    pub body: Bytes,
}

/// What the body of a delivery is built of. JSON is text, as it was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryInputs {
    /// The run's id.
    pub run: Uuid,
    /// The workflow's key.
    pub workflow: String,
    /// A JSON string or object reference.
    pub actor: Option<String>,
    /// A JSON string.
    pub tenant: Option<String>,
    /// A JSON object or null.
    pub data: String,
    /// The key by which the run can be cancelled.
    pub cancellation_key: Option<String>,
    /// The event that caused the run.
    pub source_event: Uuid,
    /// True if the whole run is canceled.
    pub is_canceled: bool,
    /// Of a cancel, the key of the trigger that it cancels; of a trigger, its own.
    pub trigger_key: Uuid,
    /// The recipients of the delivery.
    pub recipients: Vec<DeliveryRecipient>,
    /// The number of the delivery's recipients, from the first one on, that [`Self::recipients`] is about.
    pub covered: u32,
}

/// A recipient of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryRecipient {
    /// The position among the recipients of the run, from 0.
    pub ordinal: u32,
    /// The object's collection; none for a user.
    pub collection: Option<String>,
    /// The user's or object's id.
    pub id: String,
    /// All properties, a JSON object; none if it was deleted since.
    pub properties: Option<String>,
    /// Data merged over the run's data for this recipient, a JSON object; none if it has none.
    pub trigger_data: Option<String>,
}
