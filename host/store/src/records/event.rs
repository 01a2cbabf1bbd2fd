//! Event logs as they are read back.

use std::ops::{Deref, DerefMut};

use inlet_core::{
    delivery::DeliveryCounts,
    log::{EventFields, Original, Outcome, Status},
    operational::HourMap,
};
use uuid::Uuid;

use super::{
    log_search::{ActionFilter, RecipientFilter},
    page::{Cursor, Page},
};

/// A long value, which a list may leave out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept<T> {
    /// The value; none if it was left out for its size.
    pub content: Option<T>,
    /// The size in bytes.
    pub size: u64,
}

/// The kind of an [`Original`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OriginalKind {
    /// Valid JSON text.
    Json,
    /// Text that is not JSON.
    Text,
    /// Bytes that are not text.
    Bytes,
}

/// A value of an event log that may be long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventValue {
    /// The item as it was received, redacted.
    Original,
    /// The data.
    Data,
    /// The payload of the action log with this id.
    Payload(Uuid),
}

/// Selects event logs.
#[derive(Debug, Clone)]
pub struct EventQuery {
    /// Events of these source environments.
    pub source_environment_ids: Vec<i64>,
    /// The event with this id only.
    pub id: Option<Uuid>,
    /// Events of one of these types only, at most two; empty: of any type.
    pub event_types: Vec<String>,
    /// Events with one of these outcomes only; empty: with any outcome.
    pub outcomes: Vec<Outcome>,
    /// Events with this code only.
    pub code: Option<String>,
    /// Events about this user only.
    pub user_id: Option<String>,
    /// Events with this idempotency key only.
    pub idempotency_key: Option<String>,
    /// Events with an action that ended so only.
    pub action_status: Option<Status>,
    /// Events with a trigger that reached or skipped this recipient only.
    pub recipient: Option<RecipientFilter>,
    /// Events with an action that this selects only.
    pub action: Option<ActionFilter>,
    /// Events that need attention only.
    pub needs_attention: bool,
    /// Events from this time on, in milliseconds since 1970, by the time in the id.
    pub starting_at_ms: Option<i64>,
    /// Events before this time, in milliseconds since 1970, by the time in the id.
    pub ending_at_ms: Option<i64>,
    /// The start of the page.
    pub cursor: Cursor<Uuid>,
    /// Entries of a page.
    pub limit: usize,
    /// True if action logs are read too.
    pub include_actions: bool,
    /// True if originals, data and payloads over [`EventQuery::CUT_ABOVE`] bytes are left out.
    pub cut: bool,
}

impl EventQuery {
    /// The longest value that a list shows, in bytes.
    pub const CUT_ABOVE: u64 = 16 * 1024;

    /// Selects the newest events of these source environments, without long values.
    pub fn newest(source_environment_ids: Vec<i64>, limit: usize) -> Self {
        Self {
            source_environment_ids,
            id: None,
            event_types: Vec::new(),
            outcomes: Vec::new(),
            code: None,
            user_id: None,
            idempotency_key: None,
            action_status: None,
            recipient: None,
            action: None,
            needs_attention: false,
            starting_at_ms: None,
            ending_at_ms: None,
            cursor: Cursor::Start,
            limit,
            include_actions: false,
            cut: true,
        }
    }

    /// Selects one event, whole, with its actions.
    pub fn one(source_environment_ids: Vec<i64>, id: Uuid) -> Self {
        Self { id: Some(id), include_actions: true, cut: false, ..Self::newest(source_environment_ids, 1) }
    }
}

/// A page of event logs that looked at a bounded number of them.
#[derive(Debug, Clone)]
pub struct EventSearch {
    /// The event logs.
    pub page: Page<StoredEvent>,
    /// The place where the page ends although it is not full; none if it is full or there are no more.
    pub edge: Option<SearchEdge>,
}

/// The place where a search ended before its page was full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SearchEdge {
    /// The number of event logs that were looked at.
    pub entries: u64,
    /// The last of them in the order of the page, from which the next page goes on.
    pub last: Uuid,
}

/// A page of the event logs that a query selects and that contain a text.
#[derive(Debug, Clone)]
pub struct TextSearch {
    /// The event logs.
    pub page: Page<StoredEvent>,
    /// The number of event logs that were looked at, at most [`TextSearch::MAX_LOOKED_AT`].
    pub looked_at: usize,
    /// The last event log that was looked at.
    pub last_looked_at: Option<Uuid>,
    /// The cursor of the next page in the direction of this one; none if nothing is left to look at.
    pub next: Option<Uuid>,
}

impl TextSearch {
    /// The most event logs that one page looks at.
    pub const MAX_LOOKED_AT: usize = 20_000;
    /// The part of a received item that is looked at, in bytes.
    pub const MAX_ITEM_BYTES: usize = 256 << 10;
}

/// An event log as it is read back, with the facts that other tables hold about it. JSON is text, as it was stored. Its
/// fields are reached directly.
#[derive(Debug, Clone)]
pub struct StoredEvent {
    /// The fields that the log shares with the one that was written.
    pub fields: EventFields,
    /// The source environment that received it.
    pub source_environment_id: i64,
    /// A JSON object; none if the item is not an event.
    pub data: Option<Kept<String>>,
    /// The offset of the data in the original, in bytes; none if it is no slice of it.
    pub data_at: Option<usize>,
    /// The item as it was received, redacted.
    pub original: Kept<Original>,
    /// The kind of the original, also where that is left out; bytes if it was removed.
    pub original_kind: OriginalKind,
    /// The entry that this one replays.
    pub rerun_of: Option<Uuid>,
    /// The entries that replayed this one, the first [`StoredEvent::MAX_RERUNS`].
    pub rerun_as: Vec<Uuid>,
    /// True if it was rejected or failed and has been neither repaired nor dismissed.
    pub needs_attention: bool,
    /// Time of the next automatic retry, in milliseconds since 1970.
    pub retry_at_ms: Option<i64>,
    /// The number of times that the same signed bytes came again, counted at the first event of a request.
    pub resends: u64,
    /// True if the retention of bodies has passed: original, data, headers, guest logs and payloads are gone.
    pub body_removed: bool,
    /// In the order in which they ran; empty if they were not requested.
    pub actions: Vec<StoredAction>,
    /// The numbers of its runs' deliveries by status, of the first [`StoredEvent::MAX_COUNTED`]; none where they are not
    /// counted, as in the feed of new events.
    pub deliveries: Option<DeliveryCounts>,
}

impl Deref for StoredEvent {
    type Target = EventFields;

    fn deref(&self) -> &EventFields {
        &self.fields
    }
}

impl DerefMut for StoredEvent {
    fn deref_mut(&mut self) -> &mut EventFields {
        &mut self.fields
    }
}

impl StoredEvent {
    /// The largest number of replays that an entry names.
    pub const MAX_RERUNS: usize = 100;
    /// The largest number of deliveries that are counted for an entry.
    pub const MAX_COUNTED: usize = 1000;
}

/// The place of an action among all of its environment: its event, and its number there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActionPlace {
    /// The event.
    pub event: Uuid,
    /// The position among the event's actions, from 0.
    pub ordinal: i64,
}

/// A page of actions that looked at a bounded number of events.
#[derive(Debug, Clone)]
pub struct ActionSearch {
    /// The actions.
    pub page: Page<ListedAction>,
    /// The place where the page ends although it is not full; none if it is full or there are no more.
    pub edge: Option<SearchEdge>,
}

/// An action as a list shows it, with its event.
#[derive(Debug, Clone)]
pub struct ListedAction {
    /// The place in the list.
    pub place: ActionPlace,
    /// UUIDv7.
    pub id: Uuid,
    /// The source environment that received the event.
    pub source_environment_id: i64,
    /// The event's type.
    pub event_type: String,
    /// The user that the event is about.
    pub user_id: Option<String>,
    /// The mapping; none for the built-in identify and for the error of an event with too many recipients.
    pub mapping: Option<Uuid>,
    /// The name of its [`inlet_core::actions::ActionType`].
    pub action_type: String,
    /// The status.
    pub status: Status,
    /// The workflow that it triggers or cancels.
    pub workflow: Option<String>,
    /// The runs that it made.
    pub runs: Vec<Uuid>,
    /// The number of recipients that it reached.
    pub recipients: usize,
    /// The number of recipients that it left out.
    pub skipped_recipients: usize,
    /// Human-readable reason of a skip or a failure.
    pub reason: Option<String>,
    /// Warnings for the operator about an action that was not in error.
    pub warnings: Vec<String>,
}

/// An action log.
#[derive(Debug, Clone)]
pub struct StoredAction {
    /// UUIDv7.
    pub id: Uuid,
    /// The mapping; none for the built-in identify and for the error of an event with too many recipients.
    pub mapping: Option<Uuid>,
    /// The name of its [`inlet_core::actions::ActionType`].
    pub action_type: String,
    /// The status.
    pub status: Status,
    /// A JSON object.
    pub parameters: String,
    /// A JSON object.
    pub payload: Kept<String>,
    /// A JSON object; none if the action was not carried out.
    pub result: Option<String>,
    /// Human-readable reason of a skip or a failure.
    pub reason: Option<String>,
    /// A JSON object.
    pub found_in: String,
    /// Warnings for the operator about an action that was not in error.
    pub warnings: Vec<String>,
}

/// The hours of the last four weeks in which events of a type came to a source environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventTypeHours {
    /// The source environment's database id.
    pub source_environment_id: i64,
    /// The type.
    pub event_type: String,
    /// The hours in which it came.
    pub came: HourMap,
}

/// The newest events of a source environment by type and time.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventTypeActivity {
    /// The type, a time in milliseconds since 1970 to about a minute, and the number of events then.
    pub counts: Vec<(String, i64, u64)>,
    /// The number of events that were counted.
    pub counted: u64,
    /// The time of the oldest that was counted, in milliseconds since 1970; none without an event.
    pub oldest_ms: Option<i64>,
}

/// The number of received events of one type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventTypeCount {
    /// The type; `other` for types beyond the first 10,000 and for types too long to count.
    pub event_type: String,
    /// The number of events.
    pub count: i64,
    /// Time of the last receipt, in milliseconds since 1970.
    pub last_received_at_ms: i64,
}

/// The recipients of a source environment that triggers left out because they are not identified.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SkippedRecipients {
    /// The number in all kept event logs.
    pub count: i64,
    /// The last ones, the newest first, with the event that named each: a user's id, or `collection/id` of an object.
    pub last: Vec<(Uuid, String)>,
}

impl SkippedRecipients {
    /// The largest number of recipients that are named.
    pub const MAX_LAST: usize = 10;
}

/// The totals of a source environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceStatus {
    /// Items received since its creation, pruned ones included.
    pub events_count: i64,
    /// Time of the last receipt, in milliseconds since 1970.
    pub last_event_received_ms: Option<i64>,
}
