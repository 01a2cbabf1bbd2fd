//! Environments and their API keys.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Days, PageInfo, Patch, ReadOnly};

/// An environment to create.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreateEnvironment {
    /// Identifier in URLs, unique and unchangeable: a-z, 0-9, _ and -.
    #[schema(min_length = 1, max_length = 64)]
    pub slug: String,
    /// Human-readable name.
    #[schema(min_length = 1, max_length = 255)]
    pub name: String,
    /// Retention of logs, in days; 30 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 3650)]
    pub retention_days: Option<Days>,
    /// Retention of bodies, in days; the retention of logs if null or absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 3650)]
    pub body_retention_days: Option<Days>,
    /// `all`, or `failures`: only failed and rejected events keep their bodies; `all` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_bodies: Option<String>,
    /// Hide received values in logs; false if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hide_personal_data: Option<bool>,
}

/// A change of an environment. Absent members stay as they are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UpdateEnvironment {
    /// The environment's own slug, as a response shows it. It cannot be changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(ignore)]
    pub slug: Option<String>,
    /// Human-readable name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 255)]
    pub name: Option<String>,
    /// Retention of logs, in days.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 3650)]
    pub retention_days: Option<Days>,
    /// Retention of bodies, in days; null stands for the retention of logs.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 3650)]
    pub body_retention_days: Patch<Days>,
    /// `all`, or `failures`: only failed and rejected events keep their bodies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_bodies: Option<String>,
    /// Hide received values in logs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hide_personal_data: Option<bool>,
    /// Ignored.
    #[serde(default, skip_serializing)]
    #[schema(ignore)]
    pub created_at: ReadOnly,
}

/// An isolated set of users, mappings, logs and API keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Environment {
    /// Identifier in URLs, unique and unchangeable.
    pub slug: String,
    /// Human-readable name.
    pub name: String,
    /// Retention of logs, in days.
    pub retention_days: i64,
    /// Retention of bodies, in days: payloads, data, headers, and refused requests. Null stands for the retention of
    /// logs.
    #[schema(required)]
    pub body_retention_days: Option<i64>,
    /// `all`, or `failures`: only failed and rejected events keep their bodies, others lose them within two minutes.
    pub keep_bodies: String,
    /// True if logs hide received values. API keys of the environment see its users and runs in full.
    pub hide_personal_data: bool,
    /// Time of creation.
    #[schema(format = DateTime)]
    pub created_at: String,
}

/// All environments, in the order of their creation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EnvironmentList {
    /// The environments.
    pub entries: Vec<Environment>,
    /// Cursors, always null: the list is complete.
    pub page_info: PageInfo,
}

/// A new API key. This is the only response with the key itself: the server stores its hash.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct NewApiKey {
    /// Identifier, used to delete the key.
    pub id: String,
    /// The key: `sk_…`.
    pub key: String,
    /// Environment that the key gives access to.
    pub environment: String,
    /// Its last four characters.
    pub hint: String,
    /// Time of creation.
    #[schema(format = DateTime)]
    pub created_at: String,
}

/// An API key of an environment, without the key itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApiKey {
    /// Identifier, used to delete the key.
    pub id: String,
    /// Its last four characters.
    pub hint: String,
    /// Time of creation.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// Time of last use, null if never; up to a minute old if the server was killed since.
    #[schema(required, format = DateTime)]
    pub last_used_at: Option<String>,
}

/// The API keys of an environment, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApiKeyList {
    /// The keys.
    pub entries: Vec<ApiKey>,
    /// Cursors, always null: the list is complete.
    pub page_info: PageInfo,
}
