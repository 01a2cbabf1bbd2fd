//! Deliveries as they are read back, and the selections of them.

use bytes::Bytes;
use inlet_core::delivery::{DeliveryCall, DeliveryStatus};
use uuid::Uuid;

use super::{page::Cursor, uuid_time};

/// A delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryRecord {
    /// The database's number, which no other delivery ever has.
    pub seq: i64,
    /// UUIDv7.
    pub id: Uuid,
    /// The environment's database id.
    pub environment_id: i64,
    /// The target's database id.
    pub target_id: i64,
    /// The run.
    pub run: Uuid,
    /// The event that caused the run; of a cancel, the event that canceled it.
    pub source_event: Uuid,
    /// The mapping; none if an API call triggered.
    pub mapping: Option<Uuid>,
    /// The workflow's key.
    pub workflow: String,
    /// The call that it makes.
    pub call: DeliveryCall,
    /// The position of the first recipient among those of the run.
    pub first_recipient: u32,
    /// The number of recipients, those included that were canceled since.
    pub recipients: u32,
    /// The part of a body that was split, from 1.
    pub part: u32,
    /// The key by which the receiver recognizes a call that it gets twice.
    pub key: Uuid,
    /// The status.
    pub status: DeliveryStatus,
    /// True while somebody works on it.
    pub is_under_way: bool,
    /// Attempts that count against the retry schedule.
    pub attempts: u32,
    /// All attempts.
    pub tries: u32,
    /// The time from which it is sent, by the database's clock, in milliseconds since 1970. None if it has ended, or waits
    /// behind another one of its order.
    pub due_at_ms: Option<i64>,
    /// The time of the first attempt, by the database's clock, in milliseconds since 1970.
    pub first_attempt_at_ms: Option<i64>,
    /// The HTTP status of the last answer.
    pub last_status: Option<u16>,
    /// The error of the last attempt.
    pub last_error: Option<String>,
    /// The time of its end, by the database's clock, in milliseconds since 1970.
    pub finished_at_ms: Option<i64>,
    /// The id that the target gave to what it began.
    pub downstream_id: Option<String>,
    /// The size of the stored body; none if none is stored.
    pub body_bytes: Option<u64>,
}

impl DeliveryRecord {
    /// Returns the creation time, in milliseconds since 1970: the time in its id.
    pub fn created_at_ms(&self) -> i64 {
        uuid_time::time_of(self.id)
    }
}

/// A delivery of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedDelivery {
    /// The delivery.
    pub delivery: DeliveryRecord,
    /// The target's key.
    pub target: String,
    /// The last attempt; none before the first one has ended.
    pub last_attempt: Option<StoredAttempt>,
}

/// Selects deliveries of an environment.
#[derive(Debug, Clone)]
pub struct DeliveryQuery {
    /// The environment's database id.
    pub environment_id: i64,
    /// The start of the page.
    pub cursor: Cursor<Uuid>,
    /// Entries of a page.
    pub limit: usize,
    /// Those that match all that is given here.
    pub filter: DeliveryFilter,
    /// Those of this run only.
    pub run: Option<Uuid>,
    /// Those of this event only.
    pub source_event: Option<Uuid>,
}

/// Selects deliveries by all that is given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeliveryFilter {
    /// Those to this target, by its database id.
    pub target_id: Option<i64>,
    /// Those with this status.
    pub status: Option<DeliveryStatus>,
    /// Those of this workflow.
    pub workflow: Option<String>,
    /// Those of runs that this mapping created.
    pub mapping: Option<Uuid>,
    /// Those created at this time or later, in milliseconds since 1970.
    pub created_from_ms: Option<i64>,
    /// Those created before this time, in milliseconds since 1970.
    pub created_before_ms: Option<i64>,
}

/// The deliveries that an operation is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SelectedDeliveries {
    /// One, by its id.
    One(Uuid),
    /// Those that match.
    Matching(DeliveryFilter),
}

/// A slice of a redrive: what one transaction takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RedriveSlice {
    /// The last delivery of the slice before; none for the first slice.
    pub after: Option<Uuid>,
    /// The most deliveries.
    pub limit: u32,
    /// The number of deliveries that become due in each second; none if all are due at once.
    pub rate_per_second: Option<u32>,
    /// The number of deliveries of the slices before, which are due earlier.
    pub earlier: u64,
}

impl RedriveSlice {
    /// Returns a slice of deliveries that are all due at once.
    pub fn at_once(limit: u32) -> Self {
        Self { after: None, limit, rate_per_second: None, earlier: 0 }
    }

    /// Returns the slice that follows.
    #[must_use]
    pub fn next(self, done: Redriven) -> Self {
        Self { after: done.last.or(self.after), earlier: self.earlier + done.count, ..self }
    }

    /// Returns the time from the beginning until the delivery at a position of the slice is due, in milliseconds.
    pub(crate) fn delay_ms(&self, position: usize) -> i64 {
        let Some(rate) = self.rate_per_second else { return 0 };
        let before = self.earlier.saturating_add(position as u64);
        i64::try_from(before.saturating_mul(1000) / u64::from(rate.max(1))).unwrap_or(i64::MAX / 2)
    }
}

/// The deliveries that a slice of a redrive took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Redriven {
    /// Their number.
    pub count: u64,
    /// The last of them.
    pub last: Option<Uuid>,
}

/// An attempt of a delivery, as it is written and read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptRecord {
    /// The time of its start, in milliseconds since 1970.
    pub at_ms: i64,
    /// The duration in milliseconds.
    pub duration_ms: i64,
    /// The verdict in a word, such as `delivered` or `throttled`.
    pub outcome: String,
    /// The HTTP status; none if there was no answer.
    pub status: Option<u16>,
    /// The error.
    pub error: Option<String>,
    /// The headers of the request without secrets, a JSON object.
    pub request_headers: String,
    /// The headers of the answer, a JSON object.
    pub response_headers: String,
    /// The beginning of the answer; at most [`AttemptRecord::MAX_RESPONSE_BYTES`] are stored.
    pub response_body: Bytes,
}

impl AttemptRecord {
    /// The bytes of an answer that are stored.
    pub const MAX_RESPONSE_BYTES: usize = 4096;
    /// The bytes of the headers that may be stored, of the request and of the answer each. Leave out those beyond it.
    pub const MAX_HEADERS_BYTES: usize = 8192;
}

/// An attempt with its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAttempt {
    /// The number, from 1.
    pub number: u32,
    /// True if it counts against the retry schedule.
    pub is_counted: bool,
    /// The attempt.
    pub attempt: AttemptRecord,
}

/// The body of a delivery: the same at every attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredBody {
    /// The content type.
    pub content_type: String,
    /// The bytes.
    pub body: Bytes,
}

/// The values that the body of a delivery is built of. JSON is text, as it was stored.
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
    /// The settings that the trigger gave for this run alone, a JSON object.
    pub settings: Option<String>,
    /// The event that caused the run.
    pub source_event: Uuid,
    /// True if the whole run is canceled, or, of a cancel, all recipients of the delivery are.
    pub is_canceled: bool,
    /// The key of the trigger: of the one that a cancel cancels, or of the trigger itself.
    pub trigger_key: Uuid,
    /// The recipients of the delivery: of a trigger those that are not canceled, of a cancel those that its event
    /// canceled. Fewer than the delivery has if they are long.
    pub recipients: Vec<DeliveryRecipient>,
    /// The number of the delivery's recipients, from the first one on, that [`Self::recipients`] is about. If it is less
    /// than the delivery has, a body of these alone is built, and the rest becomes a delivery of its own.
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

/// The oldest delivery of a target that is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenDeliveries {
    /// The target's database id.
    pub target_id: i64,
    /// The number of open deliveries.
    pub count: u64,
    /// The creation time of the oldest, in milliseconds since 1970.
    pub oldest_ms: i64,
}
