//! Deliveries: the calls by which runs reach their targets.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    PageInfo, RawJson,
    pace::{DEFAULT_RATE, read_max_age, read_rate},
};

/// A delivery of a run, or of some of its recipients, to a target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Delivery {
    /// The id; ids of later deliveries are greater.
    #[schema(format = Uuid)]
    pub id: String,
    /// The key of the target.
    pub target: String,
    /// The run.
    #[schema(format = Uuid)]
    pub workflow_run_id: String,
    /// The key of the workflow.
    pub workflow: String,
    /// The event that caused the run; of a cancel, the event that canceled it.
    #[schema(format = Uuid)]
    pub source_event_id: String,
    /// The mapping; null if an API call triggered.
    #[schema(required, format = Uuid)]
    pub mapping_id: Option<String>,
    /// The call that is made.
    pub call: DeliveryCall,
    /// The position of the first recipient among those of the run, from 0.
    pub first_recipient: u32,
    /// The number of recipients.
    pub recipients_count: u32,
    /// The part of a body that was split, from 1.
    pub part: u32,
    /// The key by which the target recognizes a call that it gets twice. It never changes.
    #[schema(format = Uuid)]
    pub key: String,
    /// The status.
    pub status: DeliveryStatus,
    /// True while it is being sent.
    pub under_way: bool,
    /// The attempts that count against the retry schedule, since it was last sent again by an operator. Those before which
    /// nothing was sent, and answers that ask to wait, do not count.
    pub attempts: u32,
    /// All attempts, the one that is under way included.
    pub tries: u32,
    /// The time of the next attempt; null if there is none, and while it waits behind another one or is under way.
    #[schema(required, format = DateTime)]
    pub next_attempt_at: Option<String>,
    /// The answer to the last attempt; null if there was none.
    #[schema(required)]
    pub last_response: Option<DeliveryResponse>,
    /// The reason why the last attempt failed, human-readable.
    #[schema(required)]
    pub last_error: Option<String>,
    /// The id that the target gave to what it began.
    #[schema(required)]
    pub downstream_id: Option<String>,
    /// The creation time.
    #[schema(format = DateTime)]
    pub inserted_at: String,
    /// The time of its end; null while it is open.
    #[schema(required, format = DateTime)]
    pub finished_at: Option<String>,
    /// The attempts, the first one first: of a single delivery the last hundred, of those of a single run or log entry the last
    /// ten of each. Lists leave them out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt_log: Option<Vec<DeliveryAttempt>>,
}

/// The call that a delivery makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryCall {
    /// The workflow is triggered for recipients of the run.
    Trigger,
    /// The cancellation of what was triggered.
    Cancel,
}

/// The status of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryStatus {
    /// No attempt has ended.
    Pending,
    /// An attempt failed, and another one follows.
    Retrying,
    /// The target took it.
    Delivered,
    /// It was given up. It can be sent again.
    Dead,
    /// Its run was canceled, or it was discarded, before the target took it.
    Canceled,
}

/// The answer to an attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeliveryResponse {
    /// The HTTP status.
    pub status: u16,
    /// The first 4 KiB, as text; `…` if the environment hides personal data.
    pub body: String,
    /// The duration of the attempt, in milliseconds.
    pub duration_ms: i64,
}

/// An attempt of a delivery.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DeliveryAttempt {
    /// The number, from 1.
    pub number: u32,
    /// The time of its start.
    #[schema(format = DateTime)]
    pub attempted_at: String,
    /// The duration, in milliseconds.
    pub duration_ms: i64,
    /// The verdict in a word: `delivered`, `failed`, `throttled`, `not_sent`, `rejected`, `wrong_credentials` or `gone`.
    pub outcome: String,
    /// True if it counts against the retry schedule. Errors before anything was sent, and answers that ask to wait, do not.
    pub counted: bool,
    /// The HTTP status; null if there was no answer.
    #[schema(required)]
    pub status: Option<u16>,
    /// The reason why it failed, human-readable.
    #[schema(required)]
    pub error: Option<String>,
    /// The headers of the request, without secrets.
    #[schema(value_type = Object)]
    pub request_headers: RawJson,
    /// The headers of the answer, without cookies.
    #[schema(value_type = Object)]
    pub response_headers: RawJson,
    /// The first 4 KiB of the answer, as text; `…` if the environment hides personal data.
    pub response_body: String,
}

/// A page of deliveries, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Deliveries)]
pub struct DeliveryList {
    /// The deliveries.
    pub entries: Vec<Delivery>,
    /// The cursors of the page.
    pub page_info: PageInfo,
    /// Number of deliveries that were looked at for a filter by workflow or mapping, at most 20,000; absent without one. The
    /// cursors go on from there, also from a page without entries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub looked_at: Option<u64>,
}

/// The numbers of deliveries by status.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeliveryCounts {
    /// No attempt has ended.
    pub pending: u64,
    /// An attempt failed, and another one follows.
    pub retrying: u64,
    /// The target took them.
    pub delivered: u64,
    /// They were given up.
    pub dead: u64,
    /// Their run was canceled, or they were discarded.
    pub canceled: u64,
}

/// The deliveries to send again: those that match all that is given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = NewRedrive)]
pub struct RedriveDeliveries {
    /// Deliveries to this target, by its key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// `dead`, or `retrying` for those that wait for a retry, which then follows at once; `dead` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Deliveries of this workflow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow: Option<String>,
    /// Deliveries of runs that this mapping created.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Uuid)]
    pub mapping_id: Option<String>,
    /// Deliveries created at this time or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub starting_at: Option<String>,
    /// Deliveries created before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub ending_at: Option<String>,
    /// Deliveries that are not older than this, in seconds; an age in place of `starting_at`.
    #[serde(default, deserialize_with = "read_max_age", skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 315_360_000)]
    pub max_age_seconds: Option<u32>,
    /// The deliveries that are due in each second; 50 if absent. A target's own rate and concurrency hold too.
    #[serde(default, deserialize_with = "read_rate", skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 1000)]
    pub rate_per_second: Option<u32>,
    /// True to count them only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dry_run: Option<bool>,
}

impl RedriveDeliveries {
    /// Returns the deliveries that are due in each second.
    pub fn rate_per_second(&self) -> u32 {
        self.rate_per_second.unwrap_or(DEFAULT_RATE)
    }
}

/// The result of sending deliveries again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RedrivenDeliveries {
    /// The number of deliveries that matched.
    pub matched: u64,
    /// The number of those that are sent again; 0 on a dry run.
    pub redriven: u64,
    /// The time over which all that matched are spread, in seconds.
    pub spread_seconds: u64,
}

/// The deliveries to discard: those that wait, and match all that is given. At least one filter is required.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = NewDiscard)]
pub struct DiscardDeliveries {
    /// Deliveries to this target, by its key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Deliveries of this workflow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow: Option<String>,
    /// Deliveries of runs that this mapping created.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Uuid)]
    pub mapping_id: Option<String>,
    /// Deliveries created at this time or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub starting_at: Option<String>,
    /// Deliveries created before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub ending_at: Option<String>,
    /// True to count them only, false to discard them. Required: count them first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dry_run: Option<bool>,
}

/// The result of discarding deliveries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DiscardedDeliveries {
    /// The number of waiting deliveries that matched.
    pub matched: u64,
    /// The number of those that are discarded; 0 on a dry run.
    pub discarded: u64,
}
