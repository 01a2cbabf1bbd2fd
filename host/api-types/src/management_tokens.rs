//! Tokens for the management API.

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::{Days, PageInfo, required};

/// A token to create.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreateManagementToken {
    /// Human-readable name, also shown in the log of changes.
    #[schema(min_length = 1, max_length = 255)]
    pub name: String,
    /// Permissions: `read`; `operate` (sources, settings, mappings, replays) and `plugins`, which include `read`;
    /// `admin`, which includes all.
    #[serde(deserialize_with = "read_scopes")]
    #[schema(min_items = 1)]
    pub scopes: Vec<String>,
    /// Environments that the token is limited to; null or absent: all, including future ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_items = 1)]
    pub environments: Option<Vec<String>>,
    /// Time of expiry; null or absent: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub expires_at: Option<String>,
    /// Lifetime in days, instead of `expires_at`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 3650)]
    pub expires_in_days: Option<Days>,
}

fn read_scopes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    required(deserializer, "an array of scopes")
}

/// A token for the management API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ManagementToken {
    /// Identifier, used to delete the token.
    pub id: String,
    /// Human-readable name.
    pub name: String,
    /// Permissions: `read`, `operate`, `plugins`, `admin`.
    pub scopes: Vec<String>,
    /// Environments that the token is limited to; null: all.
    #[schema(required)]
    pub environments: Option<Vec<String>>,
    /// Its last four characters.
    pub hint: String,
    /// Time of expiry; null: never.
    #[schema(required, format = DateTime)]
    pub expires_at: Option<String>,
    /// Time of last use, null if never; up to a minute old if the server was killed since.
    #[schema(required, format = DateTime)]
    pub last_used_at: Option<String>,
    /// Time of creation.
    #[schema(format = DateTime)]
    pub created_at: String,
}

/// A new token. This is the only response with the token itself: the server stores its hash.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = NewToken)]
pub struct NewManagementToken {
    /// The token: `im_…`.
    pub token: String,
    /// The token as lists show it.
    pub management_token: ManagementToken,
}

/// The management tokens, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ManagementTokenList {
    /// The tokens, expired ones included.
    pub entries: Vec<ManagementToken>,
    /// Cursors, always null: the list is complete.
    pub page_info: PageInfo,
}
