//! Subscriptions, memberships and cancellations that a rehearsed request would write.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::RawJson;

/// A subscription that would be written or end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RehearsedSubscription {
    /// The object: its collection and id.
    #[schema(value_type = Object)]
    pub object: RawJson,
    /// The subscriber: a user id, or an object reference.
    #[schema(value_type = Value)]
    pub recipient: RawJson,
    /// The properties; null if there are none, if the subscription would end, or if the response is full.
    #[schema(required, value_type = Option<Object>)]
    pub properties: Option<RawJson>,
    /// True if the subscription would end; absent otherwise.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub is_ended: bool,
}

/// A membership that would be written or end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RehearsedMember {
    /// The audience's key.
    pub audience: String,
    /// The user's id.
    pub user_id: String,
    /// The tenant for which the user is a member.
    #[schema(required)]
    pub tenant: Option<String>,
    /// True if the membership would end; absent otherwise.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub is_ended: bool,
}

/// A workflow run that would be canceled, wholly or in part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RehearsedCancellation {
    /// The run's id.
    #[schema(format = Uuid)]
    pub workflow_run_id: String,
    /// The number of recipients that would be canceled; null if the whole run would be.
    #[schema(required)]
    pub canceled_recipients: Option<usize>,
}
