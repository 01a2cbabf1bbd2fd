//! Operational events: what the server tells its operator about itself.

use std::time::Duration;

use uuid::Uuid;

use super::page::Cursor;
use inlet_core::operational::OperationalEventType;

/// The status of the sending of an operational event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperationalEventStatus {
    /// More attempts follow.
    Pending,
    /// The webhook took it.
    Delivered,
    /// It was given up.
    Dead,
    /// There was no webhook when it was raised.
    Unsent,
}

impl OperationalEventStatus {
    /// Every status.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Delivered, Self::Dead, Self::Unsent];

    /// Returns the name in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Dead => "dead",
            Self::Unsent => "unsent",
        }
    }
}

/// A stored operational event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationalEventRecord {
    /// UUIDv7.
    pub id: Uuid,
    /// The type, as it was written: an older server may have had others.
    pub event_type: String,
    /// The environment's database id; none if it is about the whole server.
    pub environment_id: Option<i64>,
    /// The subject, such as `target/crm`.
    pub subject: String,
    /// The time, in milliseconds since 1970.
    pub raised_at_ms: i64,
    /// A JSON object.
    pub data: String,
    /// How often the same was noticed again while it was too soon for another event.
    pub repeats: i64,
    /// The status of its sending.
    pub status: OperationalEventStatus,
    /// The attempts to send it.
    pub attempts: u32,
    /// The time of the next attempt, in milliseconds since 1970.
    pub due_at_ms: Option<i64>,
    /// The reason why the last attempt failed.
    pub last_error: Option<String>,
}

/// Selects operational events.
#[derive(Debug, Clone)]
pub struct OperationalEventQuery {
    /// Events of these environments only; none: every event, those of the whole server included.
    pub environment_ids: Option<Vec<i64>>,
    /// Events of this type only.
    pub event_type: Option<OperationalEventType>,
    /// The start of the page.
    pub cursor: Cursor<Uuid>,
    /// Entries of a page.
    pub limit: usize,
}

/// The result of raising an operational event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Raised {
    /// It is stored, and will be sent.
    New(Uuid),
    /// One of its type and subject was raised lately.
    TooSoon {
        /// The time until the next one may be raised.
        wait: Duration,
    },
}

/// An operational event that is due to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueOperationalEvent {
    /// The event.
    pub record: OperationalEventRecord,
    /// The time since it was raised, by the database's clock.
    pub age: Duration,
}

/// The end of an attempt to send an operational event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OperationalAttempt {
    /// The webhook took it.
    Delivered,
    /// It failed, and is tried again.
    Retry {
        /// The time until then.
        after: Duration,
        /// The human-readable reason.
        reason: String,
    },
    /// It failed, and is given up.
    Dead {
        /// The human-readable reason.
        reason: String,
    },
}
