//! Operational events: what the server tells its operator about itself.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{PageInfo, RawJson};

/// A page of operational events, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OperationalEventList {
    /// The events.
    pub entries: Vec<OperationalEvent>,
    /// Cursors of the neighbouring pages.
    pub page_info: PageInfo,
}

/// Something that the server noticed about itself, and the state of its sending to the webhook.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OperationalEvent {
    /// The id, which is the `webhook-id` too; ids of later events are greater.
    #[schema(format = Uuid)]
    pub id: String,
    /// The type, for example `target.disabled`.
    #[serde(rename = "type")]
    pub event_type: String,
    /// The time at which it was raised.
    #[schema(format = DateTime)]
    pub timestamp: String,
    /// The environment; null if it is about the whole server.
    #[schema(required)]
    pub environment: Option<String>,
    /// The subject, for example `target/crm`. Of a type and a subject, one event is raised in an hour at most.
    pub subject: String,
    /// The facts, with `reason` and `what_to_do`, as they are sent.
    #[schema(value_type = Object)]
    pub data: RawJson,
    /// How often the same was noticed again since, too soon for another event.
    pub repeats: i64,
    /// The status of the sending.
    pub status: OperationalEventStatus,
    /// The attempts to send it.
    pub attempts: u32,
    /// The time of the next attempt; null if there is none.
    #[schema(required, format = DateTime)]
    pub next_attempt_at: Option<String>,
    /// The reason why the last attempt failed; else null.
    #[schema(required)]
    pub last_error: Option<String>,
}

/// The status of the sending of an operational event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
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
