//! Workflow runs as they are read back.

use inlet_core::delivery::{DeliveryCounts, RunStatus};
use uuid::Uuid;

use super::{event::Kept, page::Cursor, uuid_time};

/// Selects workflow runs.
#[derive(Debug, Clone)]
pub struct RunQuery {
    /// The environment's database id.
    pub environment_id: i64,
    /// The start of the page.
    pub cursor: Cursor<Uuid>,
    /// Entries of a page.
    pub limit: usize,
    /// Runs of this workflow only.
    pub workflow: Option<String>,
    /// Runs caused by this event only.
    pub source_event: Option<Uuid>,
}

/// A workflow run. JSON is text, as it was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRecord {
    /// UUIDv7.
    pub id: Uuid,
    /// The workflow's key.
    pub workflow: String,
    /// The first [`RunRecord::FIRST_RECIPIENTS`].
    pub recipients: Vec<StoredRecipient>,
    /// The number of all recipients.
    pub recipients_count: i64,
    /// A JSON string or object reference.
    pub actor: Option<String>,
    /// A JSON string.
    pub tenant: Option<String>,
    /// A JSON object or null; left out of a list if it is long.
    pub data: Kept<String>,
    /// The key by which the run can be cancelled.
    pub cancellation_key: Option<String>,
    /// The settings of an API call, a JSON object.
    pub settings: Option<String>,
    /// The event that caused it.
    pub source_event: Uuid,
    /// True while the subscribers of objects among its recipients are being added.
    pub is_expanding: bool,
    /// Set if the whole run is canceled.
    pub canceled: Option<Canceled>,
    /// The number of recipients that were canceled one by one.
    pub canceled_recipients: i64,
    /// The mapping; none if an API call triggered, and for runs of earlier versions.
    pub mapping: Option<Uuid>,
    /// The numbers of its deliveries.
    pub deliveries: DeliveryCounts,
}

/// The cancellation of a run or of one of its recipients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Canceled {
    /// Milliseconds since 1970.
    pub at_ms: i64,
    /// The event that canceled it.
    pub event: Uuid,
}

impl RunRecord {
    /// Returns the status.
    pub fn status(&self) -> RunStatus {
        RunStatus::of(self.canceled.is_some(), &self.deliveries)
    }

    /// The number of recipients that are read with a run.
    pub const FIRST_RECIPIENTS: usize = 100;

    /// Returns the creation time, in milliseconds since 1970: the time in its id.
    pub fn inserted_at_ms(&self) -> i64 {
        uuid_time::time_of(self.id)
    }
}

/// The share that the expansion of a run's object recipients has in a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExpansionShare {
    /// Database id of the environment.
    pub environment_id: i64,
    /// The run.
    pub run_id: Uuid,
    /// The most subscribers to read.
    pub limit: u32,
}

/// A step of the expansion of a run's object recipients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExpandedRun {
    /// The number of recipients that the run got.
    pub recipients: u64,
    /// False if the expansion has ended and nothing of it is left.
    pub has_more: bool,
}

/// A recipient of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRecipient {
    /// The position among the recipients, from 0; a cursor.
    pub ordinal: i64,
    /// The object's collection; none for a user.
    pub collection: Option<String>,
    /// The user's or object's id.
    pub id: String,
    /// A JSON object, left out of a list of runs if it is long; none if the trigger gave no data for this recipient.
    pub trigger_data: Option<Kept<String>>,
    /// Set if the recipient, or the whole run, is canceled.
    pub canceled: Option<Canceled>,
    /// The numbers of deliveries that trigger for it.
    pub deliveries: DeliveryCounts,
}

impl StoredRecipient {
    /// Returns the status: that of a run with this recipient alone.
    pub fn status(&self) -> RunStatus {
        RunStatus::of(self.canceled.is_some(), &self.deliveries)
    }
}

/// A workflow among the newest runs of an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecentWorkflow {
    /// The workflow's key.
    pub workflow: String,
    /// The number of its runs.
    pub runs: u64,
    /// The newest of them.
    pub last_run: Uuid,
    /// Its time, in milliseconds since 1970.
    pub last_run_ms: i64,
}
