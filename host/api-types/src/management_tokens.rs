//! Tokens for the management API.

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::{Days, PageInfo, required};

/// A token to create.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreateManagementToken {
    /// For people, and what the log of changes says.
    #[schema(min_length = 1, max_length = 255)]
    pub name: String,
    /// What it may do: `read`; `operate` (sources, settings, mappings, replays) and `plugins`, which include it; `admin`,
    /// which includes all.
    #[serde(deserialize_with = "read_scopes")]
    #[schema(min_items = 1)]
    pub scopes: Vec<String>,
    /// Where it is good; null or absent: everywhere, in environments to come too.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_items = 1)]
    pub environments: Option<Vec<String>>,
    /// From when on it is refused; null or absent: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub expires_at: Option<String>,
    /// Instead of `expires_at`: how long it is good, in days.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 3650)]
    pub expires_in_days: Option<Days>,
}

fn read_scopes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    required(deserializer, "an array of scopes")
}

/// A token for this API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ManagementToken {
    /// By which it is deleted.
    pub id: String,
    /// For people.
    pub name: String,
    /// What it may do: `read`, `operate`, `plugins`, `admin`.
    pub scopes: Vec<String>,
    /// Where it is good; null: everywhere.
    #[schema(required)]
    pub environments: Option<Vec<String>>,
    /// Its last four characters.
    pub hint: String,
    /// From when on it is refused; null: never.
    #[schema(required, format = DateTime)]
    pub expires_at: Option<String>,
    /// When it was last used, to the minute if the server was killed since; null: never.
    #[schema(required, format = DateTime)]
    pub last_used_at: Option<String>,
    /// When it was created.
    #[schema(format = DateTime)]
    pub created_at: String,
}

/// A new token. It is shown this once: only its hash is kept.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = NewToken)]
pub struct NewManagementToken {
    /// The token: `im_…`.
    pub token: String,
    /// What is known of it from now on.
    pub management_token: ManagementToken,
}

/// The tokens, the last created first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ManagementTokenList {
    /// The tokens, the expired ones too.
    pub entries: Vec<ManagementToken>,
    /// Nothing lies around: the list is whole.
    pub page_info: PageInfo,
}
