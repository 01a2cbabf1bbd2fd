//! Dismissing log entries that need attention.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The log entries to dismiss: named ones, or all with a cause.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = NewDismissal)]
pub struct DismissAttention {
    /// These log entries, at most 1000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ids: Option<Vec<String>>,
    /// All entries with this outcome: `failed` or `rejected`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// All entries with this code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The same as `code`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
}

/// The result of a dismissal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Dismissed {
    /// The number of entries that needed attention before.
    pub dismissed: u64,
}
